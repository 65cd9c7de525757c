"""What readers do on the pages is noted, once, can be taken back, and what is learned is shown."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from alexandria.app import create_app
from alexandria.bootstrap import Services
from alexandria.db import now, reading, writing
from alexandria.models import Interaction, LedgerRow, QualityFinding
from alexandria.protocols.extraction import Record
from alexandria.services.interactions import VIEW_WINDOW
from alexandria.services.profile_ledger import PROFILE, USER
from alexandria.tasks.celery_tasks import detect_quality_outliers, monitor_quality_degradation
from in_process_worker import run_all


@pytest.fixture
def client(either_with_redis: Path) -> Iterator[TestClient]:
    with signed_in("write") as one:
        yield one


def signed_in(scope: str) -> TestClient:
    with writing() as session:
        token = Services(session).users.new_token("owner", scope)
    headers = {"Authorization": f"Bearer {token}"}
    return TestClient(create_app(), headers=headers, follow_redirects=True)


def made(*records: Record) -> list[str]:
    with writing() as session:
        services = Services(session)
        return [services.resources.create(record).id for record in records]


def owls() -> str:
    (one,) = made(Record(title="How owls hunt", tags=("birds",), authors=("Ada Moe",)))
    return one


def did() -> list[tuple[str, str]]:
    with reading() as session:
        rows = session.scalars(select(Interaction).order_by(Interaction.id))
        return [(row.resource_id, row.interaction_type) for row in rows]


def test_opening_a_page_is_one_view_within_half_an_hour(client: TestClient) -> None:
    one = owls()
    for _ in range(2):
        assert client.get(f"/ui/resources/{one}").status_code == 200
    assert did() == [(one, "view")]
    with writing() as session:
        earlier = now() - VIEW_WINDOW - timedelta(minutes=1)
        session.execute(update(Interaction).values(created_at=earlier))
    page = client.get(f"/ui/resources/{one}").text
    assert did() == [(one, "view")] * 2
    assert "user.interaction_tracked" not in page, "what readers do is no history of the resource"
    history = client.get(f"/resources/{one}/history").json()
    names = {event["name"] for event in history["events"]}
    assert "resource.created" in names
    assert "user.interaction_tracked" not in names


def test_no_view_is_noted_of_what_no_reader_opened(client: TestClient) -> None:
    one = owls()
    client.get(f"/ui/resources/{one}", headers={"Sec-Purpose": "prefetch;prerender"})
    client.get(f"/resources/{one}")
    client.get(f"/ui/resources/{one}/ledger")
    with signed_in("read") as onlooker:
        assert onlooker.get(f"/ui/resources/{one}").status_code == 200
    assert did() == []


def test_a_save_on_the_page_is_taken_back_and_all_follows(client: TestClient) -> None:
    one = owls()
    run_all()
    for _ in range(2):
        page = client.post(f"/ui/resources/{one}/save").text
    assert "Take back" in page
    assert did().count((one, "save")) == 1
    run_all()
    assert "Take back" not in client.post(f"/ui/resources/{one}/save/undo").text
    assert (one, "save") not in did()
    with reading() as session:
        owner = Services(session).users.ensure().id
        row = session.get_one(LedgerRow, (USER, owner, PROFILE))
        assert row.due_at is not None
        assert row.wanted_content == len(did())
        assert session.get_one(LedgerRow, ("resource", one, "quality")).due_at is not None
    page = client.post(f"/ui/for-you/{one}/save").text
    assert f"/ui/for-you/{one}/save/undo" in page
    client.post(f"/ui/for-you/{one}/save/undo")
    assert (one, "save") not in did()
    assert client.post("/ui/resources/unknown/save").status_code == 404


def test_the_page_tells_what_is_learned_of_the_reader(client: TestClient) -> None:
    assert "Nothing yet. What you open" in client.get("/ui/for-you").text
    one = owls()
    client.post(f"/ui/resources/{one}/save")
    page = client.get("/ui/for-you").text
    assert "the first profile follows within a day" in page
    with writing() as session:
        services = Services(session)
        owner = services.users.ensure().id
        services.profiles._update_learned_preferences(owner)
    page = client.get("/ui/for-you").text
    assert "From 2 of 2 things that you did" in page, "a save, and the page that it led to"
    panel = page[page.index('id="profile"') :]
    for learned in ("How owls hunt", "/ui/?tag=birds", "Ada Moe"):
        assert learned in panel


def good(number: int) -> Record:
    return Record(
        title=f"On tides {number}", authors=("Ada Moe",), year=2020, abstract="Long. " * 30
    )


def listed(client: TestClient, show: str = "") -> str:
    return client.get(f"/ui/review/quality?show={show}").text


def test_what_the_looks_at_quality_found_is_listed_until_it_is_seen(client: TestClient) -> None:
    assert "Nothing fell" in listed(client)
    ids = made(*(good(n) for n in range(12)), Record(title="scan.pdf"))
    run_all()
    assert detect_quality_outliers.apply().get() == 1
    page = listed(client)
    assert "1 finding<" in page
    assert "The overall score is " in page
    client.post(f"/ui/review/quality/{ids[-1]}/outlier/seen")
    assert "scan.pdf" not in listed(client)
    assert "scan.pdf" in listed(client, "seen")
    detect_quality_outliers.apply().get()
    assert "scan.pdf" not in listed(client), "seen, and no worse"
    with writing() as session:
        session.execute(update(QualityFinding).values(score=QualityFinding.score + 0.1))
    detect_quality_outliers.apply().get()
    assert "scan.pdf" in listed(client), "it fell since"
    client.post(f"/ui/review/quality/{ids[-1]}/outlier/seen")
    client.post(f"/ui/review/quality/{ids[-1]}/outlier/seen/undo")
    assert "scan.pdf" in listed(client)
    with writing() as session:
        Services(session).resources.delete(ids[-1])
    assert "scan.pdf" not in listed(client)
    detect_quality_outliers.apply().get()
    with reading() as session:
        assert session.scalars(select(QualityFinding)).all() == []
    gone = client.post(f"/ui/review/quality/{ids[-1]}/outlier/seen")
    assert gone.status_code == 404


def test_a_fall_is_listed_until_it_is_made_good(client: TestClient) -> None:
    ids = made(*(good(n) for n in range(3)))
    run_all()
    monitor_quality_degradation.apply().get()
    with writing() as session:
        worse = {"abstract": None, "year": None, "authors": []}
        Services(session).resources.update(ids[0], worse)
    run_all()
    assert monitor_quality_degradation.apply().get() == 1
    page = listed(client)
    assert "On tides 0" in page
    assert "The score fell from " in page
    with writing() as session:
        better = {"abstract": "Long. " * 30, "year": 2020, "authors": ["Ada Moe"]}
        Services(session).resources.update(ids[0], better)
    run_all()
    monitor_quality_degradation.apply().get()
    assert "On tides 0" not in listed(client)
