"""`alexandria duplicates`: the pairs of resources that may be one."""

from typing import Annotated, Any

import typer
from rich.markup import escape

from alexandria.bootstrap import Services
from alexandria.cli.common import (
    DataOption,
    JsonOption,
    app,
    handle_errors,
    out,
    print_json,
    require_library,
)
from alexandria.db import reading
from alexandria.models import Resource
from alexandria.services.near_duplicates import LARGEST_PAGE, Suggestion

Limit = Annotated[int, typer.Option(help="At most so many.", min=1, max=LARGEST_PAGE)]
Dismissed = Annotated[bool, typer.Option("--dismissed", help="Those that were dismissed.")]


@app.command()
@handle_errors
def duplicates(
    limit: Limit = 50,
    dismissed: Dismissed = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List pairs of resources that may be one, the likeliest first."""
    del data
    require_library()
    with reading() as session:
        page = Services(session).suggestions.page(limit, dismissed=dismissed)
        items = [_facts(one) for one in page.items]
    if as_json:
        print_json({"total": page.total, "items": items})
        return
    for one in items:
        out.print(f"[b]{one['score']:.2f}[/b]  {' '.join(r['words'] for r in one['evidence'])}")
        for side in ("first", "second"):
            out.print(f"      {one[side]['id']}  {escape(_line(one[side]))}", highlight=False)
    shown = f", {len(items)} shown" if len(items) < page.total else ""
    out.print(f"{page.total} suggestions{shown}", highlight=False)


def _facts(suggestion: Suggestion) -> dict[str, Any]:
    return {
        "id": suggestion.id,
        "score": suggestion.score,
        "first": _resource(suggestion.first),
        "second": _resource(suggestion.second),
        "evidence": [
            {"name": one.name, "value": one.value, "words": one.words} for one in suggestion.reasons
        ],
        "dismissed_at": suggestion.dismissed_at,
    }


def _resource(resource: Resource) -> dict[str, Any]:
    names = ("id", "title", "authors", "year", "venue", "doi")
    return {name: getattr(resource, name) for name in names}


def _line(facts: dict[str, Any]) -> str:
    authors = facts["authors"]
    people = ", ".join(authors[:3]) + (" and others" if len(authors) > 3 else "")
    return " · ".join(str(one) for one in (facts["title"], people, facts["year"]) if one)
