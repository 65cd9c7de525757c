"""Who wrote what: printed names read, and those of one person brought together."""
