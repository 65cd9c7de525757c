"""Title, authors and abstract from the text of a first page."""

import re
from collections.abc import Sequence
from itertools import groupby

from alexandria.adapters.citations.header_features import HeaderFeatures
from alexandria.adapters.citations.sequence_model import SequenceModel
from alexandria.adapters.extractors.people import leading_people, people_in
from alexandria.adapters.extractors.text import clean_line
from alexandria.protocols.citations import Header

OTHER = "other"
_LINES = 400
"""More of a text is no first page."""
_FEWEST = 5
_BODY = re.compile(r"\W*(?:1|I)?[\s.]*(?:introduction|einleitung|introducción)\W*", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+")
_HEADING = re.compile(r"^\W*(?:abstract|summary|a\s?b\s?s\s?t\s?r\s?a\s?c\s?t)\b\W*", re.IGNORECASE)


class HeaderReader:
    def __init__(self, model: SequenceModel, features: HeaderFeatures) -> None:
        self._model = model
        self._features = features

    def read(self, text: str) -> Header:
        lines = _first_page(text)
        labels, likely = self._model.tag_with_doubt(self._features(lines))
        runs = _runs(lines, labels, likely)
        titles = [
            (sure, -at, found) for at, (label, found, sure) in enumerate(runs) if label == "title"
        ]
        title = max(titles)[2] if titles else []
        named = [line for label, found, _ in runs if label == "author" for line in found]
        abstracts = [found for label, found, _ in runs if label == "abstract"]
        abstract = max(map(" ".join, abstracts), key=len, default="")
        return Header(
            title=clean_line(" ".join(title)),
            authors=tuple(dict.fromkeys(name for line in named for name in _people(line))),
            author_lines=tuple(named),
            abstract=clean_line(_HEADING.sub("", abstract)),
            affiliations=tuple(
                " ".join(found) for label, found, _ in runs if label == "affiliation"
            ),
            emails=tuple(dict.fromkeys(each.replace(" ", "") for each in _EMAIL.findall(text))),
            keywords=tuple(" ".join(found) for label, found, _ in runs if label == "keywords"),
        )


def _first_page(text: str) -> list[str]:
    """Give the lines that are not empty, up to where the text proper begins."""
    lines = [line for line in text.split("\n") if line.strip()][:_LINES]
    body = (i for i, line in enumerate(lines) if i > _FEWEST and _BODY.fullmatch(line))
    return lines[: next(body, _LINES)]


def _people(line: str) -> list[str]:
    return people_in(line) or leading_people(line)


def _runs(
    lines: Sequence[str], labels: Sequence[str], likely: Sequence[float]
) -> list[tuple[str, list[str], float]]:
    """Give label, lines and mean likelihood of each run of lines with one label."""
    runs = []
    at = 0
    for label, group in groupby(labels):
        length = len(list(group))
        sure = sum(likely[at : at + length]) / length
        runs.append((label, list(lines[at : at + length]), sure))
        at += length
    return runs
