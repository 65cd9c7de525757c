"""Splits the text of a list of references into its entries."""

from collections.abc import Sequence

from alexandria.adapters.citations.list_features import ListFeatures
from alexandria.adapters.citations.made_up_lists import BEGIN, OUTSIDE
from alexandria.adapters.citations.sequence_model import SequenceModel
from alexandria.adapters.citations.words import WordClasses

_DASHES = ("-", "\N{HYPHEN}", "\N{SOFT HYPHEN}")


class ListSplitter:
    def __init__(self, model: SequenceModel, features: ListFeatures, words: WordClasses) -> None:
        self._model = model
        self._features = features
        self._words = words

    def split(self, text: str) -> list[str]:
        """Give the entries in their order, each on one line, with their labels.

        Words that a line end broke are put together again.
        """
        lines = [line for line in text.splitlines() if line.strip()]
        return [self._join(entry) for entry in entries(lines, self._tag(lines))]

    def _tag(self, lines: Sequence[str]) -> list[str]:
        return self._model.tag(self._features(lines))

    def _join(self, lines: Sequence[str]) -> str:
        text = lines[0].strip()
        for line in map(str.strip, lines[1:]):
            if not text.endswith(_DASHES) or not text[-2:-1].isalpha():
                text = f"{text} {line}"
            elif line[:1].islower() and self._is_broken(text, line):
                text = text[:-1] + line
            else:
                text += line
        return text

    def _is_broken(self, text: str, line: str) -> bool:
        """Tell whether the hyphen at the line end is no part of the word."""
        before = text[:-1].rsplit(maxsplit=1)[-1].lower()
        after = "".join(c for c in line.split(maxsplit=1)[0].lower() if c.isalpha())
        if self._words(before + after):
            return True
        return not (self._words(before) and self._words(after) and len(before) > 2)


def entries(lines: Sequence[str], labels: Sequence[str]) -> list[list[str]]:
    """Group lines by their labels."""
    found: list[list[str]] = []
    for line, label in zip(lines, labels, strict=True):
        if label == BEGIN or (label != OUTSIDE and not found):
            found.append([line])
        elif label != OUTSIDE:
            found[-1].append(line)
    return found
