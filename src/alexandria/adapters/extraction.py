"""Extraction outside of the calling process, so that no document can harm it."""

import contextlib
import dataclasses
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from pathlib import Path
from typing import Any

from alexandria.adapters.extractors.limits import DEFAULT_LIMITS, Limits
from alexandria.adapters.extractors.outcome import Outcome
from alexandria.errors import ExtractionError, TransientError
from alexandria.protocols.extraction import ExtractedDocument

_COMMAND = (sys.executable, "-P", "-m", "alexandria.adapters.extractors.server")
_PASSED_ON = ("PYTHONPATH", "LD_LIBRARY_PATH", "TMPDIR", "SYSTEMROOT", "TESSDATA_PREFIX")
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1"}
_START_SECONDS = 60.0
_GRACE_SECONDS = 10.0  # the server itself ends a child in time; after this the server has failed
_ATTEMPTS = 2
_PARTS = "Split the document, or save it in a simpler form such as plain text, and add that."


class _ServerDiedError(Exception):
    pass


class _Server:
    """One helper process; belongs to the process that started it, not to what that forks."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        self._process = subprocess.Popen(
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", **_ONE_THREAD, **environment},
            cwd=os.sep,
            bufsize=0,
            start_new_session=True,  # its children end with it, and Ctrl-C is not for it
        )
        self._ready = False
        self._stopped = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Raise _ServerDiedError if the process ended, or does not answer in time."""
        if not self._ready:
            self._answer(_START_SECONDS)
            self._ready = True
        try:
            self._stream("stdin").write(json.dumps(request).encode() + b"\n")
        except BrokenPipeError as error:
            raise _ServerDiedError from error
        return self._answer(request["seconds"] + _GRACE_SECONDS)

    def stop(self) -> None:
        """End the process and all it started; nothing happens in a fork of its owner."""
        if self.owner != os.getpid() or self._stopped:
            return
        self._stopped = True
        # Before `wait`: until then nobody else can have got this number.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._close()

    def disown(self) -> None:
        """In a fork: let go of the pipes, so that the server sees when its owner ends."""
        self._process.returncode = 0  # it is not ours to wait for
        self._close()

    def _close(self) -> None:
        self._stream("stdin").close()
        self._stream("stdout").close()

    def _stream(self, name: str) -> Any:
        return getattr(self._process, name)

    def _answer(self, seconds: float) -> dict[str, Any]:
        stdout = self._stream("stdout")
        ready, _, _ = select.select([stdout], [], [], seconds)
        line = stdout.readline() if ready else b""
        if not line.endswith(b"\n"):
            raise _ServerDiedError
        answer: dict[str, Any] = json.loads(line)
        return answer


class IsolatedExtractor:
    """Reads documents in a helper process of its own, one at a time; safe to fork and to share.

    The helper is started with the first document, started again when it ended, and ends itself
    when the process that uses it ends.
    """

    def __init__(
        self,
        *,
        seconds: float = 60.0,
        memory_bytes: int = 2 << 30,
        output_bytes: int = 1 << 29,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._output_bytes = output_bytes
        self._limits = limits
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._stop: weakref.finalize[[], IsolatedExtractor] | None = None
        _instances.add(self)

    @property
    def server_pid(self) -> int | None:
        return self._server.pid if self._server else None

    def extract(
        self,
        path: Path,
        *,
        filename: str | None,
        declared_type: str | None,
        url: str | None = None,
        members: Path | None = None,
    ) -> ExtractedDocument:
        with tempfile.TemporaryDirectory(prefix="alexandria-extract-") as folder:
            output = Path(folder) / "document.json"
            request = {
                "path": str(path.resolve()),
                "output": str(output),
                "members": str(members) if members else None,
                "filename": filename,
                "declared_type": declared_type,
                "url": url,
                "seconds": self._seconds,
                "memory_bytes": self._memory_bytes,
                "output_bytes": self._output_bytes,
                "limits": dataclasses.asdict(self._limits),
            }
            with self._lock:
                answer = self._ask(request)
            return self._outcome(answer, output)

    def close(self) -> None:
        with self._lock:
            self._stop_server()

    def forget(self) -> None:
        """In a fork: the server is the parent's; a new one is started when it is needed."""
        self._lock = threading.Lock()
        if self._server:
            self._server.disown()
        self._server = self._stop = None

    def _stop_server(self) -> None:
        if self._stop:
            self._stop()
        self._server = None

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        for _ in range(_ATTEMPTS):
            if self._server is None:
                self._server = _Server()
                self._stop = weakref.finalize(self, self._server.stop)
            try:
                return self._server.ask(request)
            except _ServerDiedError:
                self._stop_server()
        raise TransientError(
            "The process that reads documents ended unexpectedly, twice.",
            "Try again; if it happens again, look into the log for what ended it.",
        )

    def _outcome(self, answer: dict[str, Any], output: Path) -> ExtractedDocument:
        if not answer["in_time"] or answer["signal"] == signal.SIGXCPU:
            raise ExtractionError(
                f"Reading this document took longer than {self._seconds:g} s.", _PARTS
            )
        if answer["signal"] is not None:
            raise self._crash(answer["signal"], answer["peak_bytes"])
        match answer["code"]:
            case Outcome.DONE:
                return ExtractedDocument.from_json(output.read_bytes())
            case Outcome.REFUSED:
                raise _told(json.loads(output.read_bytes()))
            case Outcome.NO_MEMORY:
                raise self._no_memory()
            case Outcome.TOO_MUCH_OUTPUT:
                raise ExtractionError(
                    "What this document holds is too large to be kept"
                    f" (more than {_size(self._output_bytes)}).",
                    _PARTS,
                )
            case _:
                name = json.loads(output.read_bytes())["message"] if output.exists() else "unknown"
                raise ExtractionError(
                    f"The reader of this format failed on the document ({name}).",
                    "Save it in another format and add that.",
                )

    def _crash(self, number: int, peak_bytes: int) -> Exception:
        if number in {signal.SIGKILL, signal.SIGTERM}:
            return TransientError(
                f"Reading this document was ended from outside (signal {number}),"
                " perhaps because the machine had no memory left.",
                "Try again when less is running.",
            )
        if peak_bytes > 0.6 * self._memory_bytes:  # C++ code aborts when it gets no more
            return self._no_memory()
        return ExtractionError(
            f"The parser crashed on this document (signal {number}).",
            "The file may be damaged: open it, save it anew and add that copy.",
        )

    def _no_memory(self) -> ExtractionError:
        return ExtractionError(
            f"Reading this document needed more than {_size(self._memory_bytes)} of memory.", _PARTS
        )


def _told(error: dict[str, Any]) -> Exception:
    kind = TransientError if error["transient"] else ExtractionError
    return kind(error["message"], error["remedy"])


def _size(count: int) -> str:
    return f"{count / (1 << 30):.3g} GB" if count >= 1 << 30 else f"{count >> 20} MB"


_instances: "weakref.WeakSet[IsolatedExtractor]" = weakref.WeakSet()


def _forget_all() -> None:
    for extractor in list(_instances):
        extractor.forget()


os.register_at_fork(after_in_child=_forget_all)
