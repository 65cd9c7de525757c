"""A KeywordQuery as an FTS5 MATCH expression in which every word of the user stands quoted."""

import unicodedata
from collections.abc import Iterable

from alexandria.adapters.porter import stem
from alexandria.protocols import KeywordQuery, Term

COLUMNS = ("title", "abstract", "authors", "content", "terms")

MAX_TERMS = 256
"""Terms of each kind that count; a pasted page has more, and each costs a look at the index."""

_STOP_WORDS = """
    a about above after again against all almost along already also although always am among an and
    another any are around as at be became because become becomes been before being below between
    both but by can cannot could did do does doing done down due during each either else etc ever
    every for from further had has have having he her here hers herself him himself his how however
    i if in into is it its itself just less let made make makes many may me might mine more most
    much must my myself neither no nor not now of off often on once one only onto or other others
    our ours ourselves out over own per perhaps quite rather same shall she should since so some
    such than that the their theirs them themselves then there therefore these they this those
    though through thus to too toward towards under until up upon us very was we were what whatever
    when where whether which while who whole whom whose why will with within without would yet you
    your yours yourself
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


_ENDINGS = """
    able ably ally ance ant ate ated ates ating ation ational ations ator ators ed ement ements
    ence ency ent er ers es fully fulness ibility ability ible ic ical ically ied ies ing ingly ings
    ion ions ism ist ities ity ive iveness ivity ization izations ize ized izer izes izing less
    logical logies logy ly ment ments ness ously ousness yses ysis
"""
_TAILS = sorted({end[start:] for end in _ENDINGS.split() for start in range(len(end) + 1)}, key=len)


def positive(query: KeywordQuery) -> KeywordQuery:
    """Give the query without what it excludes."""
    return KeywordQuery(any_of=query.any_of, all_of=query.all_of)


def match_expression(query: KeywordQuery) -> str:
    """Give the MATCH expression, or an empty string if the query asks for nothing.

    A required term counts twice in the score: once as a condition, once among what is wanted.
    """
    required = _phrases(query.all_of)
    telling = _phrases(term for term in query.any_of if not _is_stop_word(term))
    wanted = list(dict.fromkeys(required + (telling or _phrases(query.any_of))))
    if not wanted:
        return ""
    found = f"({' OR '.join(wanted)})"
    if required and len(wanted) > len(required):
        found = f"{' AND '.join(required)} AND {found}"
    elif required:
        found = " AND ".join(required)
    if excluded := _phrases(query.none_of):
        return f"({found}) NOT ({' OR '.join(excluded)})"
    return found


def _is_stop_word(term: Term) -> bool:
    return not term.prefix and len(term.words) == 1 and term.words[0].lower() in STOP_WORDS


def _phrases(terms: Iterable[Term]) -> list[str]:
    found = (_phrase(term) for term in terms)
    return list(dict.fromkeys(phrase for phrase in found if phrase))[:MAX_TERMS]


def _phrase(term: Term) -> str:
    words = _clean(" ".join(term.words)).split()
    if not any(map(_is_token_character, "".join(words))):
        return ""
    quoted = f'"{" ".join(words)}"'
    if term.prefix:
        quoted = f"({' OR '.join(_starting_with(words))})"
    return f"{term.column} : {quoted}" if term.column in COLUMNS else quoted


def _starting_with(words: list[str]) -> list[str]:
    """Give what finds phrases whose last word starts so, though FTS5 stems that start first.

    `poly *` would look for "poli", and `generat *` not find "generation", which is kept as
    "gener". So the start is sent in a form whose stem it is ("polye"), and beside it one word
    for each shorter stem under which longer words may be kept ("generations").
    """
    *before, start = words
    whole = next((form for form in (start, start + "e") if stem(form) == start), start)
    hidden: dict[str, str] = {}
    for tail in _TAILS:
        hidden.setdefault(stem(start + tail), start + tail)
    found = [f'"{" ".join([*before, whole])}" *']
    for stemmed, word in hidden.items():
        if not stemmed.startswith(stem(whole)):
            found.append(f'"{" ".join([*before, word])}"')
    return found


def _clean(words: str) -> str:
    """Take out what would end the string or the quotes, and what UTF-8 can't hold."""
    return (
        "".join(" " if one in '"\x00' else one for one in words.lower())
        .encode("utf-8", "ignore")
        .decode()
    )


def _is_token_character(one: str) -> bool:
    category = unicodedata.category(one)
    return category[0] in "LN" or category == "Co"
