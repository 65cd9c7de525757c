"""References as they are printed, made up from metadata: styles, short forms, and faults."""

from collections.abc import Mapping, Sequence
from random import Random
from string import ascii_lowercase
from typing import Any

ET_AL, SHORT_VENUE, LOWER_TITLE = 0.3, 0.5, 0.3
NO_SUBTITLE, TYPO, NO_YEAR, OTHER_YEAR = 0.3, 0.15, 0.05, 0.03
"""How often each is done, where it can be."""
METHOD = (
    "references made up from metadata in four styles: initials, et al. "
    f"({ET_AL:.0%} of three authors and more), short venues ({SHORT_VENUE:.0%}), titles in lower "
    f"case ({LOWER_TITLE:.0%}), a misprint in the title ({TYPO:.0%}), no subtitle "
    f"({NO_SUBTITLE:.0%} of those that have one), no year ({NO_YEAR:.0%}), a year wrong by one "
    f"({OTHER_YEAR:.0%})"
)
_SMALL = frozenset({"of", "the", "and", "on", "in", "for", "to", "a", "an", "at"})


def printed(paper: Mapping[str, Any], chance: Random) -> str:
    """Print a paper with `title`, `authors` ("First Last"), `year`, `venue` as a reference."""
    title = _title(str(paper["title"]), chance)
    year = _year(paper.get("year"), chance)
    venue = _venue(str(paper.get("venue") or ""), chance)
    names = [name.split() for name in paper.get("authors") or () if name.split()]
    first = chance.randint(1, 500)
    pages = f"{first}-{first + chance.randint(3, 14)}"
    style = chance.randrange(4)
    if style == 0:
        people = _people([f"{_initials(n)} {n[-1]}".strip() for n in names], " and ", chance)
        return _joined(people, year, title, f"In {venue}, pages {pages}")
    if style == 1:
        people = _people([f"{n[-1]}, {_initials(n)}".strip(", ") for n in names], ", & ", chance)
        dated = f"{people} ({year})" if year else people
        return _joined(dated, title, f"{venue}, {chance.randint(1, 40)}, {pages}")
    if style == 2:
        people = _people([f"{_initials(n)} {n[-1]}".strip() for n in names], ", and ", chance)
        dated = f", {year}" if year else ""
        return f"{people}, \u201c{title},\u201d in {venue}{dated}, pp. {pages}."
    people = _people([" ".join(n) for n in names], " and ", chance)
    return _joined(people, title, venue, year)


def _joined(*parts: str) -> str:
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)


def _people(names: Sequence[str], last: str, chance: Random) -> str:
    if len(names) > 2 and chance.random() < ET_AL:
        return f"{names[0]} et al"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])}{last}{names[-1]}"


def _initials(name: Sequence[str]) -> str:
    return " ".join(f"{part[0]}." for part in name[:-1])


def _venue(venue: str, chance: Random) -> str:
    if chance.random() >= SHORT_VENUE:
        return venue
    letters = "".join(word[0] for word in venue.split() if word.lower() not in _SMALL)
    return f"Proc. of {letters.upper()}" if len(letters) > 1 else venue


def _year(year: object, chance: Random) -> str:
    drawn = chance.random()
    if not isinstance(year, int) or drawn < NO_YEAR:
        return ""
    if drawn < NO_YEAR + OTHER_YEAR:
        return str(year + chance.choice((-1, 1)))
    return str(year)


def _title(title: str, chance: Random) -> str:
    head = title.split(": ", maxsplit=1)[0]
    if head != title and len(head.split()) >= 3 and chance.random() < NO_SUBTITLE:
        title = head
    if chance.random() < LOWER_TITLE:
        title = title[:1] + title[1:].lower()
    if len(title) > 8 and chance.random() < TYPO:
        at = chance.randrange(1, len(title) - 1)
        title = chance.choice(
            (
                title[:at] + title[at + 1 :],
                title[:at] + chance.choice(ascii_lowercase) + title[at + 1 :],
                title[:at] + title[at + 1] + title[at] + title[at + 2 :],
            )
        )
    return title
