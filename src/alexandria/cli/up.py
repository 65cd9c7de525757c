"""`alexandria up`: the whole library with one command."""

import os
import signal
import socket
from pathlib import Path
from typing import Annotated

import typer

from alexandria import bootstrap
from alexandria.cli.common import (
    DataOption,
    JsonOption,
    PortOption,
    app,
    err,
    handle_errors,
    print_json,
)
from alexandria.cli.processes import prepare_library
from alexandria.cli.supervisor import Supervisor
from alexandria.config import get_settings
from alexandria.db import dispose_engine, writing
from alexandria.errors import UnavailableError
from alexandria.log import configure_logging


@app.command()
@handle_errors
def up(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: PortOption = 8000,
    workers: Annotated[int, typer.Option(help="Worker children for all queues.", min=1)] = 2,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the whole library until Ctrl-C."""
    del data
    configure_logging("WARNING", as_json=get_settings().alexandria_log_json)
    os.environ["ALEXANDRIA_DATA_DIR"] = str(get_settings().data_dir)
    supervisor = Supervisor(workers, ["--host", host, "--port", str(port)])
    supervisor.take_lock()
    _require_free(host, port)
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, supervisor.ask_to_stop)
    try:
        _run(supervisor, f"http://{host}:{port}", as_json=as_json)
    finally:
        supervisor.stop()


def _run(supervisor: Supervisor, url: str, *, as_json: bool) -> None:
    if not as_json:
        err.print(f"Starting the library in {supervisor.folder} …", highlight=False)
    prepare_library(follow_settings=True)
    token, link = _credentials(supervisor.folder, url)
    dispose_engine()
    supervisor.start()
    supervisor.lock.write({"url": url, "pid": os.getpid()})
    supervisor.wait_until_ready(url)
    facts = {"url": link, "api_token": token, "pid": os.getpid(), "data": str(supervisor.folder)}
    if as_json:
        print_json(facts)
    else:
        typer.echo(f"\nAlexandria is ready. Open this link, it signs you in once:\n\n  {link}\n")
        typer.echo("Press Ctrl-C to stop.")
    supervisor.watch()
    if not as_json:
        err.print("Stopping …")


def _credentials(folder: Path, url: str) -> tuple[str, str]:
    """Give the API token, which stays, and a new sign-in link."""
    path = folder / "api-token"
    with writing() as session:
        users = bootstrap.Services(session).users
        token = path.read_text().strip() if path.exists() else ""
        if not token or users.identify(token, "token") is None:
            token = users.new_token("owner", "admin")
            _write_token(path, token)
        secret = users.new_sign_in_link()
    return token, f"{url}/ui/sign-in?token={secret}"


def _write_token(path: Path, token: str) -> None:
    """Raise UnavailableError, and leave nothing half written, if there is no room or right to."""
    try:
        path.touch(mode=0o600)
        path.write_text(f"{token}\n")
    except OSError as error:
        path.unlink(missing_ok=True)
        raise UnavailableError(
            f"The API token can't be written to {path}: {error.strerror}.",
            "Free some space, or make the folder one that you may write to; then start again.",
        ) from error


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UnavailableError(
                f"Port {port} of {host} can't be used: {error.strerror}.",
                "Choose another with --port.",
            ) from error
