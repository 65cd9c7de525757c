"""The single processes: `api`, `worker`, `beat`, `flower`."""

import ipaddress
import os
import signal
import sys
import threading
import time
from typing import Annotated

import typer
import uvicorn
from celery.apps.beat import Beat

from alexandria import bootstrap
from alexandria.cli.common import DataOption, PortOption, app, handle_errors, make_folder
from alexandria.cli.supervisor import PARENT_VARIABLE
from alexandria.config import get_settings
from alexandria.db import get_engine, writing
from alexandria.errors import UnavailableError
from alexandria.log import configure_logging
from alexandria.migrations import migrate as bring_up_to_date
from alexandria.services.vector_directions import fill_directions
from alexandria.tasks.beat_lock import BeatLock
from alexandria.tasks.beat_schedule import SharedScheduler
from alexandria.tasks.celery_app import QUEUES, celery_app
from alexandria.tasks.hooks import register_all_hooks
from alexandria.tasks.pool_reports import PoolReporter
from alexandria.tasks.relay import Relay

_MARGIN_SECONDS = 4.0


@app.command()
@handle_errors
def api(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: PortOption = 8000,
    data: DataOption = None,
) -> None:
    """Serve the API and the pages."""
    del data
    _end_with_parent()
    uvicorn.run(
        "alexandria.app:create_app",
        factory=True,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
    )


@app.command()
@handle_errors
def worker(
    queues: Annotated[str, typer.Option(help="Queues to take from, in this order.")] = ",".join(
        QUEUES
    ),
    concurrency: Annotated[int, typer.Option(help="Child processes.")] = 2,
    autoscale: Annotated[
        str | None,
        typer.Option(
            metavar="MOST,LEAST",
            help="Child processes, more or fewer as tasks wait, in place of --concurrency.",
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the worker, with an @.")] = "worker@%h",
    data: DataOption = None,
) -> None:
    """Run a Celery worker."""
    del data
    _end_with_parent()
    celery_app.loader.import_module("alexandria.tasks.worker")
    celery_app.worker_main(
        [
            "worker",
            f"--queues={queues}",
            f"--autoscale={autoscale}" if autoscale else f"--concurrency={concurrency}",
            f"--hostname={name}",
            "--pool=prefork",
            "--without-gossip",
            "--without-mingle",
            f"--loglevel={get_settings().alexandria_log_level}",
        ]
    )


@app.command()
@handle_errors
def beat(data: DataOption = None) -> None:
    """Run Celery Beat, which starts what is scheduled, and the relay.

    One at a time: a second one waits, and takes over when the first is gone.
    """
    del data
    _end_with_parent()
    configure_logging(
        get_settings().alexandria_log_level, as_json=get_settings().alexandria_log_json
    )
    make_folder()
    register_all_hooks()
    lock = BeatLock(lost=lambda: os.kill(os.getpid(), signal.SIGTERM))
    lock.take()
    SharedScheduler.lock = lock
    relay = Relay()
    relay.start()
    reporter = PoolReporter()
    reporter.start()
    try:
        Beat(app=celery_app, loglevel=get_settings().alexandria_log_level, quiet=True).run()
    finally:
        reporter.stop()
        relay.stop()
        lock.release()


@app.command()
@handle_errors
def flower(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: PortOption = 5555,
    data: DataOption = None,
) -> None:
    """Serve Flower, which shows workers and tasks.

    FLOWER_BASIC_AUTH=NAME:PASSWORD guards it; without that it listens on this machine alone.
    """
    del data
    _end_with_parent()
    if not (_is_loopback(host) or os.environ.get("FLOWER_BASIC_AUTH")):
        raise UnavailableError(
            f"Flower would be open to whoever reaches {host}: it can end workers.",
            "Set FLOWER_BASIC_AUTH to NAME:PASSWORD, or listen on 127.0.0.1.",
        )
    celery_app.start(["flower", f"--address={host}", f"--port={port}"])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def prepare_library(*, follow_settings: bool = False) -> None:
    """Migrate the database, and make due what this version, or the settings, want otherwise."""
    make_folder()
    bring_up_to_date(get_engine())
    with writing() as session:
        bootstrap.Services(session).rebuilds.catch_up(follow_settings=follow_settings)
    with writing() as session:
        fill_directions(session)


def _end_with_parent() -> None:
    """End when the supervisor is gone, however it ended; without one, do nothing."""
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is None:
        return

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(get_settings().alexandria_stop_seconds + _MARGIN_SECONDS)
        sys.stderr.flush()
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()
