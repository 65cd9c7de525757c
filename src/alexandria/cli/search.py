"""`alexandria search`: what the library has on a question, which can be kept under a name."""

import html
from collections.abc import Collection
from dataclasses import replace
from typing import Annotated, Any, cast, get_args

import typer
from rich.markup import escape

from alexandria.access import LONGEST_WAIT_SECONDS, wait_until_complete
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
from alexandria.cli.completion import choices
from alexandria.db import reading, writing
from alexandria.errors import InvalidInputError
from alexandria.log import configure_logging
from alexandria.services.saved_searches import request_of
from alexandria.services.search import SearchRequest
from alexandria.services.search.explanation import in_words
from alexandria.services.search.request import Mode

_DEFAULT_MODE = "hybrid"


@app.command()
@handle_errors
def search(
    query: Annotated[
        str | None,
        typer.Argument(
            help='Words, "an exact phrase", +required, -excluded, begin*, title:word, author:name, '
            "tag:name, year:2019-2021, or a DOI, arXiv id or ISBN."
        ),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            help=f"{_DEFAULT_MODE} (the default), keyword or semantic.",
            autocompletion=choices(get_args(Mode)),
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 10,
    saved: Annotated[
        str | None, typer.Option(metavar="NAME", help="Search as you saved it, and tell the new.")
    ] = None,
    save: Annotated[
        str | None, typer.Option(metavar="NAME", help="Save this search under a name.")
    ] = None,
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
    """Search the library. Saved searches are those of its owner."""
    del data
    _refuse_two_questions(query, mode, saved, save)
    configure_logging("ERROR")
    require_library()
    if wait_for is not None:
        wait_until_complete(wait_for, timeout)
    new: list[str] | None = None
    if saved is not None:
        request, new = _look(saved, limit, facets=as_json)
    else:
        asked_mode = cast("Mode", mode or _DEFAULT_MODE)
        request = SearchRequest(query or "", asked_mode, limit, facets=as_json)
    request = replace(request, explain=explain)
    if save is not None:
        with writing() as session:
            services = Services(session)
            services.saved_searches.create(services.users.ensure().id, save, request)
    with reading() as session:
        answer: dict[str, Any] = {**Services(session).search.search(request)}
    if new is not None:
        answer["new_ids"] = new
    if as_json:
        print_json(answer)
    else:
        _print(answer, new)


def _refuse_two_questions(
    query: str | None, mode: str | None, saved: str | None, save: str | None
) -> None:
    if query is None and saved is None:
        raise InvalidInputError(
            "Nothing is asked.", "Give a query, or the name of a saved search with --saved."
        )
    if saved is not None and (query, mode, save) != (None, None, None):
        raise InvalidInputError(
            "A saved search has its own query and mode.", "Give --saved alone, or a query."
        )


def _look(name: str, limit: int, *, facets: bool) -> tuple[SearchRequest, list[str]]:
    """Give what a saved search asks, and what is new in it since it was last looked at."""
    with writing() as session:
        services = Services(session)
        found = services.saved_searches.named(services.users.ensure().id, name)
        before = services.saved_searches.look(found)
        request = request_of(found, limit=limit, facets=facets)
    with reading() as session:
        return request, Services(session).search.found_since(request, before)


def _print(answer: dict[str, Any], new: Collection[str] | None) -> None:
    told = "" if new is None else f", {len(new)} new since you looked"
    out.print(f"{answer['total']} results in {answer['took_ms']:.0f} ms{told}", highlight=False)
    index = answer["index"]
    state = f"The index is complete through event {index['complete_through']}"
    if index["pending"]:
        state += f"; {index['pending']} changes are still to come"
    out.print(f"[dim]{state}.[/dim]", highlight=False)
    if answer["did_you_mean"]:
        out.print(f"Did you mean: {escape(answer['did_you_mean'])}", highlight=False)
    for hit in answer["results"]:
        mark = "[green]new[/green] " if hit["id"] in (new or ()) else ""
        line = " · ".join(filter(None, (", ".join(hit["authors"][:3]), str(hit["year"] or ""))))
        out.print(f"\n{mark}[bold]{escape(hit['title'])}[/bold]", highlight=False)
        for text in (line, plain_snippet(hit["snippet"], hit["title"]), hit["id"]):
            if text:
                out.print(escape(text), highlight=False)
        for sentence in in_words(hit["explanation"]) if "explanation" in hit else ():
            out.print(f"  [dim]{escape(sentence)}[/dim]", highlight=False)


def plain_snippet(snippet: str, title: str) -> str:
    """Give the snippet without marks, and without the title that it may begin with."""
    marked = snippet.replace("<mark>", "").replace("</mark>", "")
    text = " ".join(html.unescape(marked).split())
    title = " ".join(title.split())
    rest = text[len(title) :]
    begins_with_title = text[: len(title)].lower() == title.lower() and not rest[:1].isalnum()
    return rest.lstrip(" .:…") if begins_with_title else text
