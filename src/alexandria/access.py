"""What API and web share: the session of a request, who is signed in, what they may."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Annotated

import orjson
from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from alexandria.bootstrap import Services
from alexandria.config import get_settings
from alexandria.db import reading, writing
from alexandria.errors import (
    ForbiddenError,
    InvalidInputError,
    TooLargeError,
    UnauthorizedError,
)
from alexandria.services.users import Identity

SESSION_COOKIE = "alexandria_session"
LONGEST_WAIT_SECONDS = 30.0
_ERASED_AT_ONCE = 50
_POLL_SECONDS = 0.05
_FORM_MARGIN = 100_000
"""Bytes of a form around its files."""


def reading_services() -> Iterator[Services]:
    with reading() as session:
        yield Services(session)


def writing_services() -> Iterator[Services]:
    """Give services whose session the endpoint commits; what it did not commit is rolled back."""
    with writing() as session:
        yield Services(session)


def identify(request: Request) -> Identity | None:
    """Tell who sends the request: by API token, or by the session that a browser holds."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    cookie = request.cookies.get(SESSION_COOKIE)
    with reading() as session:
        users = Services(session).users
        if scheme.lower() == "bearer" and token:
            return users.identify(token.strip(), "token")
        return users.identify(cookie, "session") if cookie else None


@dataclass(frozen=True, slots=True)
class Source:
    """What a request brings to be taken in: uploaded files, an address or an identifier."""

    files: Sequence[UploadFile] = ()
    url: str | None = None
    identifier: str | None = None
    add_anyway: bool = False


async def read_source(request: Request) -> AsyncIterator[Source]:
    """Read a form (`file`, one or more) or JSON (`url`, `identifier`). Raises InvalidInputError."""
    largest = get_settings().alexandria_max_file_mb
    if int(request.headers.get("content-length") or 0) > largest * 1_000_000 + _FORM_MARGIN:
        raise TooLargeError(
            f"This is larger than {largest} MB.",
            "Split it, or raise ALEXANDRIA_MAX_FILE_MB.",
        )
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form() as form:
            yield Source(
                files=[file for file in form.getlist("file") if isinstance(file, UploadFile)],
                url=str(form.get("url") or "") or None,
                identifier=str(form.get("identifier") or "").strip() or None,
                add_anyway=str(form.get("add_anyway", "")).lower() in {"1", "true", "on", "yes"},
            )
        return
    yield _json_source(await request.body())


def _json_source(body: bytes) -> Source:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    values = found if isinstance(found, dict) else {}
    url, identifier = (
        value if isinstance(value := values.get(name), str) else None
        for name in ("url", "identifier")
    )
    if url is None and identifier is None:
        raise InvalidInputError(
            "This is neither a form with a `file` nor JSON with a `url` or an `identifier`.",
            "Send one of them.",
        )
    add_anyway = bool(values.get("add_anyway"))
    return Source(url=url, identifier=identifier, add_anyway=add_anyway)


def signed_in(request: Request) -> Identity:
    identity = identify(request)
    if identity is None:
        raise UnauthorizedError(
            "This needs a session or an API token.",
            "Open the sign-in link that `alexandria up` printed, or send "
            "`Authorization: Bearer TOKEN`.",
        )
    needed = "read" if request.method in {"GET", "HEAD", "OPTIONS"} else "write"
    if not identity.may(needed):
        raise ForbiddenError(
            f"This token may only {identity.scope}.", f"Use one with the scope {needed}."
        )
    return identity


def wait_until_complete(event_id: int, timeout: float) -> None:
    """Return when the keyword index holds the event, or when the time is up."""
    deadline = monotonic() + timeout
    while monotonic() < deadline:
        with reading() as session:
            if Services(session).freshness.index_state()["complete_through"] >= event_id:
                return
        sleep(_POLL_SECONDS)


def erase_for_good(services: Services, resource_ids: Sequence[str]) -> int:
    """Delete what is in the trash for good, and commit piece by piece; give how many went."""
    for start in range(0, len(resource_ids), _ERASED_AT_ONCE):
        for one in resource_ids[start : start + _ERASED_AT_ONCE]:
            services.trash.erase(one)
        services.session.commit()
    services.trash.remove_files()
    services.session.commit()
    return len(resource_ids)


SignedIn = Annotated[Identity, Depends(signed_in)]
Reading = Annotated[Services, Depends(reading_services)]
Writing = Annotated[Services, Depends(writing_services)]
Sent = Annotated[Source, Depends(read_source)]
