"""A server that answers as the public services do, in their forms, and misbehaves when told to."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from alexandria.config import get_settings

ANSWERS = Path(__file__).parent / "fixtures" / "lookups"
CONTACT = "library@institute.test"
KNOWN_DOI = "10.1038/nature14539"
DATACITE_DOI = "10.5438/0012"
UNKNOWN_DOI = "10.5555/not-there"
BROKEN_DOI = "10.5555/broken"
ODD_DOI = "10.5555/odd"
HUGE_DOI = "10.5555/huge"


@dataclass
class Services:
    """What was asked (moment, path, headers), and how to misbehave: (status, headers) in turn."""

    asked: list[tuple[float, str, dict[str, str]]] = field(default_factory=list)
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    delay: float = 0.0

    def paths(self) -> list[str]:
        return [path for _, path, _ in self.asked]


@contextmanager
def public_services(*, interval: float = 0.0, **more: str) -> Iterator[Services]:
    """Serve on the loopback interface, and have this process's library ask there."""
    state = Services()

    class Handler(_Handler):
        services = state

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_arguments: Any) -> None:
            """The fetcher leaves its connections as soon as it knows enough."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        address = f"http://127.0.0.1:{server.server_port}"
        for name, value in (settings_for(address, interval) | more).items():
            patch.setenv(name, value)
        get_settings.cache_clear()
        try:
            yield state
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
    get_settings.cache_clear()


def settings_for(address: str, interval: float = 0.0) -> dict[str, str]:
    names = ("CROSSREF", "DATACITE", "ARXIV", "OPEN_LIBRARY", "PUBMED")
    return {
        "ALEXANDRIA_LOOKUPS": "true",
        "ALEXANDRIA_CONTACT": CONTACT,
        "ALEXANDRIA_FETCH_PRIVATE": "true",
        "ALEXANDRIA_LOOKUP_INTERVAL": str(interval),
        "ALEXANDRIA_ARXIV_INTERVAL": str(interval),
        **{f"ALEXANDRIA_{name}_URL": f"{address}/{name.lower()}" for name in names},
    }


class _Handler(BaseHTTPRequestHandler):
    services: Services
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.services.asked.append((time.monotonic(), self.path, dict(self.headers)))
        time.sleep(self.services.delay)
        if self.services.refusals:
            status, headers = self.services.refusals.pop(0)
            self._answer(b"Try again later.", "text/plain", status, **headers)
            return
        address = urlsplit(self.path)
        name, _, rest = address.path.strip("/").partition("/")
        getattr(self, f"_{name}")(rest, {k: v[0] for k, v in parse_qs(address.query).items()})

    def log_message(self, *_arguments: Any) -> None:
        pass

    def _crossref(self, path: str, query: dict[str, str]) -> None:
        doi = unquote(path.removeprefix("works/"))
        if doi == KNOWN_DOI and query == {"mailto": CONTACT}:
            self._file("crossref.json", "application/json")
        elif doi == BROKEN_DOI:
            self._answer(b'{"status":"ok","message":{"title":["Cut', "application/json")
        elif doi == ODD_DOI:
            odd = b'{"status":"ok","message":{"title":{"a":1},"author":["x"],"issued":[[]]}}'
            self._answer(odd, "application/json")
        elif doi == HUGE_DOI:
            self._answer(b'"' + b"x" * 11_000_000 + b'"', "application/json")
        else:
            self._answer(b"Resource not found.", "text/plain", 404)

    def _datacite(self, path: str, _query: dict[str, str]) -> None:
        if unquote(path.removeprefix("dois/")) == DATACITE_DOI:
            self._file("datacite.json", "application/vnd.api+json; charset=utf-8")
        else:
            self._file("datacite_unknown.json", "application/json; charset=utf-8", 404)

    def _arxiv(self, path: str, query: dict[str, str]) -> None:
        known = path == "api/query" and query["id_list"] == "1706.03762"
        self._file("arxiv.xml" if known else "arxiv_unknown.xml", "application/atom+xml")

    def _open_library(self, path: str, query: dict[str, str]) -> None:
        known = {"bibkeys": "ISBN:9780140328721", "format": "json", "jscmd": "data"}
        if path == "api/books" and query == known:
            self._file("open_library.json", "application/json")
        else:
            self._answer(b"{}", "application/json")

    def _pubmed(self, path: str, query: dict[str, str]) -> None:
        polite = query.get("tool") == "alexandria" and query.get("email") == CONTACT
        known = polite and path == "entrez/eutils/efetch.fcgi" and query["id"] == "9997"
        self._file("pubmed.xml" if known else "pubmed_unknown.xml", "text/xml; charset=UTF-8")

    def _file(self, name: str, media_type: str, status: int = 200) -> None:
        self._answer((ANSWERS / name).read_bytes(), media_type, status)

    def _answer(self, body: bytes, media_type: str, status: int = 200, **headers: str) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)
        except (ConnectionError, TimeoutError):  # the fetcher hung up, as it should
            self.close_connection = True
