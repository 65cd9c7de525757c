"""`alexandria lookup`: what public services say of a resource, or of an identifier."""

from typing import Annotated, Any

import typer

from alexandria.bootstrap import Services
from alexandria.cli.common import (
    FAILED,
    DataOption,
    JsonOption,
    app,
    as_table,
    handle_errors,
    out,
    print_json,
    require_library,
)
from alexandria.cli.completion import choices
from alexandria.db import get_engine, new_id, writing
from alexandria.events import outbox
from alexandria.log import configure_logging
from alexandria.migrations import require_current
from alexandria.protocols.lookups import SCHEMES, read_identifier
from alexandria.services.lookup_comparison import COMPARED, Suggestion
from alexandria.tasks.hooks import register_all_hooks


@app.command()
@handle_errors
def lookup(
    target: Annotated[
        str,
        typer.Argument(metavar="ID|IDENTIFIER", help="A resource, or DOI, arXiv id, ISBN, PMID."),
    ],
    use: Annotated[
        list[str] | None,
        typer.Option(
            help="Write this field into the resource; several times for several fields.",
            autocompletion=choices(COMPARED),
        ),
    ] = None,
    scheme: Annotated[
        str | None,
        typer.Option(
            help="Whose suggestion --use takes, where there are several.",
            autocompletion=choices(SCHEMES),
        ),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what public services say: beside the fields of a resource, or of an identifier alone.

    They are asked only for what is not known yet. To add what an identifier names, give it to
    `alexandria ingest`.
    """
    del data
    configure_logging("ERROR")
    require_library()
    require_current(get_engine())
    register_all_hooks()
    if identifier := read_identifier(target):
        with writing() as session:
            record = Services(session).lookups.find(identifier, by=f"command:{new_id()}")
        facts = record.to_dict()
        print_json(facts) if as_json else _print_facts(facts)
        return
    found, event_id = _of_resource(target, use, scheme)
    if as_json:
        report = [_facts(one) for one in found]
        print_json({"resource_id": target, "suggestions": report, "event_id": event_id})
    else:
        _print_suggestions(found, event_id)
    if any(one.state not in {"found", "unknown"} for one in found):
        raise typer.Exit(FAILED)


def _of_resource(
    resource_id: str, use: list[str] | None, scheme: str | None
) -> tuple[list[Suggestion], int | None]:
    """Ask what is to be asked, take over what is to be used; give what there is then."""
    with writing() as session:
        services = Services(session)
        resource = services.resources.get(resource_id)
        services.lookups.request(resource)
        services.lookups.ask_for(resource_id, by=f"command:{new_id()}")
        event_id = None
        if use:
            services.lookup_comparison.accept(resource_id, use, scheme)
            session.commit()
            event_id = outbox.last_event_id(session)
        return services.lookup_comparison.suggestions(resource), event_id


def _facts(one: Suggestion) -> dict[str, Any]:
    return {
        "scheme": one.identifier.scheme,
        "value": one.identifier.value,
        "state": one.state,
        "service": one.row and one.row.service,
        "fetched_at": one.row and one.row.fetched_at,
        "error": one.row and one.row.error,
        "fields": [
            {"name": f.name, "ours": f.ours, "theirs": f.theirs, "differs": f.differs}
            for f in one.fields
        ],
    }


def _print_suggestions(found: list[Suggestion], event_id: int | None) -> None:
    for one in found:
        service = one.row and one.row.service
        said = (one.row and one.row.error) or f"{len(one.differing)} fields differ"
        heading = f"{one.identifier}, {service or 'no service'}: {one.state}, {said}"
        out.print(heading, highlight=False, markup=False, style="bold")
        if one.differing:
            rows = [[f.name, _shown(f.ours), _shown(f.theirs)] for f in one.differing]
            out.print(as_table(["field", "here", str(service)], rows))
    if event_id is not None:
        out.print(f"Written; event {event_id}", highlight=False)


def _print_facts(facts: dict[str, Any]) -> None:
    for name, value in facts.items():
        out.print(f"{name}: {_shown(value)}", highlight=False, markup=False)


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return "; ".join(f"{name} {one}" for name, one in value.items())
    return "" if value is None else str(value)
