"""Quick looks for words in long texts, by which only little of a text must be analysed."""

import codecs
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

from alexandria.adapters.text_analysis.characters import (
    expanded,
    fold,
    fold_in_place,
    spaceless_pattern,
    word_pattern,
)

_LETTER, _OTHER = b"\x01", b" "
"""Stand in a haystack for letters that have no plain ASCII form, and for all but letters."""
_WORD_BYTE = rb"[a-z0-9\x01]"


def _as_ascii(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return b"".join(map(_byte_of, error.object[error.start : error.end])), error.end


@lru_cache(maxsize=4096)
def _byte_of(char: str) -> bytes:
    folded = fold_in_place(char)
    if folded.isascii():
        return folded.encode() if folded.isalnum() else _OTHER
    return _LETTER if char.isalnum() else _OTHER


codecs.register_error("alexandria.as_ascii", _as_ascii)
_BYTES = b"".join(_byte_of(chr(code)) for code in range(256))
"""For `bytes.translate`: a byte of Latin-1 to the plain letter."""


class Haystack:
    """A text in which words are looked for, each at the place where it stands in the text.

    Words of Latin letters are looked for among bytes, one for each character: twenty times as
    quick as to fold the text, of which half a million characters take 20 ms.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._bytes: bytes | None = None
        self._folded: str | None = None

    def positions(self, beginning: str) -> Iterator[int]:
        """Give where words begin so; in scripts without spaces, wherever it stands."""
        if beginning.isascii():
            needle = beginning.encode()
            before = re.compile(_WORD_BYTE)
            at = self.bytes.find(needle)
            while at >= 0:
                if at == 0 or not before.match(self.bytes, at - 1):
                    yield at
                at = self.bytes.find(needle, at + 1)
            return
        anywhere = spaceless_pattern().match(beginning)
        folded_already = not spaceless_pattern().sub("", beginning)
        text = self.text if folded_already else self.folded
        at = text.find(beginning)
        while at >= 0:
            if anywhere or at == 0 or not text[at - 1].isalnum():
                yield at
            at = text.find(beginning, at + 1)

    @property
    def bytes(self) -> bytes:
        if self._bytes is None:
            self._bytes = self.text.encode("latin-1", "alexandria.as_ascii").translate(_BYTES)
        return self._bytes

    @property
    def folded(self) -> str:
        if self._folded is None:
            self._folded = fold_in_place(self.text)
        return self._folded


class ExactPhrase:
    """Words as they are typed, but for case and diacritics, in a row; `begun`: the last is."""

    def __init__(self, words: Sequence[str], *, begun: bool) -> None:
        typed = unicodedata.normalize("NFC", " ".join(words))
        self._words = [fold(word).rstrip("+#") for word in word_pattern().findall(typed)]
        self._begun = begun

    def __bool__(self) -> bool:
        return bool(self._words)

    def stands_in(self, text: str) -> bool:
        written_out = expanded(unicodedata.normalize("NFC", text))
        return next(self.spans(Haystack(written_out)), None) is not None

    def spans(self, haystack: Haystack) -> Iterator[tuple[int, int]]:
        """Give where it begins and ends in the text."""
        for at in haystack.positions(self._words[0]):
            if self._in_ascii:
                found = self._byte_pattern.match(haystack.bytes, at)
                ends = found and found.end()
            else:
                match = self._pattern.match(haystack.folded, at)
                ends = match and match.end()
            if ends:
                yield at, ends

    @property
    def _in_ascii(self) -> bool:
        return all(map(str.isascii, self._words))

    @cached_property
    def _byte_pattern(self) -> re.Pattern[bytes]:
        inside = rb"[^a-z0-9\x01]+".join(re.escape(word).encode() for word in self._words)
        return re.compile(inside + (rb"[a-z0-9\x01]*" if self._begun else rb"(?![a-z0-9\x01])"))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        inside = r"[\W_]+".join(map(re.escape, self._words))
        if spaceless_pattern().match(self._words[-1][-1]):
            return re.compile(inside)
        return re.compile(inside + (r"[^\W_]*" if self._begun else r"(?![^\W_])"))
