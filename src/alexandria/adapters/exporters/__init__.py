"""Records as files of other programs. Our own importer reads from them what was written.

What a format has no field for goes where the format leaves room: fields named `x-…` in BibTeX, the
tag `U5` in RIS, the object `custom` in CSL-JSON. Texts themselves go into JSON lines alone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from alexandria.adapters.exporters.bibtex import bibtex
from alexandria.adapters.exporters.csl_json import csl_json
from alexandria.adapters.exporters.json_lines import json_lines
from alexandria.adapters.exporters.ris import ris
from alexandria.protocols.extraction import Record

Exporter = Callable[[Iterable[Record]], Iterator[str]]

EXPORTERS: Mapping[str, Exporter] = {
    "bibtex": bibtex,
    "ris": ris,
    "csl-json": csl_json,
    "jsonl": json_lines,
}
"""Format to what writes it, piece by piece."""
