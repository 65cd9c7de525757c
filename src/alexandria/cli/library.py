"""Commands that look into the library: `show`, `status`, and `warm`."""

from typing import Annotated, Any

import typer
from sqlalchemy import func, select

from alexandria.bootstrap import Services, cache_answers
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
from alexandria.errors import UnavailableError
from alexandria.events import outbox
from alexandria.models import Resource
from alexandria.services.warming import MOST
from alexandria.tasks.status import broker_answers, queue_depths


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
            "classifier": _classifier(services),
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
    classifier = facts["classifier"]
    out.print(f"subjects are predicted by {classifier['in_use']}", highlight=False)
    if classifier["trained_at"]:
        out.print(
            f"last trained {classifier['trained_at']:%Y-%m-%d}: {classifier['reason']}",
            highlight=False,
        )
    columns = ["derivation", "fresh", "pending", "stale", "failed"]
    rows = [
        [name, *(str(figures[column]) for column in columns[1:])]
        for name, figures in facts["derivations"].items()
    ]
    out.print(as_table(columns, rows))


def _classifier(services: Services) -> dict[str, Any]:
    """Tell what predicts subjects, and what came of the last training."""
    last = next(iter(services.training.history(1)), None)
    names = ("producer", "is_accepted", "reason", "macro_f1", "old_macro_f1", "trained_at")
    return {"in_use": services.producer_of("classification")} | {
        name: getattr(last, name, None) for name in names
    }


def _facts(resource: Resource) -> dict[str, Any]:
    names = ("id", "external_id", "title", "authors", "year", "venue", "doi", "url", "language")
    more = ("tags", "subjects", "abstract", "content_revision", "metadata_revision")
    return {name: getattr(resource, name) for name in (*names, *more)}


def _ledger_rows(ledger: dict[str, dict[str, Any]]) -> list[list[str]]:
    return [
        [name, row["state"], row["producer"] or "", str(row["computed_at"] or "")]
        for name, row in sorted(ledger.items())
    ]


@app.command()
@handle_errors
def warm(
    limit: Annotated[int, typer.Option(help="Of each kind, at most.", min=1, max=1000)] = MOST,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have the cache hold what is read most, or, where nothing was read lately, used most."""
    del data
    require_library()
    if not cache_answers():
        raise UnavailableError(
            "The cache does not answer.",
            "Start the library (`alexandria up`), or look at REDIS_HOST.",
        )
    with reading() as session:
        counts = Services(session).warming.warm(limit)
    if as_json:
        print_json({"warmed": counts})
        return
    out.print(as_table(["values", "computed"], [[name, str(n)] for name, n in counts.items()]))
