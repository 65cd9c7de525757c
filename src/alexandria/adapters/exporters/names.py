"""Names of people, "First Last", taken apart for formats that want the family name first."""

import re

from alexandria.adapters.extractors.names import first_last

_PARTICLES = frozenset(
    """
    van von der den de di da del della dos das do la le du ten ter zu zum zur el al bin ibn y
    """.split()  # noqa: SIM905 - a table of words
)
_SUFFIX = re.compile(r"^(?:jr|sr|ii|iii|iv)\.?$", re.IGNORECASE)
_INSTITUTION = re.compile(
    r"\b(?:universit|institut|department|laborator|school|college|cent(?:er|re)\b|inc\b|ltd\b|gmbh"
    r"|organi[sz]ation|association|society|committee|consortium|collaboration|council|ministry"
    r"|agency|group\b|team\b|foundation|office\b|bank\b|commission|project\b|network\b)",
    re.IGNORECASE,
)


def family_and_given(name: str) -> tuple[str, str] | None:
    """Give both parts, the family name with its particles; None for what is no person's name.

    `given` and `family` joined by a space are the name again.
    """
    words = name.split(" ")
    if len(words) < 2 or "," in name or _INSTITUTION.search(name):
        return None
    first = len(words) - 1
    while first > 1 and _SUFFIX.match(words[first]):
        first -= 1
    while first > 1 and words[first - 1] in _PARTICLES:
        first -= 1
    family, given = " ".join(words[first:]), " ".join(words[:first])
    # "Research, SR" would be read as a suffix: then the name stays as it is.
    return (family, given) if first_last(f"{family}, {given}") == name else None
