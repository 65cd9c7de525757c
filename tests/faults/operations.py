"""What is asked of the library while its processes are killed: the same for each seed."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

WORDS = [
    "library",
    "archive",
    "papyrus",
    "scroll",
    "catalogue",
    "lemma",
    "proof",
    "graph",
    "citation",
    "index",
    "harbour",
    "lighthouse",
    "astronomy",
    "geometry",
    "optics",
    "medicine",
    "botany",
    "grammar",
    "poetry",
    "history",
    "treaty",
    "commerce",
    "voyage",
    "measure",
    "circle",
    "sphere",
    "parallax",
    "eclipse",
    "tide",
    "current",
    "monsoon",
    "granary",
    "census",
    "vessel",
    "anchor",
]
PATIENCE_SECONDS = 60.0
TOO_OFTEN = "The worker died"
"""So begins what a dead letter says of a task whose worker was killed each time."""


@dataclass(frozen=True)
class Operation:
    kind: str
    document: int
    text: str = ""


def plan(seed: int, count: int) -> list[Operation]:
    """Give a list of uploads, edits and deletions that follows from the seed alone."""
    chance = random.Random(seed)
    found: list[Operation] = []
    live: list[int] = []
    for number in range(count):
        kind = chance.choices(["add", "edit", "delete"], [6, 5, 1])[0] if live else "add"
        if kind == "add":
            live.append(number)
            found.append(Operation("add", number, _text(chance, number)))
        elif kind == "edit":
            chosen = chance.choice(live)
            found.append(Operation("edit", chosen, _text(chance, number)))
        else:
            found.append(Operation("delete", live.pop(chance.randrange(len(live)))))
    return found


def _text(chance: random.Random, number: int) -> str:
    sentences = [
        " ".join(chance.choices(WORDS, k=12)).capitalize() + "."
        for _ in range(chance.randint(3, 9))
    ]
    return f"Unique{number}x{chance.randrange(10**9)}. " + " ".join(sentences)


class Asker:
    """Carries operations out, each until it is acknowledged, as a careful program would."""

    def __init__(self, client: httpx.Client, run: str) -> None:
        self._client = client
        self._run = run
        self._ids: dict[int, str] = {}
        self.slowest = 0.0

    def do(self, operation: Operation) -> None:
        getattr(self, f"_{operation.kind}")(operation)

    def _add(self, operation: Operation) -> None:
        name = f"document {operation.document}.md"
        body = f"# Document {operation.document}\n\n{operation.text}\n".encode()
        answer = self._until_acknowledged(
            lambda: self._client.post(
                "/ingest",
                files={"file": (name, body, "text/markdown")},
                headers={"Idempotency-Key": f"{self._run}-{operation.document}"},
            )
        )
        assert answer.status_code == 202, answer.text
        self._ids[operation.document] = answer.json()["ingestion_id"]

    def _edit(self, operation: Operation) -> None:
        path = f"/resources/{self._resource(operation.document)}"
        change = {"abstract": operation.text, "content": operation.text * 2}
        answer = self._until_acknowledged(lambda: self._client.patch(path, json=change))
        assert answer.status_code == 200, answer.text

    def _delete(self, operation: Operation) -> None:
        path = f"/resources/{self._resource(operation.document)}"
        answer = self._until_acknowledged(lambda: self._client.delete(path))
        assert answer.status_code in {200, 404}, answer.text

    def _resource(self, document: int) -> str:
        path = f"/ingestions/{self._ids[document]}"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = self._until_acknowledged(lambda: self._client.get(path)).json()
            if found["state"] == "failed" and TOO_OFTEN in found["error"]["message"]:
                retry_what_was_killed_too_often(self._client)
                continue
            assert found["state"] not in {"failed", "duplicate"}, found
            if found["resource_id"]:
                return str(found["resource_id"])
            time.sleep(0.05)
        raise AssertionError(f"document {document} never arrived")

    def _until_acknowledged(self, ask: Callable[[], httpx.Response]) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            began = time.monotonic()
            try:
                answer = ask()
                assert answer.status_code != 500, f"not foreseen: {answer.text}"
                if answer.status_code < 500:
                    self.slowest = max(self.slowest, time.monotonic() - began)
                    return answer
            except httpx.TransportError:
                pass  # the API was killed: ask again
            assert time.monotonic() < deadline, "no answer from the library"
            time.sleep(0.1)


def retry_what_was_killed_too_often(client: httpx.Client) -> int:
    """Run again, as a person would, what the kills made look like poison; give how many."""
    try:
        letters = client.get("/tasks/dead").json()["items"]
        killed = [one for one in letters if TOO_OFTEN in one["error"]]
        for one in killed:
            client.post(f"/tasks/dead/{one['id']}/retry")
    except (httpx.TransportError, KeyError, ValueError):
        return 0  # the API was killed as well: ask again
    return len(killed)
