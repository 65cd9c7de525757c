"""Fetches one document from the web, whoever answers there: limited in size, time and reach."""

import re
import ssl
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

import httpcore
import httpx

from alexandria.adapters.web_network import (
    CONNECT_SECONDS,
    READ_SECONDS,
    Deadline,
    GuardedBackend,
    GuardedTransport,
)
from alexandria.errors import (
    AlexandriaError,
    ExtractionError,
    InvalidInputError,
    NothingThereError,
    TransientError,
)
from alexandria.protocols import Fetched

USER_AGENT = "Alexandria/0.1 (+self-hosted research library)"
MAX_REDIRECTS = 5
_CHUNK_BYTES = 1 << 16
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b"
_BY_HAND = "Open the address in your browser, save the document, and add the file."


class HttpFetcher:
    def __init__(
        self,
        max_bytes: int,
        seconds: float,
        *,
        allow_private: bool = False,
        contact: str | None = None,
    ) -> None:
        """Limit each fetch to `max_bytes` of (unpacked) body and to `seconds` from start to end.

        `allow_private` admits loopback and private addresses. `contact` is a mail address that the
        servers are told.
        """
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._allow_private = allow_private
        self._user_agent = f"{USER_AGENT[:-1]}; mailto:{contact})" if contact else USER_AGENT

    def fetch(self, url: str, into: Path, accept: str | None = None) -> Fetched:
        """Write the answer's body to the file `into`; errors as the Protocol says."""
        deadline = Deadline(time.monotonic() + self._seconds)
        with (
            self._explained(url),
            self._client(deadline, accept) as client,
            _follow(client, url) as response,
        ):
            _check_status(response)
            self._save(response, deadline, into)
            return Fetched(
                path=into,
                url=str(response.url.copy_with(fragment=None)),
                content_type=response.headers.get("content-type"),
                filename=_filename(response),
            )

    @cached_property
    def _ssl_context(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()

    def _client(self, deadline: Deadline, accept: str | None) -> httpx.Client:
        backend = GuardedBackend(deadline, allow_private=self._allow_private)
        headers = {"User-Agent": self._user_agent, "Accept-Encoding": "gzip"}
        return httpx.Client(
            transport=GuardedTransport(backend, self._ssl_context),
            headers=headers | ({"Accept": accept} if accept else {}),
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            trust_env=False,  # no proxy, behind which no address can be checked; no .netrc
        )

    def _save(self, response: httpx.Response, deadline: Deadline, into: Path) -> None:
        announced = response.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self._max_bytes:
            raise self._too_large()
        packed = self._limited(response.iter_raw(_CHUNK_BYTES))
        try:
            with into.open("wb") as file:
                for part in self._limited(_unpacked(packed, response)):
                    deadline.left(READ_SECONDS)
                    file.write(part)
        except BaseException:
            into.unlink(missing_ok=True)
            raise

    def _limited(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        size = 0
        for part in parts:
            size += len(part)
            if size > self._max_bytes:
                raise self._too_large()
            yield part

    def _too_large(self) -> ExtractionError:
        return ExtractionError(
            f"The document is larger than {self._max_bytes / 1e6:g} MB.",
            "Raise ALEXANDRIA_MAX_FILE_MB if you want documents of this size.",
        )

    @contextmanager
    def _explained(self, url: str) -> Iterator[None]:
        try:
            yield
        except httpcore.TimeoutException as error:
            raise TransientError(
                f"{_host(url)} did not answer in time, or not in full.",
                "Try again later, or raise ALEXANDRIA_FETCH_SECONDS "
                f"(now {self._seconds:g} seconds).",
            ) from error
        except (
            httpx.RemoteProtocolError,
            httpx.InvalidURL,
        ) as error:  # a redirect that can't be read
            raise ExtractionError(
                f"{_host(url)} sends on to an address that is none.", _BY_HAND
            ) from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise _connection_error(_host(url), error) from error


@contextmanager
def _follow(client: httpx.Client, url: str) -> Iterator[httpx.Response]:
    """Give the answer at the end of the redirects; each hop is checked like the first address."""
    target = _checked(url)
    for _ in range(MAX_REDIRECTS + 1):
        response = client.send(client.build_request("GET", target), stream=True)
        try:
            if not response.has_redirect_location:
                yield response
                return
            target = _checked(response.headers["location"], target)
        finally:
            response.close()
    raise ExtractionError(
        f"{_host(url)} sends from one address to the next, more than {MAX_REDIRECTS} times.",
        _BY_HAND,
    )


def _checked(address: str, base: httpx.URL | None = None) -> httpx.URL:
    try:
        url = httpx.URL(address.strip()) if base is None else base.join(address)
    except httpx.InvalidURL as error:
        raise _unusable(address) from error
    possible_port = url.port is None or 0 < url.port < 65536
    if url.scheme not in {"http", "https"} or not url.host or not possible_port:
        raise _unusable(address)
    if url.userinfo:
        raise InvalidInputError(
            "The address carries a user name or password, which would be stored with it.",
            _BY_HAND,
        )
    return url


def _unusable(address: str) -> InvalidInputError:
    return InvalidInputError(
        f"{address[:200]!r} is no address that can be fetched.",
        "Give an address that begins with http:// or https://; add files of this computer as files.",
    )


def _host(url: str) -> str:
    return httpx.URL(url.strip()).host


def _check_status(response: httpx.Response) -> None:
    status, host = response.status_code, response.url.host
    if response.is_success:
        return
    if status in {408, 425, 429} or status >= 500:
        raise TransientError(
            f"{host} can't answer at the moment (status {status}).",
            "Try again later.",
            retry_after=_retry_after(response.headers.get("retry-after", "")),
        )
    if status in {401, 402, 403, 407, 451}:
        raise ExtractionError(
            f"{host} does not give the document to everyone (status {status}).", _BY_HAND
        )
    if status in {404, 410}:
        raise NothingThereError(
            f"{host} has nothing at this address (status {status}).",
            "Check the address; the document may have moved.",
        )
    raise ExtractionError(f"{host} did not give the document (status {status}).", _BY_HAND)


def _retry_after(value: str) -> float | None:
    """Read the header `Retry-After` (RFC 9110, 10.2.3): seconds, or a date."""
    value = value.strip()
    if value.isdecimal():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _connection_error(host: str, error: BaseException) -> AlexandriaError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ExtractionError(
                f"{host} can't prove who it is: {cause.verify_message}.",
                "Check the address. If the server is your own, point SSL_CERT_FILE to its "
                "certificate authority.",
            )
        if isinstance(cause, ssl.SSLError):
            return ExtractionError(
                f"No secure connection to {host} came about ({cause.reason}).",
                "Check whether the address should begin with http:// or name another port.",
            )
        cause = cause.__cause__ or cause.__context__
    return TransientError(f"The connection to {host} failed: {error}.", "Try again later.")


def _unpacked(parts: Iterable[bytes], response: httpx.Response) -> Iterator[bytes]:
    """Give the body as it was before the server packed it, in small parts.

    httpx would unpack each part whole, and a small one can hold gigabytes.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"identity", ""}:
        return iter(parts)
    if encoding in {"gzip", "x-gzip"}:
        return _gunzipped(parts)
    raise ExtractionError(
        f"{response.url.host} packed the document in a way that was not asked for ({encoding[:40]}).",
        _BY_HAND,
    )


def _gunzipped(parts: Iterable[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    try:
        for part in parts:
            data = part
            while data:
                if inflater.eof:
                    if not data.startswith(_GZIP_MAGIC):
                        return  # padding after the end
                    inflater = zlib.decompressobj(_GZIP_WINDOW)
                yield inflater.decompress(data, _CHUNK_BYTES)
                data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        yield inflater.flush()
    except zlib.error as error:
        raise ExtractionError("The document arrived damaged.", _BY_HAND) from error
    if not inflater.eof:
        raise TransientError("The document did not arrive whole.", "Try again later.")


def _filename(response: httpx.Response) -> str | None:
    """Give the name that the server or the address suggests, free of folders."""
    message = Message()
    message["content-disposition"] = response.headers.get("content-disposition", "")
    name = message.get_filename() or unquote(response.url.path)
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    printable = re.sub(r"[\x00-\x1f\x7f]", "", last).strip()
    return printable[-200:] or None
