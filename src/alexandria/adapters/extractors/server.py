"""The helper process that reads documents, each in a child of its own with limits on what it may use.

`python -m alexandria.adapters.extractors.server` takes one JSON object a line on standard input and
answers each with one on standard output; at the end of its input it ends. The readers are loaded
once; a child is forked for each document, so that starting one takes milliseconds.
"""

import gc
import json
import logging
import math
import os
import resource
import select
import signal
import sys
import traceback
from ctypes import CDLL
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from alexandria.adapters.extractors.limits import Limits
from alexandria.adapters.extractors.outcome import Outcome
from alexandria.adapters.extractors.registry import extract
from alexandria.errors import AlexandriaError, TransientError
from alexandria.protocols.extraction import ExtractedDocument

_OPEN_FILES = 64
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
_FORBIDDEN = frozenset(
    """
    socket.connect socket.bind socket.sendto socket.getaddrinfo subprocess.Popen os.exec os.fork
    os.forkpty os.posix_spawn os.system os.kill
    """.split()  # noqa: SIM905 - a table of words
)
_WARM_UP = (
    b"<html><head><title>A</title></head><body><article><p>" + b"Some words. " * 60 + b"</p>",
    b"@article{a, title = {A}, author = {B, C}}",
    b"# A\n\nSome *words* in a text that is long enough for its language to be told.",
)


def main() -> None:
    logging.disable(logging.ERROR)  # what libraries say of odd documents is no fault of ours
    for sample in _WARM_UP:
        extract(sample)
    gc.collect()
    gc.freeze()  # so that children share this memory
    _answer({"ready": True})
    while request := _next_request():
        _answer(_handle(json.loads(request)))


def _next_request() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(0, 65_536)
        if not chunk:
            return b""
        line += chunk
    return line


def _answer(values: dict[str, Any]) -> None:
    os.write(1, json.dumps(values).encode() + b"\n")


def _handle(request: dict[str, Any]) -> dict[str, Any]:
    alive, held = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(alive)
        _run_child(request)
    os.close(held)
    try:
        in_time = _wait(alive, pid, request["seconds"])
    finally:
        os.close(alive)
    _, status, usage = os.wait4(pid, 0)
    return {
        "in_time": in_time,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "peak_bytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    }


def _wait(alive: int, pid: int, seconds: float) -> bool:
    """Wait until the child has ended: then nobody holds the other end of the pipe any more.

    While a document is read, input can only mean that the caller is gone.
    """
    ready, _, _ = select.select([alive, 0], [], [], seconds)
    if alive in ready:
        return True
    os.kill(pid, signal.SIGKILL)
    if 0 in ready:
        os.waitpid(pid, 0)
        sys.exit(0)
    return False


def _run_child(request: dict[str, Any]) -> NoReturn:
    code = Outcome.FAILED
    try:
        _confine(request)
        code = _read(request)
    except MemoryError:
        code = Outcome.NO_MEMORY
    except BaseException:  # noqa: BLE001 - the edge of the process: nothing may pass it
        traceback.print_exc()
    finally:
        os._exit(code)


def _confine(request: dict[str, Any]) -> None:
    """Take away what reading a document does not need."""
    if sys.platform == "linux":
        CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    cpu = math.ceil(request["seconds"]) + 1
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, request["output_bytes"]),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_AS, request["memory_bytes"]),
    ):
        resource.setrlimit(kind, (most, most))
    ocr = request["limits"]["ocr"]
    sys.addaudithook(partial(_refuse, ocr and ocr["program"]))


def _refuse(program: str | None, event: str, arguments: tuple[Any, ...]) -> None:
    """Allow nothing outside but the one program for text recognition, and to end it."""
    if program is not None:
        started = event == "subprocess.Popen" and arguments[0] == program
        ended = event == "os.kill" and arguments[0] > 0 and arguments[0] != os.getppid()
        if started or ended:
            return
    if event in _FORBIDDEN:
        raise PermissionError(f"reading a document needs no {event}")


def _read(request: dict[str, Any]) -> Outcome:
    output = Path(request["output"])
    try:
        document = _extract(request)
    except AlexandriaError as error:
        transient = isinstance(error, TransientError)
        _tell(output, message=error.message, remedy=error.remedy, transient=transient)
        return Outcome.REFUSED
    except MemoryError:
        return Outcome.NO_MEMORY
    except Exception as error:  # noqa: BLE001 - a fault of a reader is told like one of the file
        traceback.print_exc()
        _tell(output, message=type(error).__name__)
        return Outcome.FAILED
    try:
        _store_members(document, request["members"])
        output.write_bytes(document.to_json())
    except OSError:
        return Outcome.TOO_MUCH_OUTPUT
    return Outcome.DONE


def _extract(request: dict[str, Any]) -> ExtractedDocument:
    try:
        data = Path(request["path"]).read_bytes()
    except OSError as error:
        raise TransientError(
            f"The file could not be read ({error.strerror}).", "Try again, or add it again."
        ) from error
    return extract(
        data,
        filename=request["filename"],
        declared_type=request["declared_type"],
        url=request["url"],
        limits=Limits.from_dict(request["limits"]),
    )


def _store_members(document: ExtractedDocument, folder: str | None) -> None:
    for member in document.members:
        if folder is not None and member.data is not None:
            (Path(folder) / str(member.position)).write_bytes(member.data)


def _tell(output: Path, **error: Any) -> None:
    output.write_text(json.dumps(error), encoding="utf-8")


if __name__ == "__main__":
    main()
