"""Trains the citation models on data sets of the forms that `docs/evaluation.md` describes."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from alexandria.adapters.citations.bundle import CLASSES, Bundle
from alexandria.adapters.citations.header_training import train_headers
from alexandria.adapters.citations.list_training import train_finder, train_lists
from alexandria.adapters.citations.reader import BundledCitationReader
from alexandria.adapters.citations.reference_training import train_references
from alexandria.adapters.citations.words import WordClasses
from alexandria.adapters.extractors.jats import extract_jats
from alexandria.adapters.extractors.limits import DEFAULT_LIMITS
from alexandria.errors import InvalidInputError
from alexandria.protocols.citations import CitationReader, Gold

_FREE = ("/by/", "/zero/", "/publicdomain/", "licenses/by (")
"""Licences of articles that a model may be made from and passed on."""


_NEEDED: Mapping[str, tuple[str, ...]] = {
    "references": ("reference-strings",),
    "headers": ("paper-headers",),
    "lists": ("reference-sections",),
    "finder": ("reference-strings", "reference-sections", "full-papers-jats"),
}


class BundledCitationTrainer:
    def __init__(self) -> None:
        self._classes = WordClasses(Bundle().file(CLASSES))

    def train(self, model: str, gold: Gold, folder: Path) -> None:
        if missing := [form for form in _NEEDED[model] if not gold.get(form)]:
            raise InvalidInputError(
                f"The model of {model} can't be trained without {' and '.join(missing)}.",
                "Name folders of these forms with --dataset.",
            )
        folder.mkdir(parents=True, exist_ok=True)
        references = gold.get("reference-strings", ())
        sections = gold.get("reference-sections", ())
        if model == "references":
            train_references(references, self._classes, folder)
        elif model == "headers":
            train_headers(gold["paper-headers"], self._classes, folder)
        elif model == "lists":
            train_lists(sections, references, self._classes, folder)
        else:
            train_finder(list(_bodies(gold)), sections, references, folder)

    def reader(self, folder: Path | None) -> CitationReader:
        return BundledCitationReader(folder)


def _bodies(gold: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    """Give running text: of the articles whose licence lets us, and of headers."""
    for record in gold.get("full-papers-jats", ()):
        if any(part in record.get("license", "") for part in _FREE):
            text = extract_jats(record["data"], DEFAULT_LIMITS).record
            if text is not None and text.text:
                yield text.text
    for record in gold.get("paper-headers", ()):
        yield record["header_text"]
