"""`alexandria taxonomy`: the tree of categories as a thesaurus that other programs read."""

import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from alexandria.bootstrap import Services, thesaurus_files
from alexandria.cli.common import (
    DataOption,
    JsonOption,
    app,
    err,
    handle_errors,
    out,
    print_json,
    require_library,
)
from alexandria.db import get_engine, reading, writing
from alexandria.log import configure_logging
from alexandria.migrations import require_current
from alexandria.protocols.thesauri import MOST_BYTES

taxonomy = typer.Typer(help="The categories as a thesaurus (SKOS).", no_args_is_help=True)
app.add_typer(taxonomy, name="taxonomy")

_TOLD = 10


class ThesaurusFormat(StrEnum):
    TURTLE = "turtle"
    RDF_XML = "rdf-xml"
    JSON_LD = "json-ld"


@taxonomy.command("import")
@handle_errors
def take(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    language: Annotated[str, typer.Option(help="Of the names, where concepts have it.")] = "en",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make each concept of a SKOS file a category, or bring its category up to date."""
    del data
    configure_logging("WARNING")
    require_library()
    require_current(get_engine())
    with file.open("rb") as opened:
        concepts = thesaurus_files().read(opened.read(MOST_BYTES + 1))
    with writing() as session:
        done = Services(session).thesaurus.take(concepts, language)
    if as_json:
        print_json(asdict(done))
        return
    out.print(
        f"{done.added} categories added, {done.changed} changed, {done.unchanged} as they were.",
        highlight=False,
    )
    several = done.several_broader
    if several:
        names = ", ".join(several[:_TOLD]) + (", …" if len(several) > _TOLD else "")
        err.print(
            f"{len(several)} stand below several concepts, and here below one of these: {names}",
            highlight=False,
            markup=False,
        )


@taxonomy.command("export")
@handle_errors
def give(
    file_format: Annotated[
        ThesaurusFormat, typer.Option("--format", help="Of the file.")
    ] = ThesaurusFormat.TURTLE,
    data: DataOption = None,
) -> None:
    """Write the categories to standard output as SKOS."""
    del data
    configure_logging("WARNING")
    require_library()
    require_current(get_engine())
    with reading() as session:
        concepts = Services(session).thesaurus.concepts()
    sys.stdout.buffer.write(thesaurus_files().write(concepts, file_format))
