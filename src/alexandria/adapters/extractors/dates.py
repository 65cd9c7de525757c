"""The year in whatever a source gives as a date."""

import re

_YEAR = re.compile(r"(?<!\d)(1[5-9]\d{2}|20\d{2})(?!\d)")
_COMPACT = re.compile(r"^\s*(1[5-9]\d{2}|20\d{2})(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])")


def year_of(value: str | int | None) -> int | None:
    """Give the first year from 1500 to 2099 in a date, whatever its form."""
    text = str(value) if value is not None else ""
    match = _COMPACT.match(text) or _YEAR.search(text)
    return int(match.group(1)) if match else None
