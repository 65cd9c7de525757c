"""`alexandria export`: the library, or what a query finds, as a file of other programs."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from alexandria.adapters.exporters import EXPORTERS
from alexandria.bootstrap import Services
from alexandria.cli.common import DataOption, app, handle_errors, require_library
from alexandria.db import get_engine, reading
from alexandria.log import configure_logging
from alexandria.migrations import require_current
from alexandria.services.search import SearchRequest

_PAGE = 1000


class Format(StrEnum):
    BIBTEX = "bibtex"
    RIS = "ris"
    CSL_JSON = "csl-json"
    JSONL = "jsonl"


@app.command()
@handle_errors
def export(
    query: Annotated[str, typer.Argument(help="Only what this finds by its words; else all.")] = "",
    file_format: Annotated[Format, typer.Option("--format", help="Of the file.")] = Format.BIBTEX,
    data: DataOption = None,
) -> None:
    """Write bibliographic records to standard output; JSON lines hold the texts as well."""
    del data
    configure_logging("WARNING")
    require_library()
    require_current(get_engine())
    with reading() as session:
        services = Services(session)
        ids = _found(services, query) if query else services.export.everything()
        for piece in EXPORTERS[file_format](services.export.records(ids)):
            sys.stdout.write(piece)


def _found(services: Services, query: str) -> list[str]:
    found: list[str] = []
    while True:
        request = SearchRequest(query, "keyword", limit=_PAGE, offset=len(found), facets=False)
        page = services.search.search(request)
        found += [hit["id"] for hit in page["results"]]
        if not page["results"] or len(found) >= page["total"]:
            return found
