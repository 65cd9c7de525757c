"""Reading a printed name: its given names, particles, family name and suffix."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from alexandria.services.authors.east_asian import is_east_asian_name
from alexandria.services.authors.folding import fold, fold_umlauts, is_east_asian

_PARTICLES = frozenset(
    """
    a af al am ap auf aus av ben bin bint da dal dalla das de degli dei del dela della den der des
    di do dos du e e' el i ibn la las le lo los ten ter und van vel ver vom von y z zu zum zur
    """.split()  # noqa: SIM905 - a table of words
)
_SUFFIXES = frozenset(
    "jr jnr junior sr snr senior ii iii iv phd md msc esq".split()  # noqa: SIM905
)
_GENERATIONS = {"junior": "jr", "jnr": "jr", "senior": "sr", "snr": "sr"}
_TITLES = frozenset({"dr", "prof", "mr", "mrs", "ms", "sir"})
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+$")
_HANGUL = re.compile(r"[\uac00-\ud7af]+$")
_TWO_SIGN_FAMILIES = frozenset(
    "欧阳 歐陽 司马 司馬 上官 诸葛 諸葛 司徒 东方 東方 皇甫 尉迟 尉遲 公孙 公孫 慕容 令狐 남궁 황보 제갈 선우 독고".split()  # noqa: SIM905
)
_BETWEEN = re.compile(r"[\s\u00a0_]+|(?<=\w)[-\u2010-\u2015](?=\w)")
_INITIALS = re.compile(r"(?:[^\W\d_]\.-?){2,}[^\W\d_]?\.?$|[A-Z]{2,3}\.?$")
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Name:
    """A name as parts. All words are folded (see `folding.fold`), an initial is one letter."""

    printed: str
    given: tuple[str, ...]
    particles: tuple[str, ...]
    family: tuple[str, ...]
    suffix: str
    spelled: tuple[str, ...]
    """All words in the order given, particles, family; umlauts written out."""
    certain_order: bool = False
    """Whether what is printed shows which is the family name: a comma, capitals, the script."""

    @property
    def words(self) -> tuple[str, ...]:
        """Given names, then the family name; without particles and suffix."""
        return self.given + self.family

    @property
    def squashed(self) -> str:
        """All letters without spaces, hyphens and dots; the suffix counts."""
        return "".join((*self.given, *self.particles, *self.family, self.suffix))


@lru_cache(maxsize=65_536)
def read_name(printed: str) -> Name:
    """Read "First Last", "Last, First", "Last, Jr., First", "LAST First" or 王小明."""
    text = unicodedata.normalize("NFC", printed)[:_LONGEST].strip()
    parts = [part for one in text.split(",") if (part := one.strip())]
    suffixes = [part for part in parts[1:] if fold(part) in _SUFFIXES]
    parts = [part for part in parts if part not in suffixes]
    suffix = "".join(_suffix(part) for part in suffixes)
    if len(parts) > 1:
        return _name(printed, _split(" ".join(parts[1:])), _split(parts[0]), suffix, certain=True)
    words = _split(parts[0] if parts else "")
    while len(words) > 2 and fold(words[0]) in _TITLES:
        words = words[1:]
    while len(words) > 2 and fold(words[-1]) in _SUFFIXES:
        suffix = _suffix(words[-1]) + suffix
        words = words[:-1]
    if is_east_asian(text):
        family, given = _east_asian(words)
        return _name(printed, given, family, suffix, certain=True)
    if capital := _in_capitals(words):
        start, end = capital
        return _name(printed, words[:start] + words[end:], words[start:end], suffix, certain=True)
    at = _family_start(words)
    return _name(printed, words[:at], words[at:], suffix)


def _suffix(word: str) -> str:
    folded = fold(word)
    return _GENERATIONS.get(folded, folded)


def _split(text: str) -> list[str]:
    """Split at spaces and hyphens; initials that are written together become words."""
    words: list[str] = []
    for word in _BETWEEN.split(text):
        if not fold(word):
            continue
        if "." in word and _INITIALS.match(word):
            words += [letter for letter in word if letter.isalpha()]
        elif "." in word.strip(".") and not is_east_asian(word):
            words += [part for part in word.split(".") if fold(part)]
        else:
            words.append(word)
    return words


def _east_asian(words: Sequence[str]) -> tuple[list[str], list[str]]:
    if len(words) > 1:
        return list(words[:1]), list(words[1:])
    whole = words[0] if words else ""
    if not (_HAN.match(whole) or _HANGUL.match(whole)) or len(whole) < 2:
        return [whole], []
    two = len(whole) > 2 and (whole[:2] in _TWO_SIGN_FAMILIES or len(whole) > 3)
    at = 2 if two else 1
    return [whole[:at]], [whole[at:]]


def _in_capitals(words: Sequence[str]) -> tuple[int, int] | None:
    """Find a family name in capitals, at the start or the end of a name that has small letters."""
    big = [len(word) > 2 and word.isupper() for word in words]
    if not any(big) or not any(any(c.islower() for c in word) for word in words):
        return None
    if big[0]:
        end = next((n for n, one in enumerate(big) if not one), len(big))
        return (0, end)
    if big[-1]:
        start = len(big) - next((n for n, one in enumerate(reversed(big)) if not one), len(big))
        return (start, len(big))
    return None


def _family_start(words: Sequence[str]) -> int:
    """Give where the family name begins: at a particle in small letters, else the last word."""
    for number, word in enumerate(words[1:-1], start=1):
        if word.islower() and fold(word) in _PARTICLES:
            return number
    at = max(len(words) - 1, 0)
    while at > 1 and fold(words[at - 1]) in _PARTICLES and len(fold(words[at - 1])) > 1:
        at -= 1
    return at


def _name(
    printed: str, given: Sequence[str], family: Sequence[str], suffix: str, *, certain: bool = False
) -> Name:
    has_none = is_east_asian_name([fold(w) for w in (*given, *family)])
    particles = [
        w for w in family[:-1] if not has_none and fold(w) in _PARTICLES and len(fold(w)) > 1
    ]
    main = [w for w in family if w not in particles]
    return Name(
        printed,
        tuple(fold(word) for word in given),
        tuple(fold(word) for word in particles),
        tuple(fold(word) for word in main),
        suffix,
        tuple(fold_umlauts(word) for word in (*given, *particles, *main)),
        certain,
    )
