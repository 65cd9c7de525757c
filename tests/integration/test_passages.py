"""Sentences deep inside long documents are found by meaning, shown, and opened at their place."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from alexandria.app import create_app
from alexandria.bootstrap import Services
from alexandria.db import reading, writing
from alexandria.models import PassageRow
from alexandria.protocols.extraction import Record
from alexandria.services import passages
from alexandria.services.search import SearchRequest
from derived_data import all_is_done, nothing_is_silently_stale
from in_process_worker import run_all

FILLER = [
    f"Chapter {number} goes on with bookkeeping, invoices and the yearly report of the office."
    for number in range(60)
]
WHALES = "Blue whales sing so deeply that their calls carry across the whole southern ocean."
BREAD = "Sourdough needs a night to rise, since wild yeast ferments the flour slowly."


def thesis(sentence: str) -> Record:
    return Record(
        title="Notes of an office",
        abstract="What an office does in a year.",
        text=" ".join([*FILLER[:40], sentence, *FILLER[40:]]),
    )


def add(*records: Record) -> list[str]:
    with writing() as session:
        ids = [Services(session).resources.create(one).id for one in records]
    run_all()
    return ids


def found(query: str, mode: Any = "semantic") -> list[Any]:
    with reading() as session:
        return Services(session).search.search(SearchRequest(query, mode))["results"]


def change(resource_id: str, **fields: Any) -> None:
    with writing() as session:
        Services(session).resources.update(resource_id, fields)
    run_all()


@pytest.mark.parametrize("mode", ["semantic", "hybrid"])
def test_the_passage_is_found_and_shown(either_with_redis: Path, mode: str) -> None:
    whales, bread = add(thesis(WHALES), thesis(BREAD))

    for one, question in ((whales, "songs of marine mammals"), (bread, "baking with yeast")):
        first = found(question, mode)[0]
        assert first["id"] == one
        passage = first["passage"]
        with reading() as session:
            content = Services(session).resources.get(one).content
        assert content[passage["start"] : passage["end"]] == passage["text"]
        assert (WHALES if one == whales else BREAD) in passage["text"]


def test_what_is_edited_and_deleted_and_restored_follows(either_with_redis: Path) -> None:
    one, other = add(thesis(WHALES), thesis("Nothing else happened in that year at all."))
    change(one, content=thesis(BREAD).text)
    assert BREAD in found("baking with yeast")[0]["passage"]["text"]
    assert WHALES not in str(found("songs of marine mammals")[0]["passage"])

    with writing() as session:
        Services(session).resources.delete(one)
    run_all()
    assert [hit["id"] for hit in found("baking with yeast")] == [other]
    all_is_done()

    with writing() as session:
        Services(session).resources.restore(one)
    run_all()
    assert found("baking with yeast")[0]["id"] == one
    all_is_done()
    nothing_is_silently_stale()


def test_a_long_text_is_finished_in_several_runs(
    either_with_redis: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passages, "AT_ONCE", 7)
    (one,) = add(thesis(WHALES))

    with reading() as session:
        row = session.scalars(select(PassageRow).where(PassageRow.resource_id == one)).one()
        assert row.complete
    assert WHALES in found("songs of marine mammals")[0]["passage"]["text"]
    all_is_done()


def test_a_passage_of_an_older_text_is_not_shown(either_with_redis: Path) -> None:
    (one,) = add(thesis(WHALES))
    with writing() as session:
        Services(session).resources.update(one, {"content": "Short now."})

    assert found("songs of marine mammals")[0]["passage"] is None


def test_the_page_opens_at_the_passage(either_with_redis: Path) -> None:
    (one,) = add(thesis(WHALES))
    passage = found("songs of marine mammals")[0]["passage"]
    with writing() as session:
        link = Services(session).users.new_sign_in_link()
    with TestClient(create_app()) as client:
        client.get("/ui/sign-in", params={"token": link})
        page = client.get("/ui/", params={"q": "songs of marine mammals", "mode": "semantic"})
        place = f"/ui/resources/{one}?start={passage['start']}&amp;end={passage['end']}#passage"
        assert place in page.text
        shown = client.get(place.replace("&amp;", "&").removesuffix("#passage"))
        assert f'<mark id="passage">{passage["text"]}</mark>' in shown.text
        for odd in ("start=5&end=2", "start=0&end=99999999", "start=x&end=y", "start=-1&end=4"):
            assert '<mark id="passage">' not in client.get(f"/ui/resources/{one}?{odd}").text
