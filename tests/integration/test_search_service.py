from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from alexandria.adapters.vector_index import VectorStore
from alexandria.db import now
from alexandria.errors import InvalidInputError
from alexandria.models import LedgerRow, OutboxEvent, QualityScore, Resource
from alexandria.services.embeddings import EmbeddingService
from alexandria.services.freshness import FreshnessService
from alexandria.services.search import SearchRequest, SearchResult, SearchService, candidates
from alexandria.services.search.request import Mode
from search_parts import (
    HashingEmbedder,
    JsonCache,
    add_resource,
    full_text,
    open_engine,
    session_of,
)


@dataclass
class Shelf:
    """A library with both indexes kept up to date by `add`."""

    session: Session
    cache: JsonCache = field(default_factory=JsonCache)
    embedder: HashingEmbedder = field(default_factory=HashingEmbedder)

    def __post_init__(self) -> None:
        self.vectors = VectorStore(self.embedder.model, self.embedder.dimensions)
        self.freshness = FreshnessService(self.session, ["search"], timedelta(seconds=30))
        self.service = self._service(None)

    def caching(self) -> SearchService:
        return self._service(self.cache)

    def _service(self, cache: JsonCache | None) -> SearchService:
        words, near = full_text(self.session), self.vectors.bind(self.session)
        return SearchService(self.session, words, near, self.embedder, cache, self.freshness)

    def add(self, title: str, **columns: Any) -> str:
        resource = add_resource(self.session, title, **columns)
        self.service.update_fts5_index([resource.id])
        EmbeddingService(self.session, self.embedder).generate_and_store_embedding(resource.id)
        self.session.commit()
        return resource.id

    def results(self, query: str = "", **more: Any) -> list[SearchResult]:
        return self.service.search(SearchRequest(query, **more))["results"]

    def titles(self, query: str = "", **more: Any) -> list[str]:
        return [result["title"] for result in self.results(query, **more)]


@pytest.fixture
def shelf(tmp_path: Path, database_url: str) -> Iterator[Shelf]:
    with open_engine(tmp_path, database_url) as engine, session_of(engine) as session:
        yield Shelf(session)


@pytest.fixture
def papers(shelf: Shelf) -> Shelf:
    shelf.add(
        "Parsing German",
        abstract="Grammars for <German> sentences.",
        year=2019,
        authors=["Anna Schmidt", "Bob Stone"],
        tags=["To Read"],
        subjects=["parsing"],
        external_id="P19-1",
        doi="10.1000/parsing",
    )
    shelf.add("Parsing French", abstract="Trees of French.", year=2020, authors=["Bob Anna"])
    shelf.add("Speech recognition", content="Acoustic models of sound. " * 50, year=2021)
    shelf.add("Undated notes", abstract="About translation of speech.", tags=["notes"])
    return shelf


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "semantic"])
def test_finds_what_the_query_says(papers: Shelf, mode: Mode) -> None:
    response = papers.service.search(SearchRequest("german grammars", mode=mode))

    best = response["results"][0]
    assert best["title"] == "Parsing German"
    assert best["external_id"] == "P19-1"
    assert best["authors"] == ["Anna Schmidt", "Bob Stone"]
    assert best["year"] == 2019
    assert response["query"] == "german grammars"
    assert response["mode"] == mode
    assert response["cached"] is False
    assert response["took_ms"] > 0
    assert {"value": 2019, "count": 1} in response["facets"]["year"]


def test_meaning_finds_what_words_do_not(papers: Shelf) -> None:
    assert papers.titles("translating", mode="keyword") == ["Undated notes"]
    assert papers.titles("grammatical", mode="keyword") == []
    assert papers.titles("grammatical", mode="semantic")[0] == "Parsing German"
    assert papers.titles("grammatical")[0] == "Parsing German"


def test_scores_tell_where_a_result_comes_from(papers: Shelf) -> None:
    german, *_, last = papers.results("parsing german")

    assert last["score"] < german["score"] <= 1.0
    assert german["scores"]["keyword"] == pytest.approx(1.2, abs=1)
    assert german["scores"]["semantic"] == pytest.approx(0.5, abs=0.5)
    assert last["scores"]["keyword"] is None
    assert papers.results("parsing", mode="keyword")[0]["scores"]["semantic"] is None
    assert papers.results("parsing", mode="semantic")[0]["scores"]["keyword"] is None


def test_totals(papers: Shelf) -> None:
    def total(query: str, **more: Any) -> int:
        return papers.service.search(SearchRequest(query, **more))["total"]

    assert total("parsing", mode="keyword", limit=1) == 2
    assert total("parsing", mode="keyword", limit=0) == 2
    assert total("parsing", mode="semantic", limit=1) == 4
    assert total("parsing", limit=1) == 4
    assert total("", limit=1) == 4
    assert total("", year_from=2020) == 2


def test_a_snippet_marks_matches_or_is_the_start_of_the_text(papers: Shelf) -> None:
    (german, *_) = papers.results("sentences")
    assert german["snippet"] == "Grammars for &lt;German&gt; <mark>sentences</mark>."

    by_meaning = {r["title"]: r["snippet"] for r in papers.results("zzz", mode="semantic")}
    assert by_meaning["Parsing German"] == "Grammars for &lt;German&gt; sentences."
    assert by_meaning["Speech recognition"].startswith("Acoustic models of sound. Acoustic")
    assert by_meaning["Speech recognition"].endswith("…")
    assert len(by_meaning["Speech recognition"]) <= 301


@pytest.mark.parametrize("mode", get_args(Mode))
@pytest.mark.parametrize("query", ["", "parsing speech german", "-german parsing"])
def test_facets_count_what_is_found_on_all_pages(papers: Shelf, query: str, mode: Mode) -> None:
    def asked(**more: Any) -> Any:
        return papers.service.search(SearchRequest(query, mode, **more))

    found = asked(limit=1)
    for name, parameter in (("author", "author"), ("subject", "subject"), ("tag", "tag")):
        for one in found["facets"][name]:
            assert one["count"] == asked(**{parameter: one["value"]})["total"], one
    for one in found["facets"]["year"]:
        both = {"year_from": one["value"], "year_to": one["value"]}
        assert one["count"] == asked(**both)["total"]
    assert sum(one["count"] for one in found["facets"]["year"]) == found["total"] - (
        "Undated notes" in papers.titles(query, mode=mode)
    )
    assert asked(facets=False)["facets"] == {}
    assert asked(facets=False)["total"] == found["total"]


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        ({"year_from": 2020}, {"Parsing French", "Speech recognition"}),
        ({"year_to": 2019}, {"Parsing German"}),
        ({"year_from": 2019, "year_to": 2020}, {"Parsing German", "Parsing French"}),
        ({"author": "schmidt anna"}, {"Parsing German"}),
        ({"author": "anna stone"}, set()),
        ({"author": "%"}, set()),
        ({"subject": "PARSING"}, {"Parsing German"}),
        ({"tag": "to read"}, {"Parsing German"}),
        ({"tag": "read"}, set()),
        ({"venue": "No such venue"}, set()),
        ({"type": "article"}, set()),
        ({"language": "DE"}, set()),
    ],
)
@pytest.mark.parametrize("query", ["", "parsing speech german"])
def test_filters(papers: Shelf, query: str, filters: dict[str, Any], titles: set[str]) -> None:
    assert set(papers.titles(query, **filters)) == titles
    assert set(papers.titles(query, mode="semantic", **filters)) == titles
    assert set(papers.titles(query, mode="keyword", **filters)) == titles


def test_a_filter_on_quality_leaves_out_what_has_no_score(papers: Shelf) -> None:
    german, french, *_ = papers.results("parsing", mode="keyword", sort="year")
    for result, overall in ((german, 0.9), (french, 0.4)):
        papers.session.add(
            QualityScore(
                resource_id=result["id"],
                overall=overall,
                reasons={},
                content_revision=1,
                metadata_revision=1,
                producer="test",
            )
        )
    papers.session.commit()

    assert papers.titles("parsing", min_quality=0.5) == ["Parsing German"]
    assert papers.results("parsing", min_quality=0.5)[0]["quality"] == 0.9


def test_a_rare_kind_is_found_however_many_rank_before_it(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "LIST_SIZE", 3)
    for number in range(8):
        shelf.add("parsing parsing", abstract=f"parsing {number}", year=2000)
    shelf.add("a paper of parsing and much else besides that", year=1990)

    for mode in ("hybrid", "semantic", "keyword"):
        assert len(shelf.titles("parsing", mode=mode, year_to=1995)) == 1
    assert shelf.service.search(SearchRequest("parsing"))["total"] <= 6


def test_fields_phrases_and_signs_bind_both_ways_of_search(papers: Shelf) -> None:
    for mode in ("hybrid", "semantic", "keyword"):
        assert papers.titles("parsing -german", mode=mode)[0] == "Parsing French"
        assert "Parsing German" not in papers.titles("parsing -german", mode=mode)
        assert papers.titles("parsing +french", mode=mode) == ["Parsing French"]
        assert papers.titles('"parsing french"', mode=mode) == ["Parsing French"]
        assert papers.titles("parsing year:2019", mode=mode) == ["Parsing German"]
        assert papers.titles("author:schm* parsing", mode=mode) == ["Parsing German"]
        assert papers.titles("author:schmidt", mode=mode) == ["Parsing German"]
        assert papers.titles('tag:"to read" parsing', mode=mode) == ["Parsing German"]
        assert "Undated notes" not in papers.titles("speech -tag:notes", mode=mode)
        assert papers.titles("doi:10.1000/PARSING", mode=mode) == ["Parsing German"]
    assert papers.titles("10.1000/parsing", mode="keyword") == ["Parsing German"]


def test_no_query_lists_the_newest_first(papers: Shelf) -> None:
    newest_first = ["Undated notes", "Speech recognition", "Parsing French", "Parsing German"]

    assert papers.titles() == newest_first
    assert papers.titles("🙂 *", limit=2, offset=1) == newest_first[1:3]
    assert papers.titles("-german") == newest_first[:3]
    assert papers.titles("-parsing", limit=1, offset=1) == ["Speech recognition"]
    assert papers.titles("-year:2020") == [
        "Undated notes",
        "Speech recognition",
        "Parsing German",
    ]


@pytest.mark.parametrize("query", ["", "parsing speech"])
def test_orders(papers: Shelf, query: str) -> None:
    by_year = ["Parsing German", "Parsing French", "Speech recognition", "Undated notes"]
    by_title = ["Parsing French", "Parsing German", "Speech recognition", "Undated notes"]

    assert papers.titles(query, sort="year") == by_year
    assert papers.titles(query, sort="-year") == [*by_year[2::-1], "Undated notes"]
    assert papers.titles(query, sort="title") == by_title
    assert papers.titles(query, sort="-title") == by_title[::-1]
    assert papers.titles(query, sort="created") == by_year
    assert papers.titles(query, sort="-created") == by_year[::-1]


def test_pages_follow_each_other(papers: Shelf) -> None:
    for mode in ("hybrid", "semantic", "keyword"):
        whole = papers.titles("parsing speech", mode=mode)
        pages = [papers.titles("parsing speech", mode=mode, limit=1, offset=n) for n in range(5)]
        assert [title for page in pages for title in page] == whole


def test_what_is_deleted_is_never_found(papers: Shelf) -> None:
    german = papers.results("german")[0]["id"]
    papers.session.get_one(Resource, german).deleted_at = now()
    papers.session.commit()

    for mode in ("hybrid", "semantic", "keyword"):
        for query in ("german", "", "parsing", "parsing year:2019", "-french"):
            assert "Parsing German" not in papers.titles(query, mode=mode)
    assert papers.titles("german parsing", limit=1) == ["Parsing French"]
    assert papers.titles("german parsing", mode="semantic", limit=1) == ["Parsing French"]
    assert papers.service.search(SearchRequest("parsing"))["total"] == 3
    assert papers.service.search(SearchRequest("parsing", mode="semantic"))["total"] == 3


def test_the_index_follows_resources(shelf: Shelf) -> None:
    kept = add_resource(shelf.session, "Kept", content="words", content_revision=4)
    gone = add_resource(shelf.session, "Gone")
    assert shelf.service.update_fts5_index([kept.id, gone.id]) == {kept.id: (4, 1), gone.id: (1, 1)}

    kept.title, gone.deleted_at = "Renamed", now()
    kept.metadata_revision = 2
    assert shelf.service.update_fts5_index([kept.id, gone.id, "unknown"]) == {kept.id: (4, 2)}

    assert shelf.titles("kept", mode="keyword") == []
    assert shelf.titles("renamed words", mode="keyword") == ["Renamed"]
    assert (
        shelf.session.connection().exec_driver_sql("SELECT count(*) FROM search_documents").scalar()
        == 1
    )


def test_everything_a_reader_may_look_for_is_indexed(papers: Shelf) -> None:
    for query in ("title:german", "grammars", "author:stone", '"to read"', "doi:10.1000/parsing"):
        assert papers.titles(query, mode="keyword") == ["Parsing German"]
    assert papers.titles("text:acoustic", mode="keyword") == ["Speech recognition"]


def test_many_resources_take_few_statements(shelf: Shelf) -> None:
    statements: list[str] = []

    def note(connection: Connection, cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    def count(resources: int) -> int:
        ids = [
            add_resource(shelf.session, f"T{n}", authors=["A B"], tags=["x"], content="c").id
            for n in range(resources)
        ]
        shelf.session.commit()
        shelf.session.expunge_all()
        statements.clear()
        shelf.service.update_fts5_index(ids)
        shelf.service.search(SearchRequest("T1 c", mode="keyword", limit=resources))
        return len(statements)

    engine = shelf.session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    assert count(3) == count(60)


def test_nothing_typed_raises(papers: Shelf) -> None:
    papers.service = papers.caching()
    odd = ["title:", '"', "c++", "NEAR(", "*", "a" * 10_000, "\x00", "\ud800 x", "+", "-🙂", "(("]
    modes: tuple[Mode, ...] = ("hybrid", "semantic", "keyword")
    for query in odd:
        for mode in modes:
            assert papers.service.search(SearchRequest(query, mode=mode))["total"] >= 0
    unreadable: list[dict[str, Any]] = [
        {"author": "\x00 \ud800"},
        {"tag": "\ud800"},
        {"subject": " "},
    ]
    for filters in unreadable:
        orjson.dumps(papers.service.search(SearchRequest("\ud800", **filters)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "magic"},
        {"sort": "mood"},
        {"limit": -1},
        {"limit": 5000},
        {"offset": -1},
        {"offset": 10**30},
        {"year_from": 10**30},
        {"year_to": -(10**30)},
        {"min_quality": 1.5},
        {"min_quality": float("nan")},
    ],
)
def test_a_request_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        SearchRequest("x", **wrong)


def test_answers_are_cached_but_not_the_state_of_the_index(papers: Shelf) -> None:
    service = papers.caching()
    first = service.search(SearchRequest("parsing  german"))
    papers.session.add(OutboxEvent(name="resource.updated", data={}, priority=0, process="test"))
    papers.session.commit()

    again = service.search(SearchRequest("parsing german"))

    assert (first["cached"], again["cached"]) == (False, True)
    assert again["results"] == first["results"]
    assert again["total"] == first["total"]
    assert first["index"] == {"complete_through": 0, "pending": 0}
    assert again["index"] == {"complete_through": 1, "pending": 0}
    assert [key.partition(":")[0] for key in papers.cache.values] == ["search_query"]


def test_everything_that_changes_the_answer_is_in_the_key(papers: Shelf) -> None:
    service = papers.caching()
    requests = [
        SearchRequest("parsing"),
        SearchRequest("speech"),
        SearchRequest("parsing", mode="keyword"),
        SearchRequest("parsing", limit=1),
        SearchRequest("parsing", offset=1),
        SearchRequest("parsing", year_from=2020),
        SearchRequest("parsing", year_to=2020),
        SearchRequest("parsing", author="stone"),
        SearchRequest("parsing", subject="x"),
        SearchRequest("parsing", tag="x"),
        SearchRequest("parsing", min_quality=0.5),
        SearchRequest("parsing", sort="year"),
    ]

    assert [service.search(one)["cached"] for one in requests] == [False] * len(requests)
    assert [service.search(one)["cached"] for one in requests] == [True] * len(requests)


def test_invalidation_reaches_cached_answers(papers: Shelf) -> None:
    service = papers.caching()
    service.search(SearchRequest("parsing"))
    papers.cache.delete_pattern("search_query:*")

    assert service.search(SearchRequest("parsing"))["cached"] is False


def test_results_tell_how_fresh_they_are(papers: Shelf) -> None:
    service = papers.caching()
    result = service.search(SearchRequest("german"))["results"][0]
    assert result["freshness"] == {}

    papers.session.add(
        LedgerRow(
            subject_type="resource",
            subject_id=result["id"],
            derivation="search",
            wanted_content=1,
            wanted_metadata=1,
            due_at=datetime(2020, 1, 1, tzinfo=UTC),
        )
    )
    papers.session.commit()

    response = service.search(SearchRequest("german"))
    assert response["cached"] is True
    assert response["results"][0]["freshness"] == {"search": "stale"}
