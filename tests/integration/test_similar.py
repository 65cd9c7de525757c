"""What is like a resource, by one way or all, with the reason of each."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from alexandria.app import create_app
from alexandria.bootstrap import Services
from alexandria.db import reading, writing
from alexandria.protocols.extraction import Record
from in_process_worker import run_all


def papers() -> dict[str, str]:
    """Owls and hawks are alike in words; owls and stones cite the same work."""
    prey = "Birds of prey that hunt small animals."
    records = {
        "tides": Record(title="On tides", external_id="tides"),
        "owls": Record(title="How owls hunt", abstract=prey, cites=("tides",)),
        "hawks": Record(title="How hawks hunt", abstract=prey),
        "stones": Record(title="Bridges", abstract="Arches over rivers.", cites=("tides",)),
        "music": Record(title="Organ pipes", abstract="Sound of wooden flutes."),
    }
    with writing() as session:
        services = Services(session)
        made = {name: services.resources.create(record).id for name, record in records.items()}
    run_all()
    return made


def test_each_way_finds_its_own_and_says_why(either_with_redis: Path) -> None:
    del either_with_redis
    made = papers()
    with reading() as session:
        services = Services(session)
        by_meaning = services.similar.of(made["owls"], by="meaning")
        assert by_meaning[0].id == made["hawks"]
        assert by_meaning[0].reasons[0].startswith("Near in meaning: the cosine is 0.")
        assert {name for one in by_meaning for name in one.parts} == {"meaning"}
        (cited,) = services.similar.of(made["owls"], by="citations")
        assert (cited.id, cited.score) == (made["stones"], 1.0)
        assert cited.reasons == ["Both cite 1 work in common."]
        (both_cited,) = services.similar.of(made["tides"], by="citations") or (None,)
        assert both_cited is None, "what cites it shares no citation with it"
        words = services.similar.of(made["owls"], by="words")
        assert [one.id for one in words] == [made["hawks"]]
        assert words[0].reasons[0].startswith("Both have the words ")
        assert "prey" in words[0].reasons[0]


def test_all_ways_together_add_up_and_leave_out_what_is_deleted(either_with_redis: Path) -> None:
    del either_with_redis
    made = papers()
    with reading() as session:
        services = Services(session)
        found = {one.id: one for one in services.similar.of(made["owls"])}
        hawks, stones = found[made["hawks"]], found[made["stones"]]
        assert hawks.parts.keys() == {"meaning", "words"} if services.fulltext else {"meaning"}
        assert "citations" in stones.parts
        for one in found.values():
            assert len(one.reasons) == len(one.parts)
            total = sum(value * weight for value, weight in one.parts.values())
            assert one.score == pytest.approx(total, abs=1e-5)
    with writing() as session:
        Services(session).resources.delete(made["hawks"])
    with reading() as session:
        assert made["hawks"] not in [one.id for one in Services(session).similar.of(made["owls"])]


def test_the_api_takes_one_way_and_refuses_others(either_with_redis: Path) -> None:
    del either_with_redis
    made = papers()
    with writing() as session:
        token = Services(session).users.new_token("owner", "read")
    with TestClient(create_app(), headers={"Authorization": f"Bearer {token}"}) as client:
        place = f"/resources/{made['owls']}/similar"
        (one,) = client.get(f"{place}?by=citations").json()["items"]
        assert one["parts"] == {"citations": {"value": 1.0, "weight": 1.0}}
        assert one["reasons"] == ["Both cite 1 work in common."]
        assert one["similarity"] == 1.0
        assert len(client.get(f"{place}?limit=1").json()["items"]) == 1
        assert client.get(f"{place}?by=colour").status_code == 422
        assert client.get("/resources/unknown/similar?by=words").status_code == 404
