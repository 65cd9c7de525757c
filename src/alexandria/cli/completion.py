"""Values that the shell completes, beside the commands and options that Typer knows."""

from collections.abc import Callable, Iterable


def choices(values: Iterable[str]) -> Callable[[str], list[str]]:
    """Complete to one of these."""
    names = list(values)

    def matching(incomplete: str) -> list[str]:
        return [name for name in names if name.startswith(incomplete)]

    return matching
