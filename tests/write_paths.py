"""Every way to write: how to drive it, or why nothing that is derived follows from it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select
from typer.testing import CliRunner

from alexandria.bootstrap import Services
from alexandria.cli.common import app as commands
from alexandria.cli.supervisor import LibraryLock
from alexandria.db import reading, writing
from alexandria.models import Ingestion, LedgerRow, QualityScore
from alexandria.services.derivations import DERIVATIONS
from alexandria.services.ledger import RESOURCE
from in_process_worker import run_all
from lookup_services import KNOWN_DOI, public_services

BIBLIOGRAPHY = b"""@article{one, title={Tides of the northern sea}, author={Moe, Ada}, year={2001}}
@article{two, title={Winds over a dry plain}, author={Roe, Bo}, year={2002}}
"""
NOTE = b"On the growth of crystals\n\n" + b"Crystals grow from seeds in a solution. " * 20


@dataclass
class World:
    """A library with two resources of which everything is fresh, and a reader who is signed in."""

    client: TestClient
    folder: Path
    first: str
    second: str

    def post(self, path: str, code: int, **more: Any) -> Any:
        answer = self.client.post(path, **more)
        assert answer.status_code == code, answer.text
        return answer


def _create(world: World) -> None:
    world.post("/resources", 201, json={"title": "A study of lanterns", "content": "By night."})


def _replace(world: World) -> None:
    body = {"title": "Replaced altogether", "tags": ["new"], "content": "Other words."}
    assert world.client.put(f"/resources/{world.first}", json=body).status_code == 200


def _change(world: World) -> None:
    body = {"title": "A changed heading", "content": "Changed words of the text."}
    assert world.client.patch(f"/resources/{world.first}", json=body).status_code == 200


def _delete(world: World) -> None:
    assert world.client.delete(f"/resources/{world.first}").status_code == 200


def _restore(world: World) -> None:
    _delete(world)
    run_all()
    world.post(f"/resources/{world.first}/restore", 200)


def _merge(world: World) -> str:
    for one, tag in ((world.first, "owls"), (world.second, "bridges")):
        world.client.patch(f"/resources/{one}", json={"tags": [tag]})
    body = {"other_id": world.second}
    return str(world.post(f"/resources/{world.first}/merge", 200, json=body).json()["id"])


def _undo_merge(world: World) -> None:
    merge_id = _merge(world)
    run_all()
    world.post(f"/merges/{merge_id}/undo", 200)


def _look_up(world: World) -> None:
    """Give the first resource a DOI, which has it looked up."""
    world.client.patch(f"/resources/{world.first}", json={"doi": KNOWN_DOI})
    assert "look_up_task" in run_all()


def _accept(world: World) -> None:
    with public_services():
        _look_up(world)
        body = {"fields": ["title", "authors", "extra.volume"]}
        world.post(f"/resources/{world.first}/lookup/accept", 200, json=body)


def _accept_page(world: World) -> None:
    with public_services():
        _look_up(world)
        found = world.client.get(f"/resources/{world.first}/lookup").json()["suggestions"][0]
        form = {"fields": ["title", "year"], "revisions": "1-2", "fetched_at": found["fetched_at"]}
        world.post(f"/ui/resources/{world.first}/lookup/accept", 303, data=form)


def _lookup_command(world: World) -> None:
    with public_services():
        _look_up(world)
        words = ["lookup", world.first, "--use", "title", "--use", "extra.pages"]
        ended = CliRunner().invoke(commands, words)
        assert ended.exit_code == 0, ended.output


def _empty_trash(world: World) -> None:
    """Before the tasks that the deletion queued have run."""
    _delete(world)
    assert world.client.delete("/trash").json() == {"count": 1}


def _restore_page(world: World) -> None:
    _delete(world)
    run_all()
    world.post(f"/ui/resources/{world.first}/restore", 303)


def _restore_from_trash(world: World) -> None:
    _delete(world)
    run_all()
    world.post("/ui/trash/restore", 303, data={"id": [world.first]})


def _erase_page(world: World) -> None:
    _delete(world)
    world.post("/ui/trash/erase", 303, data={"id": [world.first]})


def _alike(world: World) -> str:
    """Make the two alike; give the id of the suggestion that follows."""
    for one in (world.first, world.second):
        body = {"title": "The habits of owls at night", "authors": ["Ada Moe"], "year": 1931}
        assert world.client.patch(f"/resources/{one}", json=body).status_code == 200
    run_all()
    (found,) = world.client.get("/duplicates").json()["items"]
    assert {found["first"]["id"], found["second"]["id"]} == {world.first, world.second}
    return str(found["id"])


def _cites(world: World) -> int:
    """Have the first cite the second by its id; give the reference's id."""
    body = {"cites": [world.second]}
    assert world.client.patch(f"/resources/{world.first}", json=body).status_code == 200
    run_all()
    found = world.client.get(f"/resources/{world.first}/citations").json()["references"]
    return int(found[0]["id"])


def _decide(world: World) -> None:
    path = f"/resources/{world.first}/citations/{_cites(world)}"
    world.post(path, 200, json={"cited_id": world.second, "is_right": True})


def _decide_citation_page(world: World) -> None:
    path = f"/ui/resources/{world.first}/citations/{_cites(world)}"
    world.post(path, 303, data={"work": world.second, "right": "true"})


def _merge_page(world: World) -> str:
    data = {"kept_id": world.second}
    suggestion = _alike(world)
    went_to = world.post(f"/ui/duplicates/{suggestion}/merge", 303, data=data).headers["location"]
    return str(went_to).rpartition("=")[2]


def _undo_merge_page(world: World) -> None:
    merge_id = _merge_page(world)
    run_all()
    world.post(f"/ui/merges/{merge_id}/undo", 303)


def _ingest(world: World) -> None:
    world.post("/ingest", 202, files={"file": ("note.txt", NOTE)})


def _import(world: World) -> None:
    world.post("/imports", 202, files={"file": ("two.bib", BIBLIOGRAPHY)})


def _a_duplicate(world: World) -> str:
    """Bring the same file a second time; give the second ingestion."""
    _ingest(world)
    again = world.post("/ingest", 202, files={"file": ("note.txt", NOTE)}).json()["ingestion_id"]
    run_all()
    return str(again)


def _retry(world: World) -> None:
    again = _a_duplicate(world)
    world.post(f"/ingestions/{again}/retry", 202, json={"add_anyway": True})


def _retry_page(world: World) -> None:
    again = _a_duplicate(world)
    world.post(f"/ui/ingestions/{again}/retry", 303, data={"add_anyway": "true"})


def _retry_failed(world: World) -> None:
    """Let the records of a file fail as a fault of the disk would have them, and retry them."""
    body = json.dumps([{"title": "A record that failed", "type": "article"}]).encode()
    parent = world.post("/imports", 202, files={"file": ("one.json", body)}).json()["ingestion_id"]
    run_all()
    with writing() as session:
        services = Services(session)
        (child,) = session.scalars(select(Ingestion).where(Ingestion.parent_id == parent))
        services.resources.delete(child.resource_id or "")
        child.state, child.resource_id = "failed", None
        child.record = {"title": "A record that failed"}
    run_all()
    world.post(f"/ui/add/{parent}/retry", 303)


def _recalculate(world: World) -> None:
    world.post("/quality/recalculate", 202, json={})


def _batch(world: World) -> None:
    ids = [world.first, world.second]
    world.post("/batch", 202, json={"operation": "regenerate_embeddings", "resource_ids": ids})


def _interact(world: World) -> None:
    body = {"resource_id": world.first, "interaction_type": "view"}
    world.post("/interactions", 201, json=body)


def _save_page(world: World) -> None:
    world.post(f"/ui/for-you/{world.first}/save", 303)


def _save_resource_page(world: World) -> None:
    world.post(f"/ui/resources/{world.first}/save", 303)


def _undo_save_page(world: World) -> None:
    _save_resource_page(world)
    run_all()
    world.post(f"/ui/resources/{world.first}/save/undo", 303)


def _undo_save_for_you(world: World) -> None:
    _save_page(world)
    run_all()
    world.post(f"/ui/for-you/{world.first}/save/undo", 303)


def _add_page(world: World) -> None:
    world.post("/ui/add", 303, files={"file": ("note.txt", NOTE)})


def _edit_page(world: World) -> None:
    form = {"title": "Edited on the page", "abstract": "And with an abstract.", "revisions": "1-1"}
    world.post(f"/ui/resources/{world.first}/edit", 303, data=form)


def _compute_page(world: World) -> None:
    for derivation in DERIVATIONS:
        world.post(f"/ui/resources/{world.first}/compute/{derivation}", 303)


def _delete_page(world: World) -> None:
    world.post(f"/ui/resources/{world.first}/delete", 303)


def _ingest_command(world: World) -> None:
    path = world.folder / "note.txt"
    path.write_bytes(NOTE)
    lock = LibraryLock(world.folder)
    assert lock.take(), "as if the library ran"
    try:
        ended = CliRunner().invoke(commands, ["ingest", "--no-wait", "--json", str(path)])
    finally:
        lock.release()
    assert ended.exit_code == 0, ended.output


def _category(world: World) -> str:
    body = {"name": "Studies", "keywords": ["study"], "description": "Study of things"}
    return str(world.post("/taxonomy/categories", 201, json=body).json()["id"])


THESAURUS = b"""@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<http://e.org/studies> a skos:Concept; skos:prefLabel "Studies"; skos:altLabel "owl", "study" ."""


def _import_thesaurus(world: World) -> None:
    files = {"file": ("animals.ttl", THESAURUS)}
    assert world.post("/taxonomy/import", 200, files=files).json()["added"] == 1


def _import_thesaurus_command(world: World) -> None:
    path = world.folder / "animals.ttl"
    path.write_bytes(THESAURUS)
    ended = CliRunner().invoke(commands, ["taxonomy", "import", str(path)])
    assert ended.exit_code == 0, ended.output


def _change_category(world: World) -> None:
    category = f"/taxonomy/categories/{_category(world)}"
    run_all()
    assert world.client.patch(category, json={"keywords": ["owl"]}).status_code == 200


def _delete_category(world: World) -> None:
    category = f"/taxonomy/categories/{_category(world)}"
    run_all()
    assert world.client.delete(category).json() == {"count": 1}


def _classify(world: World) -> None:
    world.post(f"/taxonomy/classify/{world.first}", 202)


def _confirm(world: World) -> str:
    place = f"/resources/{world.first}/classification/{_category(world)}"
    world.post(f"{place}/confirm", 200)
    return place


def _reject(world: World) -> None:
    place = _confirm(world)
    run_all()
    world.post(f"{place}/reject", 200)


def _undo_decision(world: World) -> None:
    place = _confirm(world)
    run_all()
    world.post(f"{place}/undo", 200)


def _decide_page(world: World) -> None:
    place = f"/ui/resources/{world.first}/classification/{_category(world)}"
    for what in ("confirm", "reject", "undo"):
        world.post(f"{place}/{what}", 303)
        run_all()


def _review_page(world: World) -> None:
    category = _category(world)
    run_all()
    place = f"/ui/review/{world.first}"
    for form in ({"confirm": category}, {"undo": category}, {"none": "1", "shown": category}):
        world.post(place, 303, data=form)
        run_all()
    world.post(place, 303, data={"confirm": category})


def _authors_of_both(world: World) -> list[str]:
    """Let one person have written both; give the authors of each, which are one by the rules."""
    for one in (world.first, world.second):
        world.client.patch(f"/resources/{one}", json={"authors": ["Ada Lovelace", "Bo Roe"]})
    run_all()
    return [one["id"] for one in world.client.get("/authors").json()["items"]]


def _merge_authors(world: World) -> int:
    body = {"author_ids": _authors_of_both(world)}
    return int(world.post("/authors/merge", 200, json=body).json()["decision"]["id"])


def _split_author(world: World) -> None:
    body = {"author_id": _authors_of_both(world)[0], "resource_ids": [world.first]}
    world.post("/authors/split", 200, json=body)


def _undo_author_decision(world: World) -> None:
    world.post(f"/authors/decisions/{_merge_authors(world)}/undo", 200)


def _merge_authors_page(world: World) -> None:
    one, other = _authors_of_both(world)
    world.post(f"/ui/authors/{one}/merge", 303, data={"other": other})


def _keep_apart_page(world: World) -> None:
    one, other = _authors_of_both(world)
    world.post(f"/ui/authors/{one}/apart", 303, data={"other": other})


def _split_author_page(world: World) -> None:
    one = _authors_of_both(world)[0]
    world.post(f"/ui/authors/{one}/split", 303, data={"work": world.second})


def _undo_author_page(world: World) -> None:
    world.post(f"/ui/authors/decisions/{_merge_authors(world)}/undo", 303)


def _migrate_command(world: World) -> None:
    """Open the rows that are missing, as after an update that brings a new derivation.

    With `--to` it writes into another database alone; test_moving.py drives that.
    """
    with writing() as session:
        row = session.get_one(LedgerRow, (RESOURCE, world.first, "quality"))
        session.delete(row)
        session.delete(session.get_one(QualityScore, world.first))
    assert CliRunner().invoke(commands, ["migrate"]).exit_code == 0
    with reading() as session:
        assert session.get_one(LedgerRow, (RESOURCE, world.first, "quality")).due_at is not None
    assert CliRunner().invoke(commands, ["migrate"]).exit_code == 0


Driver = Callable[[World], object]
_DISMISSAL = "It hides a suggestion, or shows it again; nothing is computed from that."

_SEEN = "It says that somebody has seen what was found; nothing is computed from that."
_NOT_FOR_ME = "It keeps what is not for a reader, which the next answer leaves out."
_KEEPS_A_QUESTION = "It keeps what a reader asks, from which nothing is computed."
ROUTES: Mapping[str, Driver | str] = {
    "POST /cite": "It only reads.",
    "POST /export": "It only reads.",
    "POST /resources": _create,
    "PUT /resources/{resource_id}": _replace,
    "PATCH /resources/{resource_id}": _change,
    "DELETE /resources/{resource_id}": _delete,
    "POST /resources/{resource_id}/restore": _restore,
    "POST /resources/{resource_id}/lookup": "It asks what is then shown beside the resource's own.",
    "POST /resources/{resource_id}/lookup/accept": _accept,
    "POST /resources/{resource_id}/merge": _merge,
    "POST /merges/{merge_id}/undo": _undo_merge,
    "DELETE /trash": _empty_trash,
    "POST /duplicates/{suggestion_id}/dismiss": _DISMISSAL,
    "POST /duplicates/{suggestion_id}/dismiss/undo": _DISMISSAL,
    "POST /resources/{resource_id}/citations/{citation_id}": _decide,
    "POST /authors/merge": _merge_authors,
    "POST /authors/split": _split_author,
    "POST /authors/decisions/{decision_id}/undo": _undo_author_decision,
    "POST /ui/authors/{author_id}/merge": _merge_authors_page,
    "POST /ui/authors/{author_id}/apart": _keep_apart_page,
    "POST /ui/authors/{author_id}/split": _split_author_page,
    "POST /ui/authors/decisions/{decision_id}/undo": _undo_author_page,
    "POST /taxonomy/categories": _category,
    "PATCH /taxonomy/categories/{category_id}": _change_category,
    "DELETE /taxonomy/categories/{category_id}": _delete_category,
    "POST /taxonomy/import": _import_thesaurus,
    "POST /taxonomy/classify/{resource_id}": _classify,
    "POST /resources/{resource_id}/classification/{category_id}/confirm": _confirm,
    "POST /resources/{resource_id}/classification/{category_id}/reject": _reject,
    "POST /resources/{resource_id}/classification/{category_id}/undo": _undo_decision,
    "POST /ui/resources/{resource_id}/citations/{citation_id}": _decide_citation_page,
    "POST /ui/resources/{resource_id}/classification/{category_id}/{what}": _decide_page,
    "POST /ui/review/{resource_id}": _review_page,
    "POST /ingest": _ingest,
    "POST /imports": _import,
    "POST /ingestions/{ingestion_id}/retry": _retry,
    "POST /quality/recalculate": _recalculate,
    "POST /batch": _batch,
    "POST /interactions": _interact,
    "POST /recommendations/{resource_id}/dismiss": _NOT_FOR_ME,
    "POST /recommendations/{resource_id}/dismiss/undo": _NOT_FOR_ME,
    "POST /ui/for-you/{resource_id}/save": _save_page,
    "POST /ui/for-you/{resource_id}/save/undo": _undo_save_for_you,
    "POST /ui/for-you/{resource_id}/dismiss": _NOT_FOR_ME,
    "POST /ui/for-you/{resource_id}/dismiss/undo": _NOT_FOR_ME,
    "POST /ui/resources/{resource_id}/save": _save_resource_page,
    "POST /ui/resources/{resource_id}/save/undo": _undo_save_page,
    "POST /ui/review/quality/{resource_id}/{kind}/seen": _SEEN,
    "POST /ui/review/quality/{resource_id}/{kind}/seen/undo": _SEEN,
    "POST /saved-searches": _KEEPS_A_QUESTION,
    "PUT /saved-searches/{saved_id}": _KEEPS_A_QUESTION,
    "PATCH /saved-searches/{saved_id}": _KEEPS_A_QUESTION,
    "DELETE /saved-searches/{saved_id}": _KEEPS_A_QUESTION,
    "POST /ui/saved-searches": _KEEPS_A_QUESTION,
    "POST /ui/saved-searches/{saved_id}/open": _KEEPS_A_QUESTION,
    "POST /ui/saved-searches/{saved_id}/rename": _KEEPS_A_QUESTION,
    "POST /ui/saved-searches/{saved_id}/delete": _KEEPS_A_QUESTION,
    "POST /tasks/dead/retry": "It queues a failed task, as the reconciler queues what is overdue.",
    "POST /tasks/dead/{letter_id}/retry": "It queues a failed task again.",
    "DELETE /tasks/dead": "It forgets how tasks failed; the ledger still says that they did.",
    "DELETE /tasks/dead/{letter_id}": "It forgets how a task failed.",
    "POST /ui/activity/dead/retry": "It queues failed tasks again.",
    "POST /ui/activity/dead/{letter_id}/retry": "It queues a failed task again.",
    "POST /ui/activity/dead/{letter_id}/discard": "It forgets how a task failed.",
    "POST /ui/sign-in": "It makes a session of a reader.",
    "POST /ui/sign-out": "It ends a session of a reader.",
    "POST /ui/add": _add_page,
    "POST /ui/sample": "It queues a file that is in the package, the way POST /ui/add does.",
    "POST /ui/ingestions/{ingestion_id}/retry": _retry_page,
    "POST /ui/add/{ingestion_id}/retry": _retry_failed,
    "POST /ui/resources/{resource_id}/edit": _edit_page,
    "POST /ui/resources/{resource_id}/lookup": "It asks, the way the API does.",
    "POST /ui/resources/{resource_id}/lookup/accept": _accept_page,
    "POST /ui/resources/{resource_id}/compute/{derivation}": _compute_page,
    "POST /ui/resources/{resource_id}/delete": _delete_page,
    "POST /ui/resources/{resource_id}/restore": _restore_page,
    "POST /ui/trash/restore": _restore_from_trash,
    "POST /ui/trash/erase": _erase_page,
    "POST /ui/duplicates/{suggestion_id}/merge": _merge_page,
    "POST /ui/duplicates/{suggestion_id}/dismiss": _DISMISSAL,
    "POST /ui/duplicates/{suggestion_id}/dismiss/undo": _DISMISSAL,
    "POST /ui/merges/{merge_id}/undo": _undo_merge_page,
}
_TRAINS = "It writes a model beside the library, and no row."
_ONLY_READS = "It only reads."
_PROCESS = "It runs a process that serves, and writes nothing of its own accord."
COMMANDS: Mapping[str, Driver | str] = {
    "ingest": _ingest_command,
    "lookup": _lookup_command,
    "migrate": _migrate_command,
    "api": _PROCESS,
    "worker": "It runs the tasks that the other ways queue.",
    "beat": "It queues what is overdue, and hands over what waits in the outbox.",
    "up": _PROCESS,
    "search": "It reads, and with --save keeps what a reader asks.",
    "duplicates": _ONLY_READS,
    "show": _ONLY_READS,
    "status": _ONLY_READS,
    "warm": _ONLY_READS,
    "health": _ONLY_READS,
    "flower": _ONLY_READS,
    "export": _ONLY_READS,
    "evaluate search": "It measures in a library of its own, which it takes away again.",
    "evaluate citations": _ONLY_READS,
    "evaluate recommendations": _ONLY_READS,
    "evaluate classifier": _ONLY_READS,
    "taxonomy import": _import_thesaurus_command,
    "taxonomy export": _ONLY_READS,
    "evaluate authors": _ONLY_READS,
    "train classifier": "It makes all predictions due; a test of its own drives it.",
    "train references": _TRAINS,
    "train lists": _TRAINS,
    "train finder": _TRAINS,
    "train headers": _TRAINS,
    "rebuild": "It has computed anew what is derived; tests of its own drive it.",
    "doctor": "It finds what is wrong with derived data; tests of its own drive the repair.",
    "backup": _ONLY_READS,
    "restore": (
        "It replaces the whole library; tests of its own show that all derived data are new."
    ),
    "dead list": "It reads.",
    "dead retry": "It queues failed tasks again.",
    "dead discard": "It forgets how tasks failed.",
    "users add": "It makes an account.",
    "users list": _ONLY_READS,
    "users token": "It makes a token of an account.",
}
