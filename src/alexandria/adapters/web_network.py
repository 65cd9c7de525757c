"""The way into the web: only to addresses that were checked, and never for longer than allowed."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import httpcore
import httpx

from alexandria.errors import ExtractionError, InvalidInputError, TransientError

CONNECT_SECONDS = 10.0
READ_SECONDS = 15.0

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")
_CLOSED_BESIDES = tuple(
    map(
        ipaddress.ip_network,
        (
            "168.63.129.16/32",  # a cloud's machines find their own metadata there
            "192.0.0.0/24",  # protocol assignments, which some versions of Python take as public
            "192.88.99.0/24",  # 6to4 relays
            "64:ff9b:1::/48",  # translation into a local IPv4
            "fec0::/10",  # site-local
        ),
    )
)


def is_public(address: Address) -> bool:
    """Whether the address is one of the open internet; one that carries another is as that is."""
    inside = _addresses_inside(address)
    if inside:
        return all(is_public(inner) for inner in inside)
    closed = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or any(address in network for network in _CLOSED_BESIDES)
    )
    return address.is_global and not closed


def _addresses_inside(address: Address) -> tuple[ipaddress.IPv4Address, ...]:
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    if address.teredo:
        return address.teredo
    if address in _NAT64 or address in _IPV4_COMPATIBLE:
        return (ipaddress.IPv4Address(address.packed[-4:]),)
    carried = address.ipv4_mapped or address.sixtofour
    return (carried,) if carried else ()


@dataclass(frozen=True, slots=True)
class Deadline:
    at: float
    """On the clock of `time.monotonic`."""

    def left(self, most: float) -> float:
        """Give the seconds left, at most `most`; raises a timeout when there are none."""
        seconds = min(self.at - time.monotonic(), most)
        if seconds <= 0:
            raise httpcore.ReadTimeout
        return seconds


class _TimedStream(httpcore.NetworkStream):
    """Keeps the deadline also where each single byte comes in time."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout or READ_SECONDS))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout or READ_SECONDS))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        seconds = self._deadline.left(timeout or CONNECT_SECONDS)
        secured = self._stream.start_tls(ssl_context, server_hostname, seconds)
        return _TimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedBackend(httpcore.NetworkBackend):
    """Looks a name up once, checks what it stands for, and connects to just that.

    A name that changes its address between check and connection gains nothing by it.
    """

    def __init__(self, deadline: Deadline, *, allow_private: bool) -> None:
        self._deadline = deadline
        self._allow_private = allow_private
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = _resolve(host, port, self._deadline.left(CONNECT_SECONDS))
        if not (self._allow_private or all(is_public(address) for address in addresses)):
            raise InvalidInputError(
                f"{host} is an address of this computer or of a private network.",
                "Add the document as a file; or, if everyone who may add addresses is to be "
                "trusted, set ALEXANDRIA_FETCH_PRIVATE=true.",
            )
        connect = partial(
            self._sockets.connect_tcp,
            port=port,
            local_address=local_address,
            socket_options=socket_options,
        )
        return self._first(connect, addresses, timeout or CONNECT_SECONDS)

    def _first(
        self,
        connect: Callable[..., httpcore.NetworkStream],
        addresses: list[Address],
        timeout: float,
    ) -> httpcore.NetworkStream:
        for number, address in enumerate(addresses, start=1):
            seconds = self._deadline.left(timeout)
            try:
                stream = connect(host=str(address), timeout=seconds)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
            else:
                return _TimedStream(stream, self._deadline)
        raise httpcore.ConnectError


def _resolve(host: str, port: int, seconds: float) -> list[Address]:
    """Give the addresses of a host, each once; `getaddrinfo` knows no time limit, so a thread."""
    found: list[Address] = []
    failed: list[Exception] = []

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            failed.append(error)
        else:
            found.extend(ipaddress.ip_address(answer[4][0]) for answer in answers)

    thread = threading.Thread(target=look_up, name="look-up", daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise _unresolved(host, failed[0]) from failed[0]
    if not found:
        raise TransientError(
            f"The name {host} could not be looked up in time.", "Check the network; try again."
        )
    return list(dict.fromkeys(found))


def _unresolved(host: str, error: Exception) -> ExtractionError | TransientError:
    passing = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
    if passing:
        return TransientError(
            f"The name {host} could not be looked up.", "Check the network; try again later."
        )
    return ExtractionError(
        f"There is no server named {host}.", "Check the address for a typing mistake."
    )


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        if hasattr(self._stream, "close"):
            self._stream.close()


class GuardedTransport(httpx.BaseTransport):
    """Raises the exceptions of httpcore. Host header and TLS name stay those of the URL."""

    def __init__(self, backend: GuardedBackend, ssl_context: ssl.SSLContext) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context, network_backend=backend, max_keepalive_connections=0
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=cast("httpx.SyncByteStream", request.stream),
                extensions=request.extensions,
            )
        )
        body = _Body(cast("Iterable[bytes]", answer.stream))
        return httpx.Response(answer.status, headers=answer.headers, stream=body)

    def close(self) -> None:
        self._pool.close()
