"""Look-ups against a server that answers as the public services do, on both databases."""

import itertools
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import select

from alexandria.adapters.lookups.pace import AWAY_FACTOR, LONGEST_WAIT_SECONDS, RedisPace
from alexandria.bootstrap import Services, broker_client
from alexandria.config import get_settings
from alexandria.db import now, reading, writing
from alexandria.errors import (
    ConflictError,
    ExtractionError,
    InvalidInputError,
    NotYetError,
    PreconditionFailedError,
    SwitchedOffError,
    TransientError,
)
from alexandria.models import Lookup
from alexandria.protocols.extraction import Record
from alexandria.protocols.lookups import Identifier
from alexandria.services.lookup_rows import ATTEMPTS
from in_process_worker import own_redis
from lookup_services import (
    BROKEN_DOI,
    CONTACT,
    DATACITE_DOI,
    HUGE_DOI,
    KNOWN_DOI,
    ODD_DOI,
    UNKNOWN_DOI,
    public_services,
)
from lookup_services import Services as Public


@pytest.fixture
def public(either_library: Path) -> Iterator[Public]:
    with public_services() as services:
        yield services


def make(**fields: object) -> str:
    values = {"title": "Deep learning", "authors": ("Y. LeCun",)} | fields
    with writing() as session:
        return Services(session).resources.create(Record(**values)).id  # type: ignore[arg-type]


def ask(resource_id: str, by: str = "a task") -> list[Lookup]:
    with writing() as session:
        return Services(session).lookups.ask_for(resource_id, by)


def row(scheme: str, value: str) -> Lookup:
    with reading() as session:
        found = session.scalar(select(Lookup).where(Lookup.scheme == scheme, Lookup.value == value))
        assert found
        return found


def age(scheme: str, value: str, days: float) -> None:
    """Let the answer be so old."""
    with writing() as session:
        found = session.get_one(Lookup, row(scheme, value).id)
        found.fetched_at = now() - timedelta(days=days)


def due() -> list[str]:
    with reading() as session:
        return Services(session).lookups.due(100)


def request(resource_id: str) -> list[str]:
    with writing() as session:
        services = Services(session)
        return list(map(str, services.lookups.request(services.resources.get(resource_id))))


def test_each_scheme_is_asked_where_it_is_known(public: Public) -> None:
    one = make(
        doi=KNOWN_DOI, arxiv_id="1706.03762", isbn="9780140328721", extra={"pmid": "PMID: 9997"}
    )
    assert ask(one) == []
    states = {
        name: (found.state, found.service, (found.payload or {})["title"])
        for name, found in (
            (scheme, row(scheme, value))
            for scheme, value in (
                ("doi", KNOWN_DOI),
                ("arxiv", "1706.03762"),
                ("isbn", "9780140328721"),
                ("pmid", "9997"),
            )
        )
    }
    assert states == {
        "doi": ("found", "Crossref", "Deep learning"),
        "arxiv": ("found", "arXiv", "Attention Is All You Need"),
        "isbn": ("found", "Open Library", "Fantastic Mr. Fox"),
        "pmid": (
            "found",
            "PubMed",
            (
                "Magnetic studies of Chromatium flavocytochrome C552. A mechanism for heme-flavin "
                "interaction"
            ),
        ),
    }
    assert due() == []


def test_services_are_told_whom_to_write_to_and_what_is_wanted(public: Public) -> None:
    ask(make(doi=KNOWN_DOI))
    ((_, path, headers),) = public.asked
    assert path == "/crossref/works/10.1038%2Fnature14539?mailto=library%40institute.test"
    assert f"mailto:{CONTACT})" in headers["User-Agent"]
    assert headers["User-Agent"].startswith("Alexandria/")
    assert headers["Accept"] == "application/json"


def test_datacite_is_asked_for_what_crossref_does_not_know(public: Public) -> None:
    ask(make(doi=DATACITE_DOI))
    assert [path.split("/")[1] for path in public.paths()] == ["crossref", "datacite"]
    assert row("doi", DATACITE_DOI).service == "DataCite"


def test_nothing_is_asked_twice_within_its_time_by_whichever_resource(public: Public) -> None:
    first, second = make(doi=KNOWN_DOI), make(doi=KNOWN_DOI)
    ask(first)
    assert request(first) == request(second) == []
    ask(first)
    ask(second)
    assert len(public.asked) == 1
    age("doi", KNOWN_DOI, 31)
    assert due() == [], "an old answer is asked anew only when somebody asks"
    assert request(second) == [f"doi:{KNOWN_DOI}"]
    ask(second)
    assert len(public.asked) == 2


def test_that_nobody_knows_it_is_remembered(public: Public) -> None:
    one = make(doi=UNKNOWN_DOI)
    assert ask(one) == []
    assert row("doi", UNKNOWN_DOI).state == "unknown"
    assert request(one) == []
    ask(one)
    assert len(public.asked) == 2, "Crossref and DataCite, once each"


@pytest.mark.parametrize("doi", [BROKEN_DOI, ODD_DOI, HUGE_DOI])
def test_an_answer_that_cannot_be_used_fails_with_its_reason(public: Public, doi: str) -> None:
    one = make(doi=doi)
    (failed,) = ask(one)
    assert (failed.state, failed.service) == ("failed", "Crossref")
    assert failed.error is not None
    assert failed.error.startswith("The answer of Crossref can't be used.")
    assert due() == []
    assert request(one) == [f"doi:{doi}"], "a person may have it tried again"


def test_a_service_that_refuses_is_left_alone_for_as_long_as_it_says(public: Public) -> None:
    public.refusals.append((429, {"Retry_After": "40"}))
    one, other = make(doi=KNOWN_DOI), make(doi=DATACITE_DOI)
    assert ask(one) == []
    put_off = row("doi", KNOWN_DOI)
    assert (put_off.state, put_off.attempt, put_off.lease_until) == ("queued", 1, None)
    assert put_off.due_at > now() + timedelta(seconds=38)
    ask(other)
    assert len(public.asked) == 1, "the other is not asked either"
    assert row("doi", DATACITE_DOI).attempt == 0, "and that counts as no attempt"
    assert row("doi", DATACITE_DOI).due_at > now() + timedelta(seconds=35)
    assert due() == []


def test_a_service_that_is_away_is_asked_later_and_given_up_in_the_end(public: Public) -> None:
    one = make(doi=KNOWN_DOI)
    for attempt in range(1, ATTEMPTS + 1):
        public.refusals.append((503, {"Retry_After": "0"}))
        with writing() as session:
            for found in session.scalars(select(Lookup)):
                found.due_at = now() - timedelta(seconds=1)
        failed = ask(one, by=f"task {attempt}")
        _forget_pauses()
        assert bool(failed) == (attempt == ATTEMPTS)
    found = row("doi", KNOWN_DOI)
    assert found.state == "failed"
    assert found.error is not None
    assert "503" in found.error
    assert request(one)
    assert ask(one) == []
    assert row("doi", KNOWN_DOI).state == "found"


def test_the_wait_grows_with_each_attempt(public: Public) -> None:
    one, waits = make(doi=KNOWN_DOI), []
    for _ in range(3):
        public.refusals.append((500, {}))
        with writing() as session:
            for found in session.scalars(select(Lookup)):
                found.due_at = now()
        ask(one)
        _forget_pauses()
        waits.append((row("doi", KNOWN_DOI).due_at - now()).total_seconds())
    assert [round(wait / 60) for wait in waits] == [1, 2, 4]
    ask(one)
    assert len(public.asked) == 3, "its time has not come"


def _forget_pauses() -> None:
    with reading() as session:
        for sources in Services(session).lookups.require_on().values():
            for source in sources:
                source.pace._free.clear()  # type: ignore[attr-defined]


def test_two_tasks_at_once_ask_once(public: Public) -> None:
    public.delay = 0.5
    one, other = make(doi=KNOWN_DOI), make(doi=KNOWN_DOI)
    threads = [Thread(target=ask, args=(which, f"task {which}")) for which in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(public.asked) == 1
    assert row("doi", KNOWN_DOI).state == "found"


def test_a_task_that_died_frees_its_identifier_in_time(public: Public) -> None:
    one = make(doi=KNOWN_DOI)
    with writing() as session:
        lookups = Services(session).lookups
        assert lookups._rows.claim(Identifier("doi", KNOWN_DOI), "dead", due_only=True)
    ask(one, by="another")
    assert public.asked == []
    assert due() == []
    with writing() as session:
        session.get_one(Lookup, row("doi", KNOWN_DOI).id).lease_until = now() - timedelta(minutes=9)
    assert due() == [one]
    ask(one, by="another")
    assert row("doi", KNOWN_DOI).state == "found"


def test_the_same_task_delivered_again_goes_on(public: Public) -> None:
    one = make(doi=KNOWN_DOI)
    with writing() as session:
        Services(session).lookups._rows.claim(Identifier("doi", KNOWN_DOI), "me", due_only=True)
    ask(one, by="me")
    assert row("doi", KNOWN_DOI).state == "found"


def test_what_is_to_be_asked_is_found_without_any_message(public: Public) -> None:
    one = make(doi=KNOWN_DOI)
    make(title="Without an identifier")
    gone = make(doi=UNKNOWN_DOI)
    with writing() as session:
        Services(session).resources.delete(gone)
    assert due() == [one]
    with reading() as session:
        assert not Services(session).lookups.is_overdue(), "its own task has a grace"
    ask(gone)
    assert public.asked == [], "nobody asks for what is deleted"


def test_off_nothing_is_due_asked_or_shown(either_library: Path) -> None:
    one = make(doi=KNOWN_DOI)
    with writing() as session:
        services = Services(session)
        assert not services.lookups.on
        with pytest.raises(SwitchedOffError) as raised:
            services.lookups.request(services.resources.get(one))
        assert "ALEXANDRIA_LOOKUPS=true and ALEXANDRIA_CONTACT" in raised.value.remedy
        with pytest.raises(SwitchedOffError):
            services.lookups.find(Identifier("doi", KNOWN_DOI), "a task")
        with pytest.raises(SwitchedOffError):
            services.lookup_comparison.suggestions(services.resources.get(one))
        assert session.scalars(select(Lookup)).all() == []


def test_fields_are_compared_and_taken_over_one_by_one(public: Public) -> None:
    one = make(
        doi=KNOWN_DOI,
        year=2014,
        venue="Nature",
        tags=("kept",),
        extra={"pages": "436\N{EN DASH}444", "own": "kept"},
    )
    ask(one)
    with writing() as session:
        services = Services(session)
        comparison, resource = services.lookup_comparison, services.resources.get(one)
        (found,) = comparison.suggestions(resource)
        differing = {field.name: (field.ours, field.theirs) for field in found.differing}
        assert differing.keys() == {
            *("authors", "year", "type", "language"),
            *("extra.volume", "extra.number", "extra.publisher", "extra.issn"),
        }
        assert differing["year"] == (2014, 2015)
        before = (resource.content_revision, resource.metadata_revision)
        seen = found.row and found.row.fetched_at
        comparison.accept(one, ["authors", "extra.volume"], expected=before, seen=seen)
        assert resource.authors == ["Yann LeCun", "Yoshua Bengio", "Geoffrey Hinton"]
        assert resource.extra == {
            "pages": "436\N{EN DASH}444",
            "own": "kept",
            "volume": "521",
        }
        assert (resource.year, resource.tags) == (2014, ["kept"])
        with pytest.raises(PreconditionFailedError):
            comparison.accept(one, ["year"], expected=before)
        with pytest.raises(PreconditionFailedError):
            comparison.accept(one, ["year"], seen=now())
        with pytest.raises(InvalidInputError, match="abstract"):
            comparison.accept(one, ["year", "abstract"])
        with pytest.raises(InvalidInputError):
            comparison.accept(one, [])
        assert resource.year == 2014


def test_several_suggestions_are_told_apart(public: Public) -> None:
    one = make(doi=KNOWN_DOI, arxiv_id="1706.03762")
    ask(one)
    with writing() as session:
        comparison = Services(session).lookup_comparison
        with pytest.raises(InvalidInputError) as raised:
            comparison.accept(one, ["title"])
        assert raised.value.remedy == "Say by `scheme` which one: doi, arxiv."
        resource = comparison.accept(one, ["title"], "arxiv")
        assert resource.title == "Attention Is All You Need"
        with pytest.raises(ConflictError):
            comparison.accept(one, ["title"], "pmid")


def test_an_identifier_becomes_a_resource_and_is_known_again(public: Public) -> None:
    first = ingest(f"doi:{KNOWN_DOI}")
    assert first[0] == "completed"
    with reading() as session:
        resource = Services(session).resources.get(first[1] or "")
        assert (resource.title, resource.year, resource.doi) == ("Deep learning", 2015, KNOWN_DOI)
        assert resource.extra["volume"] == "521"
    assert ingest(f"doi:{KNOWN_DOI}") == ("duplicate", first[1], None)
    assert len(public.asked) == 1
    for identifier in ("isbn:9780140328721", "pmid:9997", "arxiv:1706.03762"):
        made = ingest(identifier)
        assert made[0] == "completed", made
        assert ingest(identifier) == ("duplicate", made[1], None)
    with reading() as session:
        found = Services(session).resources.get(ingest("pmid:9997")[1] or "")
        assert found.identifiers["pmid"] == "9997"
    assert due() == [found.id], "PubMed named a DOI, of which Crossref has not been asked"


def test_an_identifier_that_nobody_knows_fails_and_says_so(public: Public) -> None:
    state, resource_id, error = ingest(f"doi:{UNKNOWN_DOI}")
    assert (state, resource_id) == ("failed", None)
    assert error == f"Neither Crossref nor DataCite knows the DOI {UNKNOWN_DOI}."
    assert ingest("isbn:9780306406157")[2] == "Open Library has not the ISBN 9780306406157."


def test_an_ingestion_is_tried_again_when_the_service_is_away(public: Public) -> None:
    public.refusals.append((503, {"Retry_After": "2"}))
    made = submit(f"doi:{KNOWN_DOI}")
    with pytest.raises(TransientError) as raised, writing() as session:
        Services(session).ingestion.process(made, "a task")
    assert raised.value.retry_after == 2
    time.sleep(2.1)
    with writing() as session:
        done = Services(session).ingestion.process(made, "a task")
        assert done
        assert done.state == "completed"


def submit(name: str) -> str:
    scheme, _, value = name.partition(":")
    with writing() as session:
        return Services(session).ingestion.submit_identifier(Identifier(scheme, value)).id


def ingest(name: str) -> tuple[str, str | None, str | None]:
    made = submit(name)
    with writing() as session:
        done = Services(session).ingestion.process(made, "a task")
        assert done
        return done.state, done.resource_id, done.error


def test_a_slow_service_counts_as_away(
    either_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with public_services(ALEXANDRIA_FETCH_SECONDS="0.5") as public:
        public.delay = 1.5
        one = make(doi=KNOWN_DOI)
        assert ask(one) == []
        found = row("doi", KNOWN_DOI)
        assert (found.state, found.attempt) == ("queued", 1)
        assert found.error is not None
        assert "in time" in found.error


def test_private_addresses_are_refused_as_ever(either_library: Path) -> None:
    with public_services(ALEXANDRIA_FETCH_PRIVATE="false") as public:
        (failed,) = ask(make(doi=KNOWN_DOI))
        assert public.asked == []
        assert failed.state == "failed"
        assert failed.remedy is not None
        assert "ALEXANDRIA_FETCH_PRIVATE" in failed.remedy


@pytest.mark.parametrize("contact", [None, "", "me", "me@", "a b@c.de", "me@localhost"])
def test_on_without_a_contact_is_an_error_that_names_it(
    contact: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALEXANDRIA_LOOKUPS", "true")
    if contact is not None:
        monkeypatch.setenv("ALEXANDRIA_CONTACT", contact)
    get_settings.cache_clear()
    with pytest.raises(ValueError, match="ALEXANDRIA_CONTACT"):
        get_settings()


@pytest.fixture(scope="module")
def redis_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("redis")
    with own_redis(folder):
        yield folder


def test_all_processes_share_the_pace(redis_folder: Path) -> None:
    paces = [RedisPace(broker_client) for _ in range(3)]
    turns: list[float] = []

    def take(pace: RedisPace) -> None:
        for _ in range(2):
            pace.take_turn("shared", 0.2)
            turns.append(time.monotonic())

    threads = [Thread(target=take, args=(pace,)) for pace in paces]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    turns.sort()
    gaps = [after - before for before, after in itertools.pairwise(turns)]
    assert min(gaps) > 0.15
    assert turns[-1] - turns[0] < 2


def test_a_pause_holds_all_processes_and_keeps_no_key_for_ever(redis_folder: Path) -> None:
    RedisPace(broker_client).hold("paused", 60)
    with pytest.raises(NotYetError) as raised:
        RedisPace(broker_client).take_turn("paused", 1)
    assert 58 < (raised.value.retry_after or 0) <= 60
    assert 0 < broker_client().ttl("alexandria:pace:paused") <= 60


def test_while_redis_is_away_a_process_is_slower(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALEXANDRIA_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    pace, interval = RedisPace(broker_client), 0.05
    began = time.monotonic()
    for _ in range(3):
        pace.take_turn("away", interval)
    assert time.monotonic() - began >= interval + 2 * AWAY_FACTOR * interval
    slow = 1.2 * LONGEST_WAIT_SECONDS / AWAY_FACTOR
    pace.take_turn("slow", slow)
    with pytest.raises(NotYetError):
        pace.take_turn("slow", slow)
    get_settings.cache_clear()


def test_an_unknown_identifier_is_no_reason_to_stop_the_others(public: Public) -> None:
    one = make(doi=BROKEN_DOI, arxiv_id="1706.03762")
    assert [found.value for found in ask(one)] == [BROKEN_DOI]
    assert row("arxiv", "1706.03762").state == "found"


def test_find_says_when_another_task_is_at_it(public: Public) -> None:
    with writing() as session:
        Services(session).lookups._rows.claim(Identifier("doi", KNOWN_DOI), "one", due_only=False)
    with writing() as session, pytest.raises(NotYetError):
        Services(session).lookups.find(Identifier("doi", KNOWN_DOI), "two")
    with writing() as session, pytest.raises(ExtractionError):
        Services(session).lookups.find(Identifier("doi", UNKNOWN_DOI), "two")
