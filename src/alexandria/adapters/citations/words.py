"""What is known of single words: their shape, the kind of word, and words of like use."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

YEAR = re.compile(r"1[4-9]\d\d|20\d\d")
QUOTES = frozenset("\"'“”‘’„‟«»‹›`")  # noqa: RUF001 - marks that look alike are the point
_ROMAN = re.compile(r"[ivxlc]+|[IVXLC]+")

_KINDS = {
    "month": """jan january janvier januar feb february mar march mars märz apr april avril may mai
        jun june juin juni jul july juillet juli aug august août sep sept september septembre oct
        october octobre oktober nov november novembre dec december décembre dezember spring summer
        fall autumn winter""",
    "journal": """journal j jour rev review reviews revue revista rivista letters lett annals ann
        annales annalen transactions trans bulletin bull archives arch archiv archive acta
        zeitschrift zeitung magazine quarterly mag proceedings proc communications commun comm
        comptes rendus advances adv zh jahrbuch mitteilungen berichte beiträge cahiers studies
        newsletter""",
    "meeting": """conference conf workshop symposium symp congress meeting colloquium kongress
        seminar tagung lecture notes lncs series ser intl int international acm ieee annual""",
    "place of work": """university univ universität université universidad universidade institute
        institut dept department laboratory lab school college center centre faculty""",
    "publisher": """press publishers publishing verlag springer elsevier wiley sons publications pub
        academic kluwer pergamon routledge blackwell macmillan plenum prentice hall mcgraw company
        gruyter books éditions edn""",
    "report": """thesis dissertation phd ph diss master masters report rep tech technical memo
        preprint manuscript unpublished submitted appear""",
    "editor": "ed eds edited editor editors hg hrsg éd dir herausgegeben coord org orgs",
    "volume": "vol volume volumes vols bd band tome tomo t v jg jahrgang",
    "number": "no number nr issue num heft fasc pt part n nos",
    "page": "pp p pages page pg s seiten seite págs pag",
    "in": "in dans im em en",
    "and": "et al and und y e others",
    "web": """http https www doi url available retrieved accessed arxiv abs html pdf online issn
        isbn pmid""",
    "particle": "van von der den de di da del della dos la le ten ter bin ibn el jr sr",
    "edition": "edition second third fourth fifth revised",
}
KINDS: Mapping[str, str] = {word: kind for kind, words in _KINDS.items() for word in words.split()}


class WordClasses:
    """Words in classes of like use: each word has a coarse, a middle and a fine class."""

    def __init__(self, path: Path) -> None:
        """Read lines of a word and its three numbers, with blanks between."""
        self._classes: dict[str, tuple[str, str, str]] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            word, coarse, middle, fine = line.split(" ")
            self._classes[word] = (coarse, middle, fine)

    def __call__(self, word: str) -> tuple[str, str, str] | None:
        """Give the classes of a word in lower case, whose accents don't matter."""
        found = self._classes.get(word)
        if found is None and not word.isascii():
            found = self._classes.get(without_accents(word))
        return found


@lru_cache(maxsize=65_536)
def without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


@lru_cache(maxsize=65_536)
def word_form(text: str) -> str:
    """Give a word in lower case, and of a number only how long it is."""
    if text.isdigit():
        return ("Y" if YEAR.fullmatch(text) else "N") + str(min(len(text), 6))
    return text.lower()


@lru_cache(maxsize=65_536)
def shape(text: str) -> str:
    """Give the sort of characters: `Aa` a capitalised word, `d3` three digits, `Y` a year."""
    if text[0].isdigit():
        return "Y" if YEAR.fullmatch(text) else f"d{min(len(text), 5)}"
    return _letters(text) if text[0].isalpha() else _mark(text[0])


def _mark(mark: str) -> str:
    if mark in QUOTES:
        return "q"
    return "-" if unicodedata.category(mark) == "Pd" else mark


def _letters(text: str) -> str:
    first = text[0]
    if len(text) == 1:
        return "A" if first.isupper() else "a" if first.islower() else "字"
    if text.isupper():
        return "AA" if len(text) > 3 else "AB"
    if text.islower():
        return "aa"
    if first.isupper():
        return "Aa" if text[1:].islower() else "AaA"
    return "aA" if first.islower() else "字字"


def is_roman(text: str) -> bool:
    return _ROMAN.fullmatch(text) is not None
