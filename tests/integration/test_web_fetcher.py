"""The fetcher against a server of our own on the loopback interface; nothing leaves the machine."""

import gzip
import ipaddress
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, unquote

import pytest

from alexandria.adapters import web_network
from alexandria.adapters.web_fetcher import USER_AGENT, HttpFetcher
from alexandria.adapters.web_network import is_public
from alexandria.errors import (
    AlexandriaError,
    ExtractionError,
    InvalidInputError,
    NothingThereError,
    TransientError,
)

PAGE = b"<html><title>A paper</title><p>" + b"text " * 5000
CERTIFICATE = Path(__file__).parent.parent / "fixtures" / "tls" / "papers.test.pem"


@cache
def bomb() -> bytes:
    """50 MB in one network read."""
    return gzip.compress(bytes(50_000_000))


class Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5
    seen: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, dict(self.headers)))
        name = self.path.split("?")[0].strip("/").split("/")[0]
        try:
            getattr(self, f"page_{name}", self.page_missing)()
        except (ConnectionError, TimeoutError):  # the fetcher hung up, as it should
            self.close_connection = True

    def log_message(self, *_arguments: Any) -> None:
        pass

    def answer(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, parts: Callable[[], Iterator[bytes]], **headers: str) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()
        for part in parts():
            self.wfile.write(part)
        self.close_connection = True

    def page_missing(self) -> None:
        self.answer(404)

    def page_page(self) -> None:
        self.answer(body=PAGE, Content_Type="text/html; charset=utf-8")

    def page_named(self) -> None:
        disposition = "attachment; filename*=UTF-8''..%2F..%2Fetc%2Fsch%C3%B6n.pdf"
        self.answer(body=b"%PDF", Content_Type="application/pdf", Content_Disposition=disposition)

    def page_packed(self) -> None:
        half = len(PAGE) // 2
        members = gzip.compress(PAGE[:half]) + gzip.compress(PAGE[half:])
        self.answer(body=members, Content_Encoding="gzip")

    def page_torn(self) -> None:
        self.answer(body=gzip.compress(PAGE)[:-20], Content_Encoding="gzip")

    def page_scrambled(self) -> None:
        self.answer(body=b"\x1f\x8b" + PAGE, Content_Encoding="gzip")

    def page_brotli(self) -> None:
        self.answer(body=PAGE, Content_Encoding="br")

    def page_bomb(self) -> None:
        self.answer(body=bomb(), Content_Encoding="gzip")

    def page_short(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"only this")
        self.close_connection = True

    def page_huge(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "10000000000")
        self.end_headers()
        self.close_connection = True

    def page_endless(self) -> None:
        def parts() -> Iterator[bytes]:
            while True:
                yield bytes(65536)

        self.stream(parts)

    def page_drip(self) -> None:
        def parts() -> Iterator[bytes]:
            for _ in range(100):
                time.sleep(0.05)
                yield b"x"

        self.stream(parts)

    def page_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100):
            time.sleep(0.05)
            self.wfile.write(f"X-{number}: x\r\n".encode())
        self.close_connection = True

    def page_silence(self) -> None:
        time.sleep(2)
        self.close_connection = True

    def page_hop(self) -> None:
        """/hop/3 goes to /hop/2, /hop/0 to /page."""
        left = int(self.path.rpartition("/")[2])
        self.answer(302, Location=f"/hop/{left - 1}" if left else "/page")

    def page_loop(self) -> None:
        self.answer(301, Location="/loop")

    def page_to(self) -> None:
        self.answer(307, Location=self.path.partition("?")[2])

    def page_cookie(self) -> None:
        if "visited=1" in self.headers.get("Cookie", ""):
            self.page_page()
        else:
            self.answer(302, Location="/cookie", Set_Cookie="visited=1; Path=/")

    def page_later(self) -> None:
        self.answer(429, Retry_After=unquote(self.path.partition("?")[2]))

    def page_status(self) -> None:
        self.answer(int(self.path.rpartition("/")[2]), body=b"no")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def tls_port() -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_arguments: Any) -> None:
            """A handshake that the fetcher breaks off is what some tests want."""

    with Server(("127.0.0.1", 0), Pages) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    Pages.seen.clear()


@pytest.fixture
def base(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def fetcher() -> HttpFetcher:
    return HttpFetcher(1_000_000, 10, allow_private=True)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "document"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, list[list[str]]], list[str]]:
    """Give a name one answer after the other, and the list of the names that were looked up."""
    real = socket.getaddrinfo

    def set_answers(name: str, answers: list[list[str]]) -> list[str]:
        asked: list[str] = []

        def look_up(host: str, port: int, *rest: Any, **options: Any) -> list[Any]:
            if host != name:
                return real(host, port, *rest, **options)
            asked.append(host)
            return [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
                for address in answers[len(asked) - 1]
            ]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return set_answers


def refused(
    fetcher: HttpFetcher, url: str, into: Path, kind: type[AlexandriaError]
) -> AlexandriaError:
    with pytest.raises(AlexandriaError) as raised:
        fetcher.fetch(url, into)
    assert type(raised.value) is kind
    assert raised.value.message.endswith(".")
    assert raised.value.remedy.endswith((".", ")."))
    assert not into.exists()
    return raised.value


class TestDocument:
    def test_it_is_written_to_the_file(self, fetcher: HttpFetcher, base: str, into: Path) -> None:
        fetched = fetcher.fetch(f"{base}/page#top", into)
        assert into.read_bytes() == PAGE
        assert fetched.path == into
        assert fetched.url == f"{base}/page"
        assert fetched.content_type == "text/html; charset=utf-8"
        assert fetched.filename == "page"

    def test_we_say_who_we_are(self, fetcher: HttpFetcher, base: str, into: Path) -> None:
        fetcher.fetch(f"{base}/page", into)
        assert Pages.seen[0][1]["User-Agent"] == USER_AGENT

    def test_a_contact_and_what_is_wanted_are_told(self, base: str, into: Path) -> None:
        known = HttpFetcher(1_000_000, 10, allow_private=True, contact="me@institute.test")
        known.fetch(f"{base}/page", into, accept="application/json")
        told = Pages.seen[-1][1]
        assert told["User-Agent"] == f"{USER_AGENT[:-1]}; mailto:me@institute.test)"
        assert told["Accept"] == "application/json"

    def test_a_name_is_no_path(self, fetcher: HttpFetcher, base: str, into: Path) -> None:
        assert fetcher.fetch(f"{base}/named", into).filename == "schön.pdf"
        assert fetcher.fetch(f"{base}/page/a%2F..%2Fb%00.pdf", into).filename == "b.pdf"
        assert fetcher.fetch(f"{base}/page/", into).filename == "page"

    def test_a_packed_one_is_unpacked(self, fetcher: HttpFetcher, base: str, into: Path) -> None:
        fetcher.fetch(f"{base}/packed", into)
        assert into.read_bytes() == PAGE

    def test_a_proxy_of_the_environment_is_not_used(
        self, fetcher: HttpFetcher, base: str, into: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
        fetcher.fetch(f"{base}/page", into)
        assert into.read_bytes() == PAGE


class TestRedirects:
    def test_five_are_followed(self, fetcher: HttpFetcher, base: str, into: Path) -> None:
        assert fetcher.fetch(f"{base}/hop/4", into).url == f"{base}/page"
        assert into.read_bytes() == PAGE

    @pytest.mark.parametrize("path", ["hop/5", "loop"])
    def test_more_are_not(self, fetcher: HttpFetcher, base: str, into: Path, path: str) -> None:
        refused(fetcher, f"{base}/{path}", into, ExtractionError)
        assert len(Pages.seen) == 6

    @pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/a"])
    def test_none_leads_out_of_the_web(
        self, fetcher: HttpFetcher, base: str, into: Path, target: str
    ) -> None:
        refused(fetcher, f"{base}/to?{target}", into, InvalidInputError)

    @pytest.mark.parametrize(
        "target", ["http://[oops", "data:,a", "javascript:alert(1)", "http://127.0.0.1:port/"]
    )
    def test_one_to_no_address(
        self, fetcher: HttpFetcher, base: str, into: Path, target: str
    ) -> None:
        refused(fetcher, f"{base}/to?{target}", into, ExtractionError)

    def test_cookies_on_the_way_are_kept(self, fetcher: HttpFetcher, base: str, into: Path) -> None:
        fetcher.fetch(f"{base}/cookie", into)
        assert into.read_bytes() == PAGE

    def test_each_hop_is_checked(
        self, base: str, port: int, into: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """127.0.0.1 stands for the open web here; 127.0.0.2 is what it is."""
        web = ipaddress.ip_address("127.0.0.1")
        monkeypatch.setattr(web_network, "is_public", lambda address: address == web)
        fetcher = HttpFetcher(1_000_000, 10)
        fetcher.fetch(f"{base}/page", into)
        into.unlink()
        refused(fetcher, f"{base}/to?http://127.0.0.2:{port}/page", into, InvalidInputError)
        assert [path for path, _ in Pages.seen][-1].startswith("/to")


class TestLimits:
    @pytest.mark.parametrize("path", ["endless", "bomb", "huge"])
    def test_a_larger_document_is_broken_off(
        self, fetcher: HttpFetcher, base: str, into: Path, path: str
    ) -> None:
        error = refused(fetcher, f"{base}/{path}", into, ExtractionError)
        assert "1 MB" in error.message
        assert "ALEXANDRIA_MAX_FILE_MB" in error.remedy

    def test_a_bomb_takes_no_memory(self, fetcher: HttpFetcher, base: str, into: Path) -> None:
        assert len(bomb()) < 65536
        tracemalloc.start()
        try:
            refused(fetcher, f"{base}/bomb", into, ExtractionError)
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()

    def test_one_of_just_the_size_is_taken(self, base: str, into: Path) -> None:
        HttpFetcher(len(PAGE), 10, allow_private=True).fetch(f"{base}/page", into)
        into.unlink()
        smaller = HttpFetcher(len(PAGE) - 1, 10, allow_private=True)
        refused(smaller, f"{base}/packed", into, ExtractionError)

    @pytest.mark.parametrize("path", ["drip", "headers", "silence"])
    def test_a_slow_answer_is_broken_off_in_time(self, base: str, into: Path, path: str) -> None:
        fetcher = HttpFetcher(1_000_000, 0.5, allow_private=True)
        began = time.monotonic()
        error = refused(fetcher, f"{base}/{path}", into, TransientError)
        assert 0.4 < time.monotonic() - began < 1.5
        assert "ALEXANDRIA_FETCH_SECONDS" in error.remedy

    def test_a_name_server_that_is_silent_does_not_hold_it_up(
        self, into: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        awake = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: awake.wait(5) and [])
        began = time.monotonic()
        refused(HttpFetcher(1000, 0.3), "http://papers.test/", into, TransientError)
        assert time.monotonic() - began < 1
        awake.set()


class TestAnswers:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (401, ExtractionError),
            (403, ExtractionError),
            (404, NothingThereError),
            (410, NothingThereError),
            (418, ExtractionError),
            (429, TransientError),
            (500, TransientError),
            (503, TransientError),
        ],
    )
    def test_a_refusal_is_told_with_its_number(
        self,
        fetcher: HttpFetcher,
        base: str,
        into: Path,
        status: int,
        kind: type[AlexandriaError],
    ) -> None:
        assert str(status) in refused(fetcher, f"{base}/status/{status}", into, kind).message

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("120", 120),
            ("0", 0),
            ("99999999999999999999", 999999999),
            ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
            ("-5", None),
            ("soon", None),
            ("", None),
        ],
    )
    def test_for_how_long_it_wants_to_be_left_alone(
        self, fetcher: HttpFetcher, base: str, into: Path, header: str, seconds: float | None
    ) -> None:
        with pytest.raises(TransientError) as raised:
            fetcher.fetch(f"{base}/later?{quote(header)}", into)
        assert raised.value.retry_after == seconds

    def test_it_may_name_the_moment(self, fetcher: HttpFetcher, base: str, into: Path) -> None:
        moment = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
        with pytest.raises(TransientError) as raised:
            fetcher.fetch(f"{base}/later?{quote(moment)}", into)
        assert raised.value.retry_after == pytest.approx(3600, abs=60)

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("short", TransientError),
            ("torn", TransientError),
            ("scrambled", ExtractionError),
            ("brotli", ExtractionError),
        ],
    )
    def test_a_damaged_body_is_not_taken_for_a_document(
        self, fetcher: HttpFetcher, base: str, into: Path, path: str, kind: type[AlexandriaError]
    ) -> None:
        refused(fetcher, f"{base}/{path}", into, kind)

    def test_nobody_there(self, fetcher: HttpFetcher, into: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            free = taken.getsockname()[1]
        refused(fetcher, f"http://127.0.0.1:{free}/", into, TransientError)

    @pytest.mark.parametrize(
        ("number", "kind"),
        [(socket.EAI_NONAME, ExtractionError), (socket.EAI_AGAIN, TransientError)],
    )
    def test_a_name_that_is_not_found(
        self,
        fetcher: HttpFetcher,
        into: Path,
        monkeypatch: pytest.MonkeyPatch,
        number: int,
        kind: type[AlexandriaError],
    ) -> None:
        def fail(*_arguments: Any, **_options: Any) -> None:
            raise socket.gaierror(number, "as the resolver says")

        monkeypatch.setattr(socket, "getaddrinfo", fail)
        assert "papers.test" in refused(fetcher, "http://papers.test/", into, kind).message


class TestAddresses:
    @pytest.mark.parametrize(
        "url",
        [
            "",
            "no address",
            "file:///etc/passwd",
            "gopher://127.0.0.1/",
            "http://",
            "http:///path",
            "http://[::1",
            "//127.0.0.1/page",
            "javascript:alert(1)",
            "http://name:secret@papers.test/",
            "http://papers.test:99999/",
            "http://" + "a" * 70_000,
        ],
    )
    def test_what_is_no_web_address_is_refused(
        self, fetcher: HttpFetcher, into: Path, url: str
    ) -> None:
        refused(fetcher, url, into, InvalidInputError)

    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "localhost",
            "0.0.0.0",
            "10.0.0.1",
            "169.254.169.254",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
        ],
    )
    def test_a_private_one_is_refused_at_once(self, port: int, into: Path, host: str) -> None:
        error = refused(
            HttpFetcher(1_000_000, 5), f"http://{host}:{port}/page", into, InvalidInputError
        )
        assert "ALEXANDRIA_FETCH_PRIVATE" in error.remedy
        assert Pages.seen == []

    @pytest.mark.parametrize(
        "address",
        [
            "0.0.0.0",
            "100.64.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "172.16.0.1",
            "192.168.1.1",
            "192.0.0.192",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::7f00:1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:0:7f00:1::",
            "fc00::1",
            "fec0::1",
            "ff02::1",
        ],
    )
    def test_not_public(self, address: str) -> None:
        assert not is_public(ipaddress.ip_address(address))

    @pytest.mark.parametrize(
        "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"]
    )
    def test_public(self, address: str) -> None:
        assert is_public(ipaddress.ip_address(address))

    def test_a_name_with_one_private_address_among_others_is_refused(
        self, port: int, into: Path, names: Callable[..., list[str]]
    ) -> None:
        names("papers.test", [["93.184.216.34", "127.0.0.1"]])
        refused(
            HttpFetcher(1_000_000, 5), f"http://papers.test:{port}/page", into, InvalidInputError
        )

    def test_a_name_is_looked_up_once_and_what_was_checked_is_connected_to(
        self,
        port: int,
        into: Path,
        names: Callable[..., list[str]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        web = ipaddress.ip_address("127.0.0.1")
        monkeypatch.setattr(web_network, "is_public", lambda address: address == web)
        asked = names("papers.test", [["127.0.0.1"], ["127.0.0.2"]])
        fetched = HttpFetcher(1_000_000, 5).fetch(f"http://papers.test:{port}/page", into)
        assert asked == ["papers.test"]
        assert fetched.url == f"http://papers.test:{port}/page"
        assert Pages.seen[0][1]["Host"] == f"papers.test:{port}"

    def test_the_next_address_is_tried_if_one_does_not_answer(
        self, fetcher: HttpFetcher, port: int, into: Path, names: Callable[..., list[str]]
    ) -> None:
        names("papers.test", [["127.0.0.2", "127.0.0.1"]])
        fetcher.fetch(f"http://papers.test:{port}/page", into)
        assert into.read_bytes() == PAGE


class TestTLS:
    def test_the_certificate_is_that_of_the_name(
        self,
        tls_port: int,
        into: Path,
        names: Callable[..., list[str]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        names("papers.test", [["127.0.0.1"]])
        fetcher = HttpFetcher(1_000_000, 5, allow_private=True)
        fetcher.fetch(f"https://papers.test:{tls_port}/page", into)
        assert into.read_bytes() == PAGE
        into.unlink()
        refused(fetcher, f"https://127.0.0.1:{tls_port}/page", into, ExtractionError)

    def test_an_unknown_certificate_is_refused_and_explained(
        self, fetcher: HttpFetcher, tls_port: int, into: Path
    ) -> None:
        error = refused(fetcher, f"https://127.0.0.1:{tls_port}/page", into, ExtractionError)
        assert "self-signed certificate" in error.message
        assert "SSL_CERT_FILE" in error.remedy

    def test_a_server_without_it(self, fetcher: HttpFetcher, port: int, into: Path) -> None:
        error = refused(fetcher, f"https://127.0.0.1:{port}/page", into, ExtractionError)
        assert "http://" in error.remedy
