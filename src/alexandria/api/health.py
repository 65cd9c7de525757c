"""Liveness and readiness: open to all, so that supervisors need no token."""

from fastapi import APIRouter, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from alexandria import bootstrap
from alexandria.api.schemas.monitoring import Alive, DependencyOut, Readiness
from alexandria.db import reading
from alexandria.tasks.status import broker_answers

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> Alive:
    """Answer as long as the process serves requests."""
    return Alive()


@router.get("/readyz")
def readyz(response: Response) -> Readiness:
    """Tell whether writes are taken: the database must answer; Redis may be away for a while."""
    database = _database()
    broker = broker_answers()
    cache = bootstrap.cache_answers()
    response.status_code = 200 if database.ok else 503
    return Readiness(
        ready=database.ok,
        dependencies={
            "database": database,
            "broker": DependencyOut(
                ok=broker, detail="" if broker else "away; work is kept and queued later"
            ),
            "cache": DependencyOut(ok=cache, detail="" if cache else "away; answers are slower"),
        },
    )


def _database() -> DependencyOut:
    try:
        with reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return DependencyOut(ok=False, detail=type(error).__name__)
    return DependencyOut(ok=True, detail="")
