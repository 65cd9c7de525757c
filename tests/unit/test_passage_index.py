from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from alexandria.adapters import passage_index
from alexandria.adapters.passage_index import PassageStore
from alexandria.models import PassageRow, Resource, ResourceContent
from alexandria.services.passage_text import passages
from alexandria.services.passages import AT_ONCE, PassageService, drop_passages
from search_parts import HashingEmbedder, add_resource, open_engine, session_of

TOPICS = {
    "whales": "Blue whales sing at low frequencies that carry far through the cold southern ocean.",
    "bread": "Sourdough rises slowly because wild yeast ferments flour and water over many hours.",
    "stars": "Neutron stars spin rapidly and emit beams of radio waves observed as regular pulses.",
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path) as engine:
        yield engine


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with session_of(engine) as session:
        yield session


class Shelf:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.embedder = HashingEmbedder()
        self.service = PassageService(session, [self.embedder])
        self.store = PassageStore(self.embedder.model, self.embedder.dimensions)

    def add(self, *sentences: str, title: str = "T") -> str:
        one = add_resource(self.session, title, content=" ".join(sentences)).id
        self.embed(one)
        return one

    def embed(self, *ids: str) -> None:
        waiting = list(ids)
        while waiting:
            done = self.service.embed_passages(waiting)
            self.session.commit()
            waiting = [one for one, revisions in done.items() if revisions is None]

    def change(self, one: str, text: str) -> None:
        self.session.get_one(ResourceContent, one).text = text
        self.session.get_one(Resource, one).content_revision += 1
        self.session.commit()

    def find(self, words: str, limit: int = 10, **among: object) -> list[tuple[str, str]]:
        vector = self.embedder.embed([words])[0]
        found = self.store.bind(self.session).search(vector, limit, **among)  # type: ignore[arg-type]
        texts = {
            one.resource_id: self.session.get_one(ResourceContent, one.resource_id).text
            for one in found
        }
        return [(one.resource_id, texts[one.resource_id][one.start : one.end]) for one in found]


@pytest.fixture
def shelf(session: Session) -> Shelf:
    return Shelf(session)


def filler(seed: int, count: int) -> list[str]:
    rng = np.random.default_rng(seed)
    words = ["lorem", "ipsum", "dolor", "amet", "tempor", "magna", "aliqua", "veniam", "quis"]
    return [" ".join(rng.choice(words, 12)).capitalize() + "." for _ in range(count)]


def test_a_sentence_deep_inside_is_found_with_its_place(shelf: Shelf) -> None:
    ids = {
        topic: shelf.add(*filler(seed, 60), sentence, *filler(seed + 9, 60))
        for seed, (topic, sentence) in enumerate(TOPICS.items())
    }

    for topic, sentence in TOPICS.items():
        found = shelf.find(sentence)
        assert found[0][0] == ids[topic]
        assert sentence in found[0][1]
        assert len(found) == len(ids), "each resource stands there once"


def test_conditions_hold(shelf: Shelf) -> None:
    whales, bread, stars = (shelf.add(one) for one in TOPICS.values())

    assert shelf.find(TOPICS["whales"], only={bread})[0][0] == bread
    assert {one for one, _ in shelf.find("ocean", exclude=[whales])} == {bread, stars}
    assert shelf.find("ocean", only=set()) == []
    assert shelf.find("ocean", limit=0) == []
    assert len(shelf.find("ocean", limit=2)) == 2


def test_follows_edits_and_deletions(shelf: Shelf) -> None:
    first, second = shelf.add(TOPICS["whales"]), shelf.add(TOPICS["bread"])
    assert shelf.find(TOPICS["whales"])[0][0] == first

    shelf.change(first, TOPICS["stars"])
    shelf.embed(first)
    assert shelf.find(TOPICS["stars"])[0] == (first, TOPICS["stars"])

    drop_passages(shelf.session, [first])
    shelf.session.commit()
    assert [one for one, _ in shelf.find(TOPICS["stars"])] == [second]


def test_what_stayed_the_same_is_not_embedded_again(shelf: Shelf) -> None:
    sentences = filler(1, 100)
    one = shelf.add(*sentences)
    shelf.embedder.texts.clear()

    shelf.change(one, " ".join([*sentences, TOPICS["whales"]]))
    shelf.embed(one)

    assert 1 <= len(shelf.embedder.texts) <= 2
    assert TOPICS["whales"] in shelf.find(TOPICS["whales"])[0][1]


def test_a_long_text_takes_several_runs_and_goes_on_where_it_was(shelf: Shelf) -> None:
    text = " ".join(
        f"Sentence {number} tells of {number * 7} things, one after another, and {number} more of them."
        for number in range(2 * AT_ONCE + 300)
    )
    long = add_resource(shelf.session, "Long", content=text).id
    small = add_resource(shelf.session, "Small", content=TOPICS["bread"]).id
    assert len(passages(text)) > AT_ONCE

    done = shelf.service.embed_passages([long, small])
    shelf.session.commit()

    assert done[long] is None
    assert len(shelf.embedder.texts) == AT_ONCE
    assert not shelf.session.get_one(PassageRow, (long, shelf.embedder.model)).complete
    shelf.embed(long, small)
    assert shelf.session.get_one(PassageRow, (long, shelf.embedder.model)).complete
    assert len(shelf.embedder.texts) == len(set(shelf.embedder.texts))


def test_a_result_of_an_older_content_replaces_none_of_a_newer(shelf: Shelf) -> None:
    one = shelf.add(TOPICS["whales"])
    newer = shelf.session.get_one(PassageRow, (one, shelf.embedder.model))
    newer.content_revision = 9
    shelf.session.commit()

    shelf.change(one, TOPICS["bread"])
    shelf.embed(one)

    shelf.session.expire_all()
    row = shelf.session.get_one(PassageRow, (one, shelf.embedder.model))
    assert (row.content_revision, row.change) == (9, 1)


def test_damaged_rows_are_left_out(shelf: Shelf) -> None:
    first, second = shelf.add(TOPICS["whales"]), shelf.add(TOPICS["bread"])
    shelf.session.execute(
        update(PassageRow).where(PassageRow.resource_id == first).values(vectors=b"short")
    )
    shelf.session.commit()

    assert [one for one, _ in shelf.find("ocean")] == [second]
    shelf.embed(first)
    assert {one for one, _ in shelf.find("ocean")} == {first, second}


def test_rows_left_behind_are_packed_away(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passage_index, "CANDIDATES", 20)
    ids = {topic: shelf.add(*filler(n, 40), one) for n, (topic, one) in enumerate(TOPICS.items())}
    for seed in range(6):
        for topic, one in ids.items():
            shelf.change(one, " ".join([*filler(seed, 40), TOPICS[topic]]))
            shelf.embed(one)
        for topic, one in ids.items():
            found = shelf.find(TOPICS[topic], limit=1)[0]
            assert found[0] == one
            assert TOPICS[topic] in found[1]

    assert len(shelf.store._ids) < 12


def test_the_signs_choose_the_nearest_among_many(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passage_index, "CANDIDATES", 50)
    for seed in range(20):
        shelf.add(*filler(seed, 80))
    wanted = shelf.add(*filler(99, 40), TOPICS["stars"], *filler(98, 40))

    found = shelf.find(TOPICS["stars"], limit=1)

    assert found[0][0] == wanted
    assert TOPICS["stars"] in found[0][1]
