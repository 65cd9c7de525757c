"""JSON lines in the form that `POST /imports` takes: everything, texts too."""

from collections.abc import Iterable, Iterator

import orjson

from alexandria.adapters.extractors.bibliography import kind_of
from alexandria.adapters.extractors.names import first_last
from alexandria.protocols.extraction import Record


def json_lines(records: Iterable[Record]) -> Iterator[str]:
    for record in records:
        values = record.to_dict()
        if name := values.pop("external_id", None):
            values = {"id": name, **values}
        if record.authors:
            values["authors"] = [_person(name) for name in record.authors]
        if record.type and kind_of(record.type) != record.type:
            values["custom"] = {"type": record.type}
        yield orjson.dumps(values).decode() + "\n"


def _person(name: str) -> str | dict[str, str]:
    """Give the name, or an object where our importer would turn its parts round."""
    return name if first_last(name) == name else {"literal": name}
