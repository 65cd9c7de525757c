"""Commands that look into the library: `search`, `show`, `status`."""

import html
from typing import Annotated, Any

import typer
from rich.markup import escape
from sqlalchemy import func, select

from alexandria.access import LONGEST_WAIT_SECONDS, wait_until_complete
from alexandria.bootstrap import Services
from alexandria.cli.common import (
    DataOption,
    JsonOption,
    app,
    as_table,
    handle_errors,
    out,
    print_json,
    require_library,
)
from alexandria.db import reading
from alexandria.events import outbox
from alexandria.log import configure_logging
from alexandria.models import Resource
from alexandria.services.search import SearchRequest
from alexandria.services.search.explanation import in_words
from alexandria.services.search.request import Mode
from alexandria.tasks.status import broker_answers, queue_depths


@app.command()
@handle_errors
def search(
    query: Annotated[
        str,
        typer.Argument(
            help='Words, "an exact phrase", +required, -excluded, begin*, title:word, author:name, '
            "tag:name, year:2019-2021, or a DOI, arXiv id or ISBN."
        ),
    ],
    mode: Annotated[str, typer.Option(help="hybrid, keyword or semantic.")] = "hybrid",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 10,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what each score is the sum of.")
    ] = False,
    wait_for: Annotated[
        int | None, typer.Option(help="Wait until the index holds this event (`event_id`).")
    ] = None,
    timeout: Annotated[
        float, typer.Option(help="Seconds to wait for it.", min=0, max=LONGEST_WAIT_SECONDS)
    ] = 5.0,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search the library."""
    del data
    configure_logging("ERROR")
    require_library()
    if wait_for is not None:
        wait_until_complete(wait_for, timeout)
    chosen: Mode = mode  # type: ignore[assignment]
    with reading() as session:
        answer = Services(session).search.search(
            SearchRequest(query, chosen, limit, facets=as_json, explain=explain)
        )
    if as_json:
        print_json(answer)
        return
    out.print(f"{answer['total']} results in {answer['took_ms']:.0f} ms", highlight=False)
    index = answer["index"]
    state = f"The index is complete through event {index['complete_through']}"
    if index["pending"]:
        state += f"; {index['pending']} changes are still to come"
    out.print(f"[dim]{state}.[/dim]", highlight=False)
    if answer["did_you_mean"]:
        out.print(f"Did you mean: {escape(answer['did_you_mean'])}", highlight=False)
    for hit in answer["results"]:
        line = ", ".join(hit["authors"][:3]) + (f" · {hit['year']}" if hit["year"] else "")
        out.print(f"\n[bold]{escape(hit['title'])}[/bold]\n{escape(line)}", highlight=False)
        out.print(f"{_marked(hit['snippet'])}\n{hit['id']}", highlight=False)
        for sentence in in_words(hit["explanation"]) if explain else ():
            out.print(f"  [dim]{escape(sentence)}[/dim]", highlight=False)


@app.command()
@handle_errors
def show(
    resource_id: Annotated[str, typer.Argument(metavar="ID")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one resource with its ledger."""
    del data
    require_library()
    with reading() as session:
        services = Services(session)
        resource = services.resources.get(resource_id)
        ledger = {
            name: {
                "state": services.freshness.state(row),
                "content_revision": row.content_revision,
                "metadata_revision": row.metadata_revision,
                "producer": row.producer,
                "computed_at": row.computed_at,
                "error": row.error,
            }
            for name, row in services.freshness.of([resource_id])[resource_id].items()
        }
        facts = _facts(resource)
    if as_json:
        print_json(facts | {"derivations": ledger})
        return
    for name, value in facts.items():
        if value not in (None, [], ""):
            out.print(f"[bold]{name}[/bold]: {value}", highlight=False)
    out.print(as_table(["derivation", "state", "producer", "computed"], _ledger_rows(ledger)))


@app.command()
@handle_errors
def status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Tell how the library stands."""
    del data
    require_library()
    with reading() as session:
        services = Services(session)
        live = select(func.count()).select_from(Resource).where(Resource.deleted_at.is_(None))
        facts: dict[str, Any] = {
            "resources": session.scalar(live) or 0,
            "derivations": {n: b.as_dict() for n, b in services.freshness.backlog().items()},
            "rebuilding": {
                derivation.name: services.rebuilds.remaining(derivation.name)
                for derivation in services.ledger.active
                if services.builds.building(derivation.name)
            },
            "outbox": outbox.waiting(session),
            "running": broker_answers(),
        }
    facts["queues"] = queue_depths() if facts["running"] else {}
    if as_json:
        print_json(facts)
        return
    state = "running" if facts["running"] else "not running"
    out.print(f"{facts['resources']} resources; the library is {state}", highlight=False)
    for name, left in facts["rebuilding"].items():
        out.print(f"{name} is being built anew: {left} left", highlight=False)
    columns = ["derivation", "fresh", "pending", "stale", "failed"]
    rows = [
        [name, *(str(figures[column]) for column in columns[1:])]
        for name, figures in facts["derivations"].items()
    ]
    out.print(as_table(columns, rows))


def _marked(snippet: str) -> str:
    """Give a snippet, which is HTML, for the terminal."""
    shown = escape(snippet).replace("<mark>", "[underline]").replace("</mark>", "[/underline]")
    return html.unescape(shown)


def _facts(resource: Resource) -> dict[str, Any]:
    names = ("id", "external_id", "title", "authors", "year", "venue", "doi", "url", "language")
    more = ("tags", "subjects", "abstract", "content_revision", "metadata_revision")
    return {name: getattr(resource, name) for name in (*names, *more)}


def _ledger_rows(ledger: dict[str, dict[str, Any]]) -> list[list[str]]:
    return [
        [name, row["state"], row["producer"] or "", str(row["computed_at"] or "")]
        for name, row in sorted(ledger.items())
    ]
