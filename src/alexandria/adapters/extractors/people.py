"""Names of people told from other words by their form: in bylines and under titles."""
# ruff: noqa: RUF001 - look-alike characters are what this file is about

import re

from alexandria.adapters.extractors.names import is_others
from alexandria.adapters.extractors.text import clean_line, clean_text

_SEPARATOR = re.compile(r"\s*(?:[,;·•|&]|\band\b|\bund\b|\bwith\b)\s*")
_MARKS = re.compile(r"[\d*∗⋆†‡§¶#$+^°∥~\u00b9\u00b2\u00b3\u2070-\u2079(){}\[\]]+")
_TOGETHER = re.compile(r"\b([A-Z][a-z]{0,2}\.)(?=[A-Z])")
_TITLES = re.compile(r"^(?:by|von|prof|dr|mr|mrs|ms|sir|dipl|ing|msc|phd)\b\.?:?\s+", re.IGNORECASE)
_DEGREE = re.compile(
    r"^(?:ph\.?\s?d|m\.?d|m\.?sc|b\.?sc|jr|sr|i{2,3}|esq|(?:senior |student |life )?"
    r"(?:member|fellow)|ieee|acm)\.?$",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"^(?:[^\W\d_a-zß-öø-ÿ][\w'’`.-]*|[dDlL]['’][^\W\d_][\w'’.-]*)$")
_PARTICLES = frozenset(
    """
    van von der den de di da del della dos das do la le du ten ter zu zum zur el al bin ibn y e
    """.split()  # noqa: SIM905 - a table of words
)
_NOT_A_NAME = re.compile(
    r"universit|institut|department|departament|\bdept\b|laborator|\blabs?\b|\bschool\b|college|facult|fakult"
    r"|\bcent(?:er|re|ro)\b|\binc\b|\bcorp|\bltd\b|gmbh|\bcompany\b|research|academ|hospital|clinic"
    r"|\bdivision\b|\bgroup\b|\bteam\b|street|avenue|\broad\b|\bbox\b|foundation|technolog|science"
    r"|engineering|physics|\bnational\b|\binternational\b|\bunited\b|\bstates\b|kingdom|republic"
    r"|\bnew york\b|\bsan \w+|\blos angeles\b|\bhong kong\b|\busa\b|\bu\.s\.a|corresponding|author for"
    r"|conference|workshop|proceedings|journal|volume|version|draft|report|thesis|copyright|rights"
    r"|\bjanuary\b|\bfebruary\b|\bmarch\b|\bapril\b|\bjune\b|\bjuly\b|\baugust\b|september|october"
    r"|november|december|\bstaff\b|\bsenior\b|editor|writer|reporter|\bnews\b|correspondent|director|manager|professor|\babout\b|\bprivacy\b|redacci|\bmonday\b|\btuesday\b|wednesday|thursday|\bfriday\b",
    re.IGNORECASE,
)


def people_in(text: str) -> list[str]:
    """Give the names if the line is a list of names, else nothing."""
    parts = _parts(text)
    if "@" in text or ":" in text or "http" in text or _NOT_A_NAME.search(" ".join(parts)):
        return []
    names = [name for part in parts if (name := _name(part))]
    return names if len(names) == len(parts) else []


def leading_people(text: str) -> list[str]:
    """Give the names with which a byline begins; what they are and where may follow."""
    names = []
    for part in _parts(text):
        name = None if _NOT_A_NAME.search(part) else _name(part)
        if name is None:
            break
        names.append(name)
    return names


def _parts(text: str) -> list[str]:
    cleaned = _MARKS.sub(" ", clean_text(text))
    parts = [part for p in _SEPARATOR.split(cleaned) if (part := clean_line(p.strip(" .*-")))]
    return [part for part in parts if not _DEGREE.match(part) and not is_others(part)]


def _name(part: str) -> str | None:
    part = _TOGETHER.sub(r"\1 ", part)
    while match := _TITLES.match(part):
        part = part[match.end() :]
    tokens = part.split()
    if not 2 <= len(tokens) <= 6 or tokens[-1].lower() in _PARTICLES:
        return None
    if not all(_TOKEN.match(token) or token in _PARTICLES for token in tokens):
        return None
    full = [token for token in tokens if len(token.strip(".")) > 1 and token not in _PARTICLES]
    if not full or (tokens[0] in _PARTICLES and len(tokens) < 3):
        return None
    if not part.isupper() and any(
        len(token) > 1 and token.isupper() and "." not in token for token in full
    ):
        return None  # an acronym: "UC San Diego"
    return " ".join(tokens)
