"""What readers are recommended, from what it follows, and that it never goes stale silently."""

from datetime import timedelta
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import select, update

from alexandria.app import create_app
from alexandria.bootstrap import Services
from alexandria.db import now, reading, writing
from alexandria.models import CoReading, LedgerRow, OutboxEvent, ReaderProfile
from alexandria.protocols.extraction import Record
from alexandria.services.profile_ledger import PROFILE, USER
from in_process_worker import run_all, waiting

BIRDS = ("owls", "hawks", "eagles", "falcons", "kites", "storks")


def birds() -> dict[str, str]:
    """Make a paper of each bird and one of bridges; give name to id."""
    with writing() as session:
        services = Services(session)
        made = {
            name: services.resources.create(
                Record(
                    title=f"How {name} hunt",
                    abstract=f"The {name} are birds of prey that hunt small animals.",
                    tags=("birds",),
                    external_id=name,
                    cites=("owls",) if name == "hawks" else (),
                )
            ).id
            for name in BIRDS
        }
        bridges = Record(title="Bridges of stone", abstract="Arches carry loads over rivers.")
        made["bridges"] = services.resources.create(bridges).id
    run_all()
    return made


def reader(name: str) -> str:
    with writing() as session:
        return Services(session).users.add(name).id


def did(user_id: str, resource_id: str, what: str = "save", rating: float | None = None) -> None:
    with writing() as session:
        Services(session).interactions.track(user_id, resource_id, what, rating)


def recommended(user_id: str, limit: int = 20) -> dict[str, str]:
    """Give id to reason, the best first."""
    with reading() as session:
        found = Services(session).recommendations.recommend(user_id, limit)
        return {one.resource_id: one.reason for one in found}


def state(user_id: str) -> LedgerRow:
    with reading() as session:
        return session.get_one(LedgerRow, (USER, user_id, PROFILE))


def test_a_reader_who_did_nothing_is_shown_what_is_new_and_good(either_with_redis: Path) -> None:
    del either_with_redis
    found = recommended(reader("ada"))
    assert found == {}, "of an empty library"
    made = birds()
    found = recommended(reader("bo"))
    assert found.keys() == set(made.values())
    assert set(found.values()) == {"New in the library, and its record is good."}


def test_one_reader_alone_is_recommended_what_is_like_it_and_what_cites_it(
    either_with_redis: Path,
) -> None:
    del either_with_redis
    made, ada = birds(), reader("ada")
    did(ada, made["owls"])
    found = recommended(ada)
    assert made["owls"] not in found
    assert found[made["hawks"]] == "It cites “How owls hunt”."
    assert found[made["eagles"]] == "Because you saved “How owls hunt”."
    assert list(found)[-1] == made["bridges"]


def test_what_the_reader_does_changes_the_answer_at_once(either_with_redis: Path) -> None:
    del either_with_redis
    made, ada = birds(), reader("ada")
    did(ada, made["owls"])
    first = next(iter(recommended(ada)))
    did(ada, first, "view")
    assert first not in recommended(ada)
    with writing() as session:
        gone = next(iter(recommended(ada)))
        Services(session).resources.delete(gone)
    assert gone not in recommended(ada)


def test_a_dismissal_is_respected_until_it_is_undone(either_with_redis: Path) -> None:
    del either_with_redis
    made = birds()
    with writing() as session:
        token = Services(session).users.new_token("owner", "write")
    with TestClient(create_app(), headers={"Authorization": f"Bearer {token}"}) as client:
        hawks = made["hawks"]

        def shown() -> list[str]:
            items = client.get("/recommendations?limit=50").json()["items"]
            return [one["resource_id"] for one in items]

        assert hawks in shown()
        assert client.post(f"/recommendations/{hawks}/dismiss").json()["dismissed"] is True
        assert client.post(f"/recommendations/{hawks}/dismiss").status_code == 200, "again"
        assert hawks not in shown()
        assert client.post(f"/recommendations/{hawks}/dismiss/undo").status_code == 200
        assert hawks in shown()
        assert client.post("/recommendations/unknown/dismiss").status_code == 404


def test_every_tenth_interaction_refreshes_the_profile(either_with_redis: Path) -> None:
    del either_with_redis
    made, ada = birds(), reader("ada")
    for n in range(9):
        did(ada, made[BIRDS[n % 6]], "view")
    run_all()
    assert state(ada).due_at is not None, "pending, though no task waits"
    with reading() as session:
        assert session.get(ReaderProfile, ada) is None
    did(ada, made["owls"], "view")
    (task,) = [one for one in waiting() if one.task == "refresh_recommendation_profile_task"]
    assert task.args == (ada,)
    run_all()
    row = state(ada)
    assert (row.due_at, row.content_revision, row.wanted_content) == (None, 10, 10)
    with reading() as session:
        profile = session.get_one(ReaderProfile, ada)
        assert profile.interactions == 10
        assert profile.preferences["tags"].keys() == {"birds"}
        events = session.scalars(select(OutboxEvent.name)).all()
        assert events.count("user.profile_updated") == 1
    did(ada, made["owls"], "view")
    assert state(ada).due_at is not None


def test_a_lost_refresh_is_queued_again_and_a_change_during_it_leaves_it_due(
    either_with_redis: Path,
) -> None:
    del either_with_redis
    made, ada = birds(), reader("ada")
    did(ada, made["owls"])
    with writing() as session:
        session.execute(
            update(LedgerRow)
            .where(LedgerRow.subject_id == ada)
            .values(due_at=now() - timedelta(hours=2))
        )
    with writing() as session:
        ledger = Services(session).profile_ledger
        assert ledger.overdue(10) == [ada]
        marks = ledger.wanted(ada)
        assert marks is not None
    did(ada, made["hawks"])
    with writing() as session:
        Services(session).profile_ledger.learned(ada, 1, "a profile", marks)
    assert state(ada).due_at is not None


def test_a_deletion_and_a_merge_make_the_profiles_of_readers_due(either_with_redis: Path) -> None:
    del either_with_redis
    made, ada = birds(), reader("ada")
    did(ada, made["owls"])
    did(ada, made["kites"])

    def refresh() -> None:
        with writing() as session:
            assert Services(session).profiles._update_learned_preferences(ada)
        assert state(ada).due_at is None

    refresh()
    with writing() as session:
        Services(session).resources.delete(made["kites"])
    assert state(ada).due_at is not None
    refresh()
    with reading() as session:
        assert session.get_one(ReaderProfile, ada).preferences["seeds"].keys() == {made["owls"]}
    with writing() as session:
        Services(session).merging.merge(made["hawks"], made["owls"])
    assert state(ada).due_at is not None
    refresh()
    with reading() as session:
        assert session.get_one(ReaderProfile, ada).preferences["seeds"].keys() == {made["hawks"]}


def test_readers_are_compared_and_bad_ratings_teach_nothing(either_with_redis: Path) -> None:
    del either_with_redis
    made = birds()
    several = [reader(name) for name in ("ada", "bo", "cy", "di")]
    for one in several[:3]:
        did(one, made["owls"])
        did(one, made["bridges"])
    did(several[3], made["owls"])
    did(several[3], made["kites"], "rate", 1.0)
    with reading() as session:
        found = Services(session).co_readings.compare()
    with writing() as session:
        assert Services(session).co_readings.keep(found) == 4
    with reading() as session:
        best = session.get_one(CoReading, several[3]).found
        assert made["bridges"] in [one for one, _ in best[:2]]
        assert made["owls"] not in [one for one, _ in best]
    found = recommended(several[3])
    assert found[made["bridges"]] == "Readers of “How owls hunt” also read it."
    assert made["kites"] not in found


def test_comparing_an_empty_library_finds_nobody(either_with_redis: Path) -> None:
    del either_with_redis
    with writing() as session:
        co_readings = Services(session).co_readings
        assert co_readings.keep(co_readings.compare()) == 0


def test_the_page_shows_reasons_and_lets_readers_save_and_dismiss(either_with_redis: Path) -> None:
    del either_with_redis
    made = birds()
    with writing() as session:
        token = Services(session).users.new_token("owner", "write")
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(create_app(), headers=headers, follow_redirects=True) as client:
        owls, hawks = made["owls"], made["hawks"]
        assert "New in the library" in client.get("/ui/for-you").text
        page = client.post(f"/ui/for-you/{owls}/save").text
        assert "“How owls hunt” is saved." in page
        assert "It cites “How owls hunt”." in page
        page = client.post(f"/ui/for-you/{hawks}/dismiss").text
        assert f"/ui/for-you/{hawks}/dismiss/undo" in page
        assert f'href="/ui/resources/{hawks}"' not in page
        page = client.post(f"/ui/for-you/{hawks}/dismiss/undo").text
        assert f'href="/ui/resources/{hawks}"' in page
