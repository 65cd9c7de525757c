"""How files go to a reader: their headers, for the JSON interface and the pages alike."""

import unicodedata
from collections.abc import Mapping
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from alexandria.bootstrap import Services
from alexandria.errors import InvalidInputError
from alexandria.services.originals import Original

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
}
_POLICIES = {
    "download": "default-src 'none'; sandbox",
    # The browser's own viewer needs scripts and styles; what is in a PDF runs within it alone.
    "pdf": "frame-ancestors 'self'",
    # Links open beside it when they are clicked, and that is all that can lead out.
    "page": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox",
}

FILE_TYPES: Mapping[str, tuple[str, str]] = {
    "bibtex": ("application/x-bibtex", "BibTeX"),
    "ris": ("application/x-research-info-systems", "RIS"),
    "csl-json": ("application/vnd.citationstyles.csl+json", "CSL-JSON"),
    "jsonl": ("application/jsonl", "JSON lines"),
}
"""Format of records to the media type and the name of it."""
_ENDINGS = {"bibtex": "bib", "ris": "ris", "csl-json": "json", "jsonl": "jsonl"}


def file_answer(text: str, file_format: str) -> Response:
    """Answer with records as a file of one of `FILE_TYPES`."""
    name = disposition(f"references.{_ENDINGS[file_format]}")
    headers = _HEADERS | {"Content-Disposition": name}
    return Response(text, media_type=FILE_TYPES[file_format][0], headers=headers)


def send_original(
    request: Request, services: Services, original: Original, *, inline: bool
) -> Response:
    """Answer with the file, or with a part of it (`Range`); `inline`: for a look at it.

    Raises NotFoundError and DamagedError for the file, InvalidInputError where there is no look.
    """
    if inline and original.view == "text":
        raise InvalidInputError(
            f"A file of the kind {original.media_type} can't be shown.",
            "Download it, or read its text in the resource's `content`.",
        )
    path = services.originals.path(original)
    view = original.view if inline else "download"
    etag = f'"{original.sha256}{"-page" if view == "page" else ""}"'
    headers = _HEADERS | {"Content-Security-Policy": _POLICIES[view], "ETag": etag}
    if _is_known(request, etag):
        return Response(status_code=304, headers=headers)
    if view == "page":
        return HTMLResponse(services.originals.page(original), headers=headers)
    headers["Content-Disposition"] = disposition(original.name, inline=inline)
    headers["Content-Type"] = original.media_type  # without the charset that would be added
    return FileResponse(path, headers=headers)


def disposition(name: str, *, inline: bool = False) -> str:
    """Give the header Content-Disposition (RFC 6266), the name also as RFC 8187 has it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = "".join(one if one not in '"\\%' else "_" for one in plain).strip() or "file"
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _is_known(request: Request, etag: str) -> bool:
    given = request.headers.get("if-none-match", "")
    known = {one.strip().removeprefix("W/") for one in given.split(",")}
    return bool(known & {etag, "*"})
