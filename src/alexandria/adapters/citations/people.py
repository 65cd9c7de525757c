"""The people in a printed list of authors."""

import re

_ET_AL = re.compile(
    r"[,;]?\s*(?:\b(?:et\.?\s*al|and\s+others|u\.\s?a|et\s+coll)\b\.?|\.\.\.|…)\s*$", re.IGNORECASE
)
_ROLE = re.compile(r"[,\s]*\(?\b(?:eds?|editors?|hrsg|hg|dir|coord)\b\.?\)?\s*\.?$", re.IGNORECASE)
_AND = re.compile(r"\s*(?:,\s*)?(?:\band\b|\bund\b|\bet\b|\by\b|\ben\b|&)\s+", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_INITIALS = re.compile(r"(?:[^\W\d_][.\s-]{0,3}){1,4}(?:\s(?:de|da|do|dos|van|von|der))*")
_GIVEN = re.compile(r"(?:[A-Z]\.?\s?-?){1,4}$")
_EDGES = " ,;:&\t\n"


def split_people(text: str) -> list[str]:
    """Give the names one by one, each as printed; "et al." is no name.

    Where a comma may part two people or a family name and its initials, initials decide.
    """
    text = _ET_AL.sub("", _ROLE.sub("", text.strip(_EDGES))).strip(_EDGES)
    if ";" in text:
        groups = text.split(";")
        return [name for group in groups for name in _pair(_AND.split(group))]
    return [name for group in _AND.split(text) for name in _pair(group.split(","))]


def _pair(parts: list[str]) -> list[str]:
    """Join each family name with the initials or suffix that follow it."""
    if len(parts) == 1 and "," in parts[0]:
        parts = parts[0].split(",")
        if len(parts) == 2:  # "Last, First", as between semicolons
            parts = [",".join(parts)]
    names: list[str] = []
    open_name = False
    cleaned = [part.strip(_EDGES) for part in parts]
    for part in cleaned:
        if not part or not any(c.isalpha() for c in part):
            continue
        if names and (_SUFFIX.fullmatch(part) or (open_name and _is_given(part))):
            names[-1] += f", {part}"
            open_name = False
        else:
            names.append(part)
            open_name = not _has_initials(part)
    if len(names) == 2 and open_name and " " not in names[0] and len(cleaned) == 2:
        return [", ".join(names)]  # "Last, First" alone
    return names


def _is_given(part: str) -> bool:
    return _INITIALS.fullmatch(part) is not None


def _has_initials(part: str) -> bool:
    """Tell whether the name has its given name already: `A. Smith`, `Smith A`, `Ann Smith`."""
    words = part.split()
    return len(words) > 1 and (
        bool(_GIVEN.match(words[-1])) or bool(_GIVEN.match(words[0])) or words[0][0].isupper()
    )
