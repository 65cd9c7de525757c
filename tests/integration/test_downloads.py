"""Downloads from a running library: real HTTP, odd names, parts of files, paths that lead out."""

import socket
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from conftest import RunningLibrary, eventually

TEXT = b"On the growth of crystals\n\n" + b"Crystals grow from seeds in a solution. " * 20
NAMES = {
    "plain.txt": "plain.txt",
    "论文 über l'été 🦉.txt": "论文 über l'été 🦉.txt",
    "../../../etc/passwd": "passwd.txt",
    "..\\..\\boot.txt": "boot.txt",
    "a 100%; filename=evil.exe": "a 100%; filename=evil.exe",
    "x" * 200 + ".txt": "x" * 150 + ".txt",
}


def brought(client: httpx.Client, name: str, data: bytes) -> Any:
    """Bring a file in; give how the interface lists it."""
    sent = client.post("/ingest", files={"file": (name, data)}).json()

    def ended() -> Any:
        found = client.get(sent["status_url"]).json()
        return found if found["state"] not in {"queued", "running"} else None

    found = eventually(ended)
    assert found["state"] == "completed", found
    (file,) = client.get(f"/resources/{found['resource_id']}/files").json()["items"]
    return file


@pytest.mark.parametrize("name", NAMES)
def test_a_name_comes_back_safe_and_the_bytes_as_they_were(
    running_library: RunningLibrary, name: str
) -> None:
    data = name.encode() + b"\n\n" + TEXT
    with running_library.client() as client:
        file = brought(client, name, data)
        assert file["name"] == NAMES[name]
        answer = client.get(file["url"])
        assert answer.content == data
        header = answer.headers["content-disposition"]
        assert unquote(header.partition("filename*=UTF-8''")[2]) == NAMES[name]
        assert "\n" not in header


def test_parts_and_what_is_known_already(running_library: RunningLibrary) -> None:
    data = b"Parts of a whole\n\n" + TEXT
    with running_library.client() as client:
        url = brought(client, "parts.txt", data)["url"]
        whole = client.get(url)
        assert whole.headers["accept-ranges"] == "bytes"
        etag = whole.headers["etag"]

        def part(wanted: str, **headers: str) -> httpx.Response:
            return client.get(url, headers={"Range": wanted, **headers})

        for wanted, expected in (
            ("bytes=0-4", data[:5]),
            ("bytes=5-", data[5:]),
            ("bytes=-7", data[-7:]),
            (f"bytes=0-{10**9}", data),
        ):
            answer = part(wanted)
            assert (answer.status_code, answer.content) == (206, expected), wanted
            assert answer.headers["content-range"].endswith(f"/{len(data)}")
        several = part("bytes=0-1,10-11")
        assert several.headers["content-type"].startswith("multipart/byteranges")
        assert data[10:12] in several.content
        beyond = part(f"bytes={len(data)}-")
        assert (beyond.status_code, beyond.headers["content-range"]) == (
            416,
            f"bytes */{len(data)}",
        )
        assert part("bytes=0-4", **{"If-Range": etag}).status_code == 206
        assert part("bytes=0-4", **{"If-Range": '"another"'}).content == data
        for odd in ("bytes=x-y", "bytes=5-1", "lines=1-2", "bytes=", "bytes=" + "0-1," * 5000):
            assert part(odd).status_code in {200, 206, 400, 416}, odd
        known = client.get(url, headers={"If-None-Match": f'W/"x", {etag}'})
        assert (known.status_code, known.content) == (304, b"")
        head = client.head(url)
        assert (head.content, head.headers["content-length"]) == (b"", str(len(data)))


def test_no_path_leads_out_of_the_store(running_library: RunningLibrary) -> None:
    """Sent as they are, since clients tidy such paths."""
    with running_library.client() as client:
        url = brought(client, "inside.txt", b"Inside\n\n" + TEXT)["url"]
    start = url.rpartition("/")[0]
    for wrong in (
        *("../../../../alexandria.db", "..%2f..%2f..%2falexandria.db", "%2e%2e/%2e%2e/api-token"),
        *("..%5c..%5calexandria.db", "/etc/passwd", "%2fetc%2fpasswd", "%00", "incoming", "."),
    ):
        answer = raw_get(running_library, f"{start}/{wrong}")
        assert answer.split()[1] in {b"404", b"400", b"307"}, (wrong, answer[:200])
        assert b"SQLite format" not in answer
        assert running_library.api_token.encode() not in answer


def raw_get(library: RunningLibrary, path: str) -> bytes:
    host, port = library.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
            f"Authorization: Bearer {library.api_token}\r\n\r\n".encode()
        )
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def test_a_file_damaged_while_the_library_runs_is_never_sent(
    running_library: RunningLibrary,
) -> None:
    data = b"Soon damaged\n\n" + TEXT
    with running_library.client() as client:
        file = brought(client, "soon.txt", data)
        assert client.get(file["url"]).content == data
        place = running_library.folder / "files" / file["sha256"][:2] / file["sha256"][2:4]
        place = place / file["sha256"]
        place.write_bytes(data.replace(b"Soon", b"Now "))
        assert client.get(file["url"]).status_code == 500
        assert "is damaged" in client.get(file["url"]).json()["detail"]
        place.unlink()
        assert "is missing" in client.get(file["url"]).json()["detail"]
        client.post("/ingest", files={"file": ("soon.txt", data)})
        assert client.get(file["url"]).content == data
