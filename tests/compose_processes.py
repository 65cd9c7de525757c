"""The services of `docker-compose.yml` as processes: their own commands, environments and checks.

Each service has a loopback address of its own in place of its network, a host name of its own (a
UTS namespace), and the ports that the file names. What containers add beyond that (images, limits,
read-only roots) is not shown this way.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
import yaml

from alexandria.adapters.redis_setup import find_program
from postgres_server import postgres_programs

ROOT = Path(__file__).parent.parent
_VARIABLE = re.compile(r"\$\{(\w+)(?::[?-]([^}]*))?\}")
_READY_SECONDS = 120.0
_RESTART_SECONDS = 0.5


def inside(host: str) -> list[str]:
    """Give the beginning of a command that runs with that host name."""
    return ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', host]


@dataclass
class Process:
    """One container of a service."""

    service: str
    host: str
    arguments: list[str]
    environment: dict[str, str]
    log: Path
    user: str | None = None
    popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                [*inside(self.host), *self.arguments],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start_again(self) -> None:
        if self.popen is not None and self.popen.poll() is not None:
            self.start()

    def end(self, how: signal.Signals) -> None:
        """Send the signal to the process and what it started, as the end of a container does."""
        if self.popen is not None:
            try:
                os.killpg(self.popen.pid, how)
            except ProcessLookupError:
                return
            self.popen.wait(30)


@dataclass
class Topology:
    folder: Path
    variables: Mapping[str, str]
    extra: Mapping[str, str]
    """Settings beyond those of the file, such as the time scale."""
    file: dict[str, Any] = field(default_factory=dict)
    processes: dict[str, list[Process]] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        text = (ROOT / "docker-compose.yml").read_text()
        self.file = yaml.safe_load(_VARIABLE.sub(self._value, text))
        # 127.0.0.0/8 is all this machine's; tests beside this one have another part of it.
        self._network = f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 250}"

    def _value(self, match: re.Match[str]) -> str:
        name, default = match.groups()
        if name in self.variables:
            return self.variables[name]
        assert not match.group(0).startswith(f"${{{name}:?"), f"{name} has no value"
        return default or ""

    def address(self, service: str) -> str:
        return f"{self._network}.{10 + list(self.file['services']).index(service)}"

    def environment(self, service: str) -> dict[str, str]:
        stated = self.file["services"][service].get("environment", {})
        here = {name: self._at_home(str(value)) for name, value in stated.items()}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        home = {"PATH": path, "HOME": str(self.folder), "LANG": "C.UTF-8"}
        home |= {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
        return {**home, **here, **(self.extra if self._is_ours(service) else {})}

    def _is_ours(self, service: str) -> bool:
        return "build" in self.file["services"][service]

    def _at_home(self, value: str) -> str:
        """Put addresses for the names of services, and this folder for the volume."""
        if value == "/data":
            return str(self.folder / "library")
        for service in self.file["services"]:
            value = re.sub(rf"(?<=@){service}(?=:)", self.address(service), value)
            value = self.address(service) if value == service else value
        return value

    def start(self, service: str) -> None:
        """Start the service as the file says, each replica of it, once what it depends on is ready."""
        for other, condition in self.file["services"][service].get("depends_on", {}).items():
            assert other in self.processes, f"{service} depends on {other}"
            if condition["condition"] == "service_healthy":
                self.wait_healthy(other)
        replicas = self.file["services"][service].get("deploy", {}).get("replicas", 1)
        self.processes[service] = [
            Process(
                service,
                f"{service}-{number}",
                self._arguments(service),
                self.environment(service),
                self.folder / f"{service}-{number}.log",
            )
            for number in range(1, replicas + 1)
        ]
        for process in self.processes[service]:
            process.start()
        if self.file["services"][service].get("restart") == "no":
            (process,) = self.processes[service]
            assert process.popen is not None
            assert process.popen.wait(_READY_SECONDS) == 0, process.log.read_text()

    def keep_running(self) -> None:
        """Start again what ended, as `restart: unless-stopped` has it, until `stop`."""
        while not self.ended.wait(_RESTART_SECONDS):
            for service, processes in self.processes.items():
                if self.file["services"][service].get("restart") == "unless-stopped":
                    for process in processes:
                        process.start_again()

    def _arguments(self, service: str) -> list[str]:
        command = [str(part) for part in self.file["services"][service]["command"]]
        own = self.address(service)
        if command[0] == "redis-server":
            folder = self.folder / service
            folder.mkdir(exist_ok=True)
            command[0] = str(find_program())
            return [*command, "--bind", own, "--dir", str(folder), "--save", ""]
        if command[0] == "postgres":
            return self._postgres(command[1:], own)
        return [own if part == "0.0.0.0" else part for part in command]

    def _postgres(self, options: list[str], own: str) -> list[str]:
        """Do what the image's entry point does before it starts the server."""
        home, data = postgres_programs(self.folder), self.folder / "database"
        stated = self.environment("postgres")
        user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        user = user if os.geteuid() == 0 else []
        password = self.folder / "password"
        password.write_text(stated["POSTGRES_PASSWORD"])
        self.folder.chmod(0o777)
        initdb = [
            str(home / "initdb"),
            "-D",
            str(data),
            "-U",
            stated["POSTGRES_USER"],
            "-E",
            "UTF8",
        ]
        subprocess.run(
            [*user, *initdb, "-A", "scram-sha-256", f"--pwfile={password}", "--locale=C"],
            check=True,
            capture_output=True,
        )
        sockets = ["-c", f"unix_socket_directories={self.folder}", "-c", "fsync=off"]
        place = ["-D", str(data), "-c", f"listen_addresses={own}", *sockets]
        if stated["POSTGRES_DB"] != "postgres":
            self._create_database(home, stated, data, user)
        return [*user, str(home / "postgres"), *place, *options]

    def _create_database(
        self, home: Path, stated: Mapping[str, str], data: Path, user: list[str]
    ) -> None:
        single = [str(home / "postgres"), "--single", "-D", str(data), "postgres"]
        create = f"CREATE DATABASE {stated['POSTGRES_DB']}\n".encode()
        subprocess.run([*user, *single], input=create, check=True, capture_output=True)

    def is_healthy(self, process: Process) -> bool:
        """Run the service's health check as the file states it."""
        kind, *check = self.file["services"][process.service]["healthcheck"]["test"]
        assert kind == "CMD"
        own = self.address(process.service)
        if check == ["redis-cli", "ping"]:
            return _pings(own, process.environment["REDISCLI_AUTH"])
        if check[0] == "pg_isready":
            check = [str(postgres_programs(self.folder) / "pg_isready"), "-h", own, *check[1:]]
        if check[-1] in ("api", "flower"):
            check += ["--host", own]
        command = [*inside(process.host), *check]
        return not subprocess.run(
            command, env=process.environment, capture_output=True, check=False
        ).returncode

    def wait_healthy(self, service: str) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        for process in self.processes[service]:
            while not self.is_healthy(process):
                assert time.monotonic() < deadline, (
                    f"{process.host}: {process.log.read_text()[-3000:]}"
                )
                time.sleep(0.3)

    def stop(self) -> None:
        running = [one for group in reversed(self.processes.values()) for one in group]
        for process in running:
            process.end(signal.SIGTERM if self._is_ours(process.service) else signal.SIGKILL)


def _pings(address: str, password: str) -> bool:
    client = redis.Redis(address, password=password, socket_timeout=1, socket_connect_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


@contextmanager
def topology(folder: Path, **extra: str) -> Iterator[Topology]:
    """Start all services of the file in the order of what they depend on."""
    names = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "BROKER_PASSWORD")
    variables = {name: f"secret-{name.lower()}" for name in names}
    variables["FLOWER_BASIC_AUTH"] = "reader:secret"
    made = Topology(folder, variables, extra)
    (folder / "library").mkdir()
    keeper = threading.Thread(target=made.keep_running)
    try:
        for service in made.file["services"]:
            made.start(service)
        for service in made.file["services"]:
            if made.file["services"][service].get("restart") != "no":
                made.wait_healthy(service)
        keeper.start()
        yield made
    finally:
        made.ended.set()
        if keeper.is_alive():
            keeper.join()
        made.stop()
