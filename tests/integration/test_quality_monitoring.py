"""Quality over time: what fell, what lies far below the others, and what the nightly tasks tell."""

from pathlib import Path

from fastapi.testclient import TestClient

from alexandria import cache_keys
from alexandria.app import create_app
from alexandria.bootstrap import Services, cache
from alexandria.db import reading, writing
from alexandria.protocols.extraction import Record
from alexandria.services.quality_monitoring import usual
from alexandria.tasks.celery_tasks import (
    cleanup_expired_cache,
    detect_quality_outliers,
    monitor_quality_degradation,
)
from in_process_worker import empty_library, own_redis


def made(*records: Record) -> list[str]:
    with writing() as session:
        services = Services(session)
        ids = [services.resources.create(record).id for record in records]
        services.quality.compute_qualities(ids)
        return ids


def look() -> list[str]:
    with writing() as session:
        found = Services(session).quality_monitor.look_for_degradation()
        return [one["resource_id"] for one in found]


def good(number: int) -> Record:
    return Record(
        title=f"On tides {number}", authors=("Ada Moe",), year=2020, abstract="Long. " * 30
    )


def test_a_fall_is_told_of_once_and_the_first_look_tells_nothing(either_library: Path) -> None:
    first, second = made(good(1), good(2))
    assert look() == []
    with writing() as session:
        Services(session).resources.update(first, {"abstract": None, "year": None, "authors": []})
    assert look() == [first]
    assert look() == [], "told already"
    with writing() as session:
        Services(session).resources.delete(second)
    assert look() == []


def test_outliers_say_why_and_few_resources_have_none(either_library: Path) -> None:
    bad = Record(title="scan.pdf")
    made(*(good(n) for n in range(5)), bad)
    with reading() as session:
        assert Services(session).quality_monitor.outliers(10) == (0, [])
    made(*(good(n) for n in range(5, 20)))
    with reading() as session:
        monitor = Services(session).quality_monitor
        total, found = monitor.outliers(10)
        assert total == 1
        assert found[0]["title"] == "scan.pdf"
        assert any(why.startswith("The overall score is ") for why in found[0]["why"])
        assert monitor.told_outliers()[0]["resource_id"] == found[0]["resource_id"]


def review(seen: bool = False) -> list[tuple[str, str]]:
    with reading() as session:
        total, found = Services(session).quality_review.page(10, seen=seen)
        assert total == len(found)
        return [(one.kind, one.resource_id) for one in found]


def test_a_finding_is_listed_until_it_is_seen_and_anew_when_it_gets_worse(
    either_library: Path,
) -> None:
    first, second = made(good(1), good(2))
    with writing() as session:
        user = Services(session).users.add("ada").id

    def note(score: float, *outliers: str) -> None:
        told = [{"resource_id": one, "overall": score, "why": ["It is low."]} for one in outliers]
        with writing() as session:
            Services(session).quality_review.note_outliers(told)

    note(0.3, first, second)
    assert review() == [("outlier", one) for one in sorted((first, second))]
    with writing() as session:
        Services(session).quality_review.mark_seen(user, first, "outlier")
    note(0.3, first, second)
    assert (review(), review(seen=True)) == ([("outlier", second)], [("outlier", first)])
    note(0.2, first)
    assert (review(), review(seen=True)) == ([("outlier", first)], []), "lower; second is none"
    fall = {"resource_id": first, "before": 0.61, "now": 0.5}
    for _ in range(2):
        with writing() as session:
            services = Services(session)
            services.quality_review.note_falls([fall])
        assert ("degradation", first) in review(), "each fall is new"
        with writing() as session:
            assert Services(session).quality_review.mark_all_seen(user) >= 1
        assert review() == []
    with writing() as session:
        Services(session).resources.delete(first)
    assert review(seen=True) == []


def test_the_page_says_why_and_takes_off_what_was_seen(tmp_path: Path) -> None:
    with own_redis(tmp_path), empty_library(tmp_path):
        made(*(good(n) for n in range(12)), Record(title="scan.pdf"))
        detect_quality_outliers.apply().get()
        with writing() as session:
            users = Services(session).users
            tokens = {scope: users.new_token("owner", scope) for scope in ("write", "read")}
        headers = {"Authorization": f"Bearer {tokens['write']}"}
        with TestClient(create_app(), headers=headers, follow_redirects=True) as client:
            ((kind, one),) = review()
            path = f"/ui/review/quality/{one}/{kind}/seen"
            text = client.get("/ui/review/quality").text
            assert "scan.pdf" in text
            assert "The overall score is " in text
            refused = {"Authorization": f"Bearer {tokens['read']}"}
            assert client.post(path, headers=refused).status_code == 403
            assert "Nothing is waiting" in client.post(path).text
            assert "scan.pdf" in client.get("/ui/review/quality?show=seen").text
            client.post(f"{path}/undo")
            assert review() == [(kind, one)]
            assert client.post(f"/ui/review/quality/unknown/{kind}/seen").status_code == 404


def test_equal_scores_have_no_outliers() -> None:
    one = usual([0.5] * 20)
    assert one is not None
    assert one.threshold < 0.5
    assert usual([0.5] * 7) is None


def test_the_nightly_tasks_tell_what_they_find(tmp_path: Path) -> None:
    with own_redis(tmp_path), empty_library(tmp_path):
        made(*(good(n) for n in range(12)), Record(title="scan.pdf"))
        assert monitor_quality_degradation.apply().get() == 0
        assert detect_quality_outliers.apply().get() == 1
        for key in (cache_keys.recommendations("a reader"), "search_query:1"):
            cache().get(key)
            cache().set(key, ["something"])
        assert cleanup_expired_cache.apply().get() == 2
        assert cache().get(cache_keys.recommendations("a reader")) is None
