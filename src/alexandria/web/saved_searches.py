"""Saved searches on the search page: keep, open, rename, delete."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from alexandria.access import SignedIn, Writing
from alexandria.bootstrap import Services
from alexandria.errors import InvalidInputError
from alexandria.models import SavedSearch
from alexandria.services.saved_searches import ASKED, kept
from alexandria.services.search import SearchRequest
from alexandria.services.users import Identity
from alexandria.web.rendering import reader, same_site

router = APIRouter(prefix="/ui/saved-searches", dependencies=[Depends(reader), Depends(same_site)])

_WORDS: Mapping[str, str] = {
    "mode": "by {}",
    "sort": "sorted by {}",
    "year_from": "from {}",
    "year_to": "to {}",
    "min_quality": "quality {} and above",
}
_VALUES: Mapping[str, str] = {
    "by semantic": "by meaning",
    "by keyword": "by words",
    "sorted by year": "oldest first",
    "sorted by -year": "newest first",
    "sorted by -title": "sorted by title from Z",
    "sorted by created": "first added first",
    "sorted by -created": "last added first",
}
_NUMBERS: Mapping[str, type] = {"year_from": int, "year_to": int, "min_quality": float}


class SaveForm(BaseModel):
    """The name, and what stands in the search form, as text."""

    name: str = ""
    query: str = ""
    mode: str = "hybrid"
    sort: str = "relevance"
    year_from: str = ""
    year_to: str = ""
    author: str = ""
    subject: str = ""
    tag: str = ""
    min_quality: str = ""
    venue: str = ""
    type: str = ""
    language: str = ""

    def asked(self) -> SearchRequest:
        """Raise InvalidInputError for what can't be asked."""
        given = self.model_dump(include=set(ASKED))
        values: dict[str, Any] = {name: value for name, value in given.items() if value.strip()}
        for name in values.keys() & _NUMBERS.keys():
            try:
                values[name] = _NUMBERS[name](values[name])
            except ValueError as error:
                raise InvalidInputError(
                    f"{values[name][:40]!r} is no number.", "Go back and write it in digits."
                ) from error
        return SearchRequest(**values)


@router.post("")
def save(form: Annotated[SaveForm, Form()], services: Writing, who: SignedIn) -> RedirectResponse:
    """Keep the search whose parameters stand in the form."""
    saved = services.saved_searches.create(who.user_id, form.name, form.asked())
    services.session.commit()
    return RedirectResponse(address_of(saved), status_code=303)


@router.post("/{saved_id}/open")
def open_saved(saved_id: str, services: Writing, who: SignedIn) -> RedirectResponse:
    """Lead to the results; the reader has looked, and sees what is new since the time before."""
    saved = services.saved_searches.get(who.user_id, saved_id)
    before = services.saved_searches.look(saved)
    services.session.commit()
    return RedirectResponse(address_of(saved, before), status_code=303)


@router.post("/{saved_id}/rename")
def rename(
    saved_id: str, services: Writing, who: SignedIn, name: Annotated[str, Form()] = ""
) -> RedirectResponse:
    saved = services.saved_searches.get(who.user_id, saved_id)
    services.saved_searches.change(saved, name=name)
    services.session.commit()
    return RedirectResponse(address_of(saved), status_code=303)


@router.post("/{saved_id}/delete")
def delete(saved_id: str, services: Writing, who: SignedIn) -> RedirectResponse:
    services.saved_searches.delete(services.saved_searches.get(who.user_id, saved_id))
    services.session.commit()
    return RedirectResponse("/ui/", status_code=303)


def saved_of(
    services: Services, who: Identity, asked: SearchRequest, opened: str, since: str
) -> dict[str, Any]:
    """Give what the search page shows: all saved searches, which is open, and what is new in it.

    One that was opened and then changed, by a filter for example, is open no longer.
    """
    found = services.saved_searches.of(who.user_id)
    shown = next((one for one in found if one.id == opened and one.asked == kept(asked)), None)
    moment = _moment(since)
    new = services.saved_searches.new_of(shown, moment) if shown and moment else []
    return {
        "saved": [(one, len(services.saved_searches.new_of(one)), _words(one)) for one in found],
        "opened": shown,
        "since": moment,
        "new_ids": set(new),
    }


def address_of(saved: SavedSearch, since: datetime | None = None) -> str:
    """Give the address of the results; `since`: what came in later is marked as new."""
    asked = {"q" if name == "query" else name: value for name, value in saved.asked.items()}
    more = {"since": since.isoformat()} if since else {}
    return "/ui/?" + urlencode({**asked, "saved": saved.id, **more})


def _words(saved: SavedSearch) -> str:
    """Say in a line what is asked."""
    asked = saved.asked
    others = [name for name in ASKED if name in asked and name != "query"]
    parts = [_WORDS.get(name, f"{name} {{}}").format(asked[name]) for name in others]
    return ", ".join([asked.get("query", "everything"), *(_VALUES.get(one, one) for one in parts)])


def _moment(given: str) -> datetime | None:
    try:
        return datetime.fromisoformat(given).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
