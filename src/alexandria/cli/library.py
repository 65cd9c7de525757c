"""Commands that work on the library: `ingest`, `search`, `show`, `status`."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import func, select

from alexandria.access import LONGEST_WAIT_SECONDS, wait_until_complete
from alexandria.bootstrap import Services
from alexandria.cli.common import (
    FAILED,
    DataOption,
    JsonOption,
    app,
    err,
    handle_errors,
    out,
    print_json,
    require_library,
)
from alexandria.cli.processes import prepare_library
from alexandria.cli.supervisor import running
from alexandria.db import reading, writing
from alexandria.errors import NotFoundError
from alexandria.events import outbox
from alexandria.log import configure_logging
from alexandria.models import Ingestion, Resource
from alexandria.services.search import SearchRequest
from alexandria.services.search.request import Mode
from alexandria.tasks.hooks import register_all_hooks
from alexandria.tasks.intake import take_path, take_url
from alexandria.tasks.status import broker_answers, queue_depths

_POLL_SECONDS = 0.3


@app.command()
@handle_errors
def ingest(
    sources: Annotated[list[str], typer.Argument(help="Files, folders, addresses.")],
    recursive: Annotated[bool, typer.Option(help="Go into folders of folders.")] = False,
    wait: Annotated[bool, typer.Option(help="Until every derivation is fresh.")] = True,
    workers: Annotated[int, typer.Option(help="If the library does not run.", min=1)] = 2,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring files, folders and addresses into the library."""
    del data
    configure_logging("WARNING")
    prepare_library()
    found = list(_expand(sources, recursive=recursive))
    with running(workers):
        register_all_hooks()
        ids = [_take(source) for source in found]
        if wait:
            _follow(ids)
        report = _report(ids)
    if as_json:
        print_json(report)
    else:
        _print_report(report)
    if report["failed"]:
        raise typer.Exit(FAILED)


@app.command()
@handle_errors
def search(
    query: str,
    mode: Annotated[str, typer.Option(help="hybrid, keyword or semantic.")] = "hybrid",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 10,
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
        answer = Services(session).search.search(SearchRequest(query, chosen, limit))
    if as_json:
        print_json(answer)
        return
    out.print(f"{answer['total']} results in {answer['took_ms']:.0f} ms", highlight=False)
    index = answer["index"]
    state = f"The index is complete through event {index['complete_through']}"
    if index["pending"]:
        state += f"; {index['pending']} changes are still to come"
    out.print(f"[dim]{state}.[/dim]", highlight=False)
    for hit in answer["results"]:
        line = ", ".join(hit["authors"][:3]) + (f" · {hit['year']}" if hit["year"] else "")
        snippet = hit["snippet"].replace("<mark>", "").replace("</mark>", "")
        out.print(f"\n[bold]{hit['title']}[/bold]\n{line}\n{snippet}\n{hit['id']}", highlight=False)


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
    out.print(_table(["derivation", "state", "producer", "computed"], _ledger_rows(ledger)))


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
    out.print(_table(columns, rows))


def _expand(sources: list[str], *, recursive: bool) -> Iterator[str]:
    for source in sources:
        path = Path(source)
        if source.startswith(("http://", "https://")):
            yield source
        elif path.is_dir():
            pattern = "**/*" if recursive else "*"
            yield from (str(one) for one in sorted(path.glob(pattern)) if one.is_file())
        elif path.is_file():
            yield source
        else:
            raise NotFoundError(f"There is no file or folder {source}.", "Check the path.")


def _take(source: str) -> str:
    with writing() as session:
        services = Services(session)
        if source.startswith(("http://", "https://")):
            return take_url(services, source).id
        return take_path(services, Path(source), Path(source).name).id


def _follow(ids: list[str]) -> None:
    """Show how far the ingestions and what is derived from them are, until all is done."""
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=err) as progress:
        taken = progress.add_task("taken in", total=len(ids))
        derived = progress.add_task("derived", total=None)
        while True:
            done, total, added, open_rows, rows = _state(ids)
            progress.update(taken, completed=done, total=total)
            progress.update(derived, completed=rows - open_rows, total=rows or None)
            if done >= total and open_rows == 0:
                return
            time.sleep(_POLL_SECONDS if added < 1000 else 1.0)


def _state(ids: list[str]) -> tuple[int, int, int, int, int]:
    with reading() as session:
        services = Services(session)
        own = session.execute(
            select(Ingestion.id, Ingestion.state, Ingestion.total).where(Ingestion.id.in_(ids))
        ).all()
        counts = services.ingestion.counts([row.id for row in own if row.total is not None])
        ended = sum(row.state not in {"queued", "running"} for row in own)
        total = len(own) + sum(row.total or 0 for row in own)
        children = sum(sum(one.values()) for one in counts.values())
        added = sum(one["added"] for one in counts.values())
        open_rows = services.freshness.unfinished()
        rows = sum(b.fresh + b.pending + b.stale for b in services.freshness.backlog().values())
    return ended + children, total, added, open_rows, rows


def _report(ids: list[str]) -> dict[str, Any]:
    report: dict[str, Any] = {"added": 0, "duplicates": 0, "failed": 0, "sources": []}
    names = {"completed": "added", "duplicate": "duplicates", "failed": "failed"}
    with reading() as session:
        services = Services(session)
        for ingestion_id in ids:
            one = services.ingestion.get(ingestion_id)
            counts = services.ingestion.counts([one.id])[one.id] if one.total is not None else None
            outcome = counts or ({names[one.state]: 1} if one.state in names else {})
            for name, count in outcome.items():
                report[name] += count
            report["sources"].append(
                {
                    "ingestion_id": one.id,
                    "name": one.name,
                    "state": one.state,
                    "resource_id": one.resource_id,
                    "duplicate_of": one.duplicate_of,
                    "reason": one.duplicate_reason,
                    "counts": counts,
                    "error": one.error,
                    "remedy": one.remedy,
                }
            )
    return report


def _print_report(report: dict[str, Any]) -> None:
    rows = [
        [
            source["name"],
            source["state"],
            " ".join(filter(None, (source["error"], source["remedy"]))) or source["reason"] or "",
        ]
        for source in report["sources"]
        if source["state"] != "completed"
    ]
    if rows:
        out.print(_table(["source", "state", "why"], rows))
    out.print(
        f"{report['added']} added, {report['duplicates']} duplicates, {report['failed']} failed",
        highlight=False,
    )


def _facts(resource: Resource) -> dict[str, Any]:
    names = ("id", "external_id", "title", "authors", "year", "venue", "doi", "url", "language")
    more = ("tags", "subjects", "abstract", "content_revision", "metadata_revision")
    return {name: getattr(resource, name) for name in (*names, *more)}


def _ledger_rows(ledger: dict[str, dict[str, Any]]) -> list[list[str]]:
    return [
        [name, row["state"], row["producer"] or "", str(row["computed_at"] or "")]
        for name, row in sorted(ledger.items())
    ]


def _table(columns: list[str], rows: list[list[str]]) -> Table:
    table = Table(*columns)
    for row in rows:
        table.add_row(*row)
    return table
