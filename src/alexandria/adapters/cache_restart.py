"""What a cache server that was started again may serve: nothing from before.

A server with an append-only file comes back with its values, but without the last second's
invalidations (https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/).
"""

from typing import Any

from alexandria.adapters.cache_names import RUN_KEY, generation_key

_BATCH = "1000"


def greet(connection: Any) -> None:
    """Begin a connection of redis-py (`redis_connect_func`): all values go stale if the server is another run.

    A connection ends with its server's process, so what it is served was asked of this run.
    """
    connection.on_connect()
    run = _run_id(_ask(connection, "INFO", "server"))
    if _ask(connection, "GET", RUN_KEY) == run:
        return
    cursor = b"0"
    while True:
        cursor, found = _ask(
            connection, "SCAN", cursor, "MATCH", generation_key("*"), "COUNT", _BATCH
        )
        if found:
            _ask(connection, "UNLINK", *found)
        if cursor == b"0":
            break
    _ask(connection, "SET", RUN_KEY, run)  # last: who sees it finds no older generation


def _ask(connection: Any, *command: Any) -> Any:
    connection.send_command(*command)
    return connection.read_response()


def _run_id(info: bytes) -> bytes:
    lines = dict(line.split(b":", 1) for line in info.splitlines() if b":" in line)
    return lines[b"run_id"]
