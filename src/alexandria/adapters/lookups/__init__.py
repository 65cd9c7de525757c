"""Public services that know what an identifier names: one file a service, with the form it answers in."""
