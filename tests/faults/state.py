"""What a library holds in the end, in a form in which two runs can be compared."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from sqlalchemy import Connection, create_engine, text

LEAST_COSINE = 0.98
"""A dynamically quantised model depends a little on what else is in its batch."""

_RESOURCES = """
SELECT resources.id, title, abstract, text, content_revision, metadata_revision
FROM resources JOIN resource_contents ON resource_contents.resource_id = resources.id
WHERE deleted_at IS NULL
"""
_FACTS = {
    "files": "SELECT sha256 FROM resource_files WHERE resource_id = :id ORDER BY sha256",
    "quality": "SELECT overall, accuracy, completeness, consistency, timeliness, relevance "
    "FROM quality_scores WHERE resource_id = :id",
    "ledger": "SELECT derivation, due_at, error, wanted_content, wanted_metadata FROM ledger "
    "WHERE subject_id = :id ORDER BY derivation",
    "indexed": "SELECT search_index.title, search_index.abstract, content FROM search_index "
    "JOIN search_documents ON search_documents.id = search_index.@number WHERE resource_id = :id",
}
_COUNTS = {
    "search_documents": "SELECT count(*) FROM search_documents",
    "search_index": "SELECT count(*) FROM search_index",
    "quality_scores": "SELECT count(*) FROM quality_scores",
    "vectors": "SELECT count(*) FROM embeddings WHERE vector IS NOT NULL",
    "ledger": "SELECT count(*) FROM ledger",
    "events_waiting": "SELECT count(*) FROM outbox WHERE handed_over_at IS NULL",
    "dead_letters": "SELECT count(*) FROM dead_letters",
    "ingestions": "SELECT count(*) FROM ingestions",
    "ingestions_undone": "SELECT count(*) FROM ingestions WHERE state != 'completed'",
}


@dataclass
class State:
    resources: dict[str, dict[str, Any]]
    vectors: dict[str, np.ndarray[Any, Any]]
    counts: dict[str, int]


def database_url(folder: Path) -> str:
    return os.environ.get("DATABASE_URL") or f"sqlite:///{folder / 'alexandria.db'}"


def read_state(url: str) -> State:
    """Read all from the database itself, keyed by title, without ids, times and attempts."""
    engine = create_engine(url)
    try:
        with engine.connect() as database:
            number = "rowid" if engine.dialect.name == "sqlite" else "document"
            facts = {name: query.replace("@number", number) for name, query in _FACTS.items()}
            return _state(database, facts, _COUNTS)
    finally:
        engine.dispose()


def _state(database: Connection, facts: dict[str, str], counts: dict[str, str]) -> State:
    rows = database.execute(text(_RESOURCES)).all()
    titles = [row.title for row in rows]
    assert len(titles) == len(set(titles)), "a document is there twice"
    return State(
        resources={row.title: _facts(database, row, facts) for row in rows},
        vectors=dict(_vectors(database)),
        counts={name: database.scalar(text(query)) or 0 for name, query in counts.items()},
    )


def _facts(database: Connection, row: Any, facts: dict[str, str]) -> dict[str, Any]:
    found = {name: database.execute(text(q), {"id": row.id}).all() for name, q in facts.items()}
    revisions = [row.content_revision, row.metadata_revision]
    return {"abstract": row.abstract, "text": row.text, "revisions": revisions, **found}


def _vectors(database: Connection) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    for title, blob in database.execute(
        text(
            "SELECT title, vector FROM embeddings JOIN resources ON resources.id = resource_id "
            "WHERE vector IS NOT NULL"
        )
    ):
        yield title, np.frombuffer(blob, "<f2").astype(np.float32)


def differences(disturbed: State, undisturbed: State) -> list[str]:
    """Tell in words what differs; nothing when both hold the same."""
    found = [
        f"{title}: {'lost' if title not in disturbed.resources else 'came from nowhere'}"
        for title in disturbed.resources.keys() ^ undisturbed.resources.keys()
    ]
    for title in disturbed.resources.keys() & undisturbed.resources.keys():
        ours, theirs = disturbed.resources[title], undisturbed.resources[title]
        found += [
            f"{title}: {k} is {ours[k]}, not {theirs[k]}" for k in ours if ours[k] != theirs[k]
        ]
    for name, count in undisturbed.counts.items():
        if disturbed.counts[name] != count:
            found.append(f"{disturbed.counts[name]} {name}, not {count}")
    for title in undisturbed.vectors:
        cosine = _cosine(disturbed.vectors.get(title), undisturbed.vectors[title])
        if cosine < LEAST_COSINE:
            found.append(f"{title}: its vector has the cosine {cosine:.3f}")
    return found


def _cosine(one: np.ndarray[Any, Any] | None, other: np.ndarray[Any, Any]) -> float:
    if one is None:
        return 0.0
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def unfinished(client: httpx.Client) -> str:
    """Tell what is still to be done; an empty string when all is."""
    try:
        found = client.get("/consistency").json()
        waiting = client.get("/ingestions", params={"state": "queued"}).json()["total"]
        waiting += client.get("/ingestions", params={"state": "running"}).json()["total"]
    except (httpx.TransportError, KeyError, ValueError) as error:
        return f"no answer: {error}"
    rows = {
        name: figures
        for name, figures in found["derivations"].items()
        if figures["fresh"] != found["resources"] or figures["pending"] + figures["stale"]
    }
    if waiting or rows or found["outbox"]["pending"]:
        return f"{waiting} ingestions, {rows}, {found['outbox']}"
    return ""
