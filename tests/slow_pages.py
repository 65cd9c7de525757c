"""A web server of our own whose pages take their time: an address from it is a task that runs long."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import parse_qs, urlsplit


class SlowPages:
    """`asked`: how often each page was asked for; `hurry`: set, every page comes at once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.asked: Counter[str] = Counter()
        self.hurry = Event()

    def url(self, name: str, seconds: float) -> str:
        """Give the address of a page that comes after so many seconds."""
        return f"http://127.0.0.1:{self._port}/{name}?seconds={seconds}"

    def wait(self, seconds: float) -> None:
        self.hurry.wait(seconds)


@contextmanager
def slow_pages() -> Iterator[SlowPages]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            name = asked.path.strip("/")
            pages.asked[name] += 1
            pages.wait(float(parse_qs(asked.query)["seconds"][0]))
            body = f"<html><title>About {name}</title><p>All of {name} {'and more ' * 50}".encode()
            try:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except ConnectionError:  # who asked was killed meanwhile
                self.close_connection = True

        def log_message(self, *arguments: object) -> None:
            del arguments

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        pages = SlowPages(server.server_address[1])
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield pages
        finally:
            pages.hurry.set()
            server.shutdown()
            thread.join()
