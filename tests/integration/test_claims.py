"""Work that one process has claimed is passed over by the others, who do not wait for it."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from alexandria.bootstrap import Services
from alexandria.db import LibrarySession, get_engine, now, writing
from alexandria.events import outbox
from alexandria.models import (
    BatchRun,
    DeadLetter,
    FileRemoval,
    LedgerRow,
    OutboxEvent,
    Resource,
)
from alexandria.protocols.extraction import Record
from alexandria.services.dead_letters import Failure
from postgres_server import PostgresServer

LONG_AGO = now() - timedelta(days=1)


@pytest.fixture
def on_postgres(postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from saved_library import library_at  # noqa: PLC0415 (it registers the commands)

    with postgres.database() as url, library_at(tmp_path, url):
        yield


def _claims(session: LibrarySession) -> dict[str, Callable[[], object]]:
    services = Services(session)
    return {
        "ledger": lambda: services.ledger.claim(
            "quality", session.query(Resource).first().id, 5, timedelta(seconds=30), by="other"
        ),
        "batches": lambda: services.ingestion.abandoned_batches(5),
        "files": services.trash.remove_files,
        "letters": lambda: services.dead_letters.claim(session.query(DeadLetter).one()),
        "outbox": lambda: outbox.claim_waiting(5, timedelta(seconds=30), timedelta(0)),
    }


@pytest.mark.parametrize("kind", ["ledger", "batches", "files", "letters", "outbox"])
def test_what_is_claimed_is_passed_over(on_postgres: None, kind: str) -> None:
    with writing() as session:
        services = Services(session)
        made = services.resources.create(Record(title="A title"))
        services.dead_letters.record(
            "alexandria.tasks.recompute_quality_task",
            [made.id],
            Failure("It broke.", None, "Traceback", 3, "a", None),
        )
        session.add(FileRemoval(sha256="0" * 64, since=LONG_AGO))
        session.add(
            BatchRun(id="b", operation="recompute_quality", resource_ids=[], created_at=LONG_AGO)
        )
        session.execute(update(LedgerRow).values(due_at=LONG_AGO))
        session.execute(update(OutboxEvent).values(created_at=LONG_AGO, handed_over_at=None))
    tables = {
        "ledger": LedgerRow,
        "batches": BatchRun,
        "files": FileRemoval,
        "letters": DeadLetter,
        "outbox": OutboxEvent,
    }
    with LibrarySession(get_engine()) as holder, LibrarySession(get_engine()) as other:
        held = holder.query(tables[kind]).with_for_update().all()
        assert held
        started = time.monotonic()
        assert not _claims(other)[kind]()
        assert time.monotonic() - started < 5
        other.rollback()
        holder.rollback()
        assert _claims(other)[kind]() or kind == "files"
        other.rollback()
