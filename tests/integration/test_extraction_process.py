"""The process that reads documents: what it survives, and that nothing of it is left behind."""

import gzip
import io
import lzma
import os
import signal
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alexandria.adapters.extraction import IsolatedExtractor
from alexandria.adapters.extractors.limits import Limits
from alexandria.errors import ExtractionError, TransientError
from alexandria.protocols.extraction import ExtractedDocument

FIXTURES = Path(__file__).parents[1] / "fixtures" / "extractors"
MB = 1 << 20

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="looks at processes through /proc"
)


@pytest.fixture
def make_extractor() -> Iterator[Callable[..., IsolatedExtractor]]:
    made: list[IsolatedExtractor] = []

    def make(**options: object) -> IsolatedExtractor:
        made.append(IsolatedExtractor(**options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for extractor in made:
        extractor.close()


@pytest.fixture(scope="module")
def extractor() -> Iterator[IsolatedExtractor]:
    shared = IsolatedExtractor()
    yield shared
    shared.close()


@pytest.fixture(scope="module")
def slow_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Takes some ten seconds and several hundred megabytes to be read."""
    path = tmp_path_factory.mktemp("slow") / "many.jsonl"
    line = '{"title": "Title", "abstract": "' + "many words " * 40 + '"}\n'
    path.write_text(line * 120_000, encoding="utf-8")
    return path


def read(extractor: IsolatedExtractor, path: Path) -> ExtractedDocument:
    return extractor.extract(path, filename=path.name, declared_type=None)


def is_alive(pid: int) -> bool:
    """Tell whether the process runs: neither gone nor a zombie."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return "State:\tZ" not in status


def children(pid: int) -> list[int]:
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


class InBackground:
    """Reads a document in a thread and keeps the result or error."""

    def __init__(self, extractor: IsolatedExtractor, path: Path) -> None:
        self.extractor = extractor
        self.outcome: ExtractedDocument | Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(path,))
        self._thread.start()

    def _run(self, path: Path) -> None:
        try:
            self.outcome = read(self.extractor, path)
        except (ExtractionError, TransientError) as error:
            self.outcome = error

    def reader_pid(self) -> int:
        """Give the process that reads the document, as soon as it runs."""
        wait_for(lambda: self.extractor.server_pid and children(self.extractor.server_pid))
        return children(self.extractor.server_pid or 0)[0]

    def join(self) -> ExtractedDocument | Exception | None:
        self._thread.join(60)
        return self.outcome


def test_a_document_is_read(extractor: IsolatedExtractor) -> None:
    document = read(extractor, FIXTURES / "library.bib")
    first = document.records[0].record
    assert first is not None
    assert first.external_id == "turing1937"
    html = extractor.extract(
        FIXTURES / "page.html", filename=None, declared_type=None, url="https://example.org/a"
    )
    assert html.record is not None
    assert html.record.url == "https://example.org/letters/beagle"


def test_a_refusal_keeps_its_sentence_and_remedy(extractor: IsolatedExtractor) -> None:
    with pytest.raises(ExtractionError, match="password") as raised:
        read(extractor, FIXTURES / "encrypted.pdf")
    assert "without the password" in raised.value.remedy


def test_a_missing_file_may_come_back(extractor: IsolatedExtractor, tmp_path: Path) -> None:
    with pytest.raises(TransientError, match="could not be read"):
        read(extractor, tmp_path / "gone.txt")


def test_the_helper_is_started_once_and_reads_quickly(extractor: IsolatedExtractor) -> None:
    read(extractor, FIXTURES / "notes.md")
    pid, start = extractor.server_pid, time.perf_counter()
    for _ in range(10):
        read(extractor, FIXTURES / "notes.md")
    assert extractor.server_pid == pid
    assert time.perf_counter() - start < 3


def test_too_long(make_extractor: Callable[..., IsolatedExtractor], slow_file: Path) -> None:
    extractor = make_extractor(seconds=0.5)
    with pytest.raises(ExtractionError, match=r"took longer than 0\.5 s") as raised:
        read(extractor, slow_file)
    assert raised.value.remedy
    assert read(extractor, FIXTURES / "notes.md").record
    assert children(extractor.server_pid or 0) == []


def test_too_much_memory(make_extractor: Callable[..., IsolatedExtractor], slow_file: Path) -> None:
    extractor = make_extractor(memory_bytes=400 * MB)
    with pytest.raises(ExtractionError, match="needed more than 400 MB of memory"):
        read(extractor, slow_file)
    assert read(extractor, FIXTURES / "notes.md").record


def test_too_much_output(make_extractor: Callable[..., IsolatedExtractor], tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("some words " * 20_000)
    extractor = make_extractor(output_bytes=50_000)
    with pytest.raises(ExtractionError, match="too large to be kept"):
        read(extractor, path)


def test_members_are_written_into_the_folder(extractor: IsolatedExtractor, tmp_path: Path) -> None:
    archive, folder = tmp_path / "a.zip", tmp_path / "members"
    folder.mkdir()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("../../out.txt", "leads out")
        files.writestr("notes/a.txt", "some words")
    document = extractor.extract(archive, filename=None, declared_type=None, members=folder)
    assert [member.name for member in document.members] == ["../../out.txt", "notes/a.txt"]
    assert [path.name for path in folder.iterdir()] == ["1"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "members"]
    assert (folder / "1").read_text() == "some words"


def bomb(members: int, size: int) -> bytes:
    """Give a small file that would unpack to members times size bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as files:
        for number in range(members):
            with files.open(f"{number}.txt", "w", force_zip64=True) as member:
                for _ in range(size // MB):
                    member.write(bytes(MB))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("pack", "message"),
    [
        (lambda: bomb(6, 100 * MB), "unpacks to more than 500 MB"),
        (lambda: gzip.compress(bytes(600 * MB), 1), "unpacks to more than 500 MB"),
        (lambda: gzip.compress(gzip.compress(bytes(600 * MB), 1)), "binary file"),
        (lambda: lzma.compress(bytes(600 * MB), preset=0), "unpacks to more than 500 MB"),
        (lambda: bomb(10_001, 0), "holds more than 10,000 others"),
    ],
    ids=["zip", "gzip", "gzip twice", "xz", "many"],
)
def test_small_files_that_unpack_to_much_are_refused(
    extractor: IsolatedExtractor, tmp_path: Path, pack: Callable[[], bytes], message: str
) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(pack())
    assert path.stat().st_size < 4 * MB
    with pytest.raises(ExtractionError, match=message) as raised:
        read(extractor, path)
    assert raised.value.remedy


def test_limits_reach_the_reader(make_extractor: Callable[..., IsolatedExtractor]) -> None:
    with pytest.raises(ExtractionError, match="more than 2 records"):
        read(make_extractor(limits=Limits(max_records=2)), FIXTURES / "library.bib")


@pytest.mark.parametrize(
    ("number", "error", "message"),
    [
        (signal.SIGSEGV, ExtractionError, "crashed"),
        (signal.SIGABRT, ExtractionError, "crashed"),
        (signal.SIGXCPU, ExtractionError, "took longer"),
        (signal.SIGKILL, TransientError, "ended from outside"),
    ],
)
def test_a_reader_that_dies_fails_one_document(
    extractor: IsolatedExtractor,
    slow_file: Path,
    number: signal.Signals,
    error: type[Exception],
    message: str,
) -> None:
    reading = InBackground(extractor, slow_file)
    os.kill(reading.reader_pid(), number)
    outcome = reading.join()
    assert type(outcome) is error
    assert message in str(outcome)
    assert read(extractor, FIXTURES / "notes.md").record


def test_a_helper_killed_between_documents_is_started_again(extractor: IsolatedExtractor) -> None:
    read(extractor, FIXTURES / "notes.md")
    first = extractor.server_pid or 0
    os.kill(first, signal.SIGKILL)
    assert read(extractor, FIXTURES / "notes.md").record
    assert extractor.server_pid != first
    assert not is_alive(first)


def test_a_helper_killed_while_it_reads_is_started_again(
    extractor: IsolatedExtractor, slow_file: Path
) -> None:
    reading = InBackground(extractor, slow_file)
    reader, helper = reading.reader_pid(), extractor.server_pid or 0
    os.kill(helper, signal.SIGKILL)
    wait_for(lambda: not is_alive(reader))
    second = reading.reader_pid()
    assert second != reader
    os.kill(extractor.server_pid or 0, signal.SIGKILL)
    assert isinstance(reading.join(), TransientError)
    wait_for(lambda: not is_alive(second))


def test_closing_leaves_no_process(make_extractor: Callable[..., IsolatedExtractor]) -> None:
    extractor = make_extractor()
    read(extractor, FIXTURES / "notes.md")
    pid = extractor.server_pid or 0
    assert is_alive(pid)
    extractor.close()
    assert not Path(f"/proc/{pid}").exists()


def test_no_secret_reaches_the_helper(
    make_extractor: Callable[..., IsolatedExtractor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_PASSWORD", "very-secret")
    extractor = make_extractor()
    read(extractor, FIXTURES / "notes.md")
    environment = Path(f"/proc/{extractor.server_pid}/environ").read_bytes()
    assert b"very-secret" not in environment


def test_a_fork_has_a_helper_of_its_own(
    make_extractor: Callable[..., IsolatedExtractor], tmp_path: Path
) -> None:
    extractor = make_extractor()
    read(extractor, FIXTURES / "notes.md")
    parents, told = extractor.server_pid or 0, tmp_path / "pid"
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            read(extractor, FIXTURES / "notes.md")
            told.write_text(str(extractor.server_pid))
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    forks = int(told.read_text())
    assert forks != parents
    wait_for(lambda: not is_alive(forks))
    assert is_alive(parents)
    assert read(extractor, FIXTURES / "notes.md").record
    assert extractor.server_pid == parents


def test_nothing_outlives_a_caller_that_is_killed(slow_file: Path, tmp_path: Path) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            read(IsolatedExtractor(), slow_file)
        finally:
            os._exit(1)
    wait_for(lambda: children(pid) and children(children(pid)[0]))
    helper = children(pid)[0]
    reader = children(helper)[0]
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    wait_for(lambda: not is_alive(helper) and not is_alive(reader), seconds=3)
