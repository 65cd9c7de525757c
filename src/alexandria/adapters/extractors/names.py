"""Names of people as bibliographies and pages write them, turned into "First Last"."""

import re

from alexandria.adapters.extractors.text import clean_line

_SUFFIX = re.compile(r"^(?:jr|sr|ii|iii|iv|ph\.?d|m\.?d|esq)\.?$", re.IGNORECASE)
_OTHERS = re.compile(r"^(?:and\s+)?(?:others|et\s+al)\.?$", re.IGNORECASE)
_INITIALS = re.compile(r"(?<=\b[A-Z]\.)(?=[A-Z][\w'-]*)")


def is_others(name: str) -> bool:
    """`and others`, `et al.`: says that there are more people, names none."""
    return _OTHERS.match(name.strip()) is not None


def first_last(name: str) -> str | None:
    """Turn "Last, First" and "Last, Jr., First" round; leave other forms as they are."""
    parts = [part for p in name.split(",") if (part := clean_line(p))]
    if not parts:
        return None
    if len(parts) == 2 and _SUFFIX.match(parts[1]):
        return " ".join(parts)
    if len(parts) >= 3 and _SUFFIX.match(parts[1]):
        return " ".join([*parts[2:], parts[0], parts[1]])
    if len(parts) >= 3 and _SUFFIX.match(parts[-1]):
        return " ".join([*parts[1:-1], parts[0], parts[-1]])
    return " ".join([*parts[1:], parts[0]])


def space_initials(name: str) -> str:
    """Turn "J.R.Smith" into "J. R. Smith"."""
    return _INITIALS.sub(" ", name)
