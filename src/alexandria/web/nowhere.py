"""Addresses under /ui/ at which there is no page."""

from fastapi import APIRouter, Depends

from alexandria.errors import NotFoundError
from alexandria.web.rendering import reader

router = APIRouter(prefix="/ui", dependencies=[Depends(reader)])


@router.get("/{path:path}")
def nowhere(path: str) -> None:
    raise NotFoundError(f"There is no page /ui/{path}.", "Start from the library.")
