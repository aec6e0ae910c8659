"""Small servers on loopback: they do what no registry does when it is asked to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from rgraph.engines.web import Limits

QUICK = Limits(connect=2, read=2, whole=5, tries=3, pause=0.01, longest_pause=1)


class Asked(NamedTuple):
    """A request, as the server saw it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Said(NamedTuple):
    """What the server is to answer."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class Server(NamedTuple):
    """A running server."""

    host: str
    """With its port."""
    asked: list[Asked]

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def paths(self) -> list[str]:
        """Method and path of all requests."""
        return [f"{each.method} {each.path}" for each in self.asked]


Answering = Callable[[Asked], "Said | Iterator[bytes]"]
"""An answer, or the raw bytes of one, piece by piece."""


@contextmanager
def serving(answer: Answering) -> Iterator[Server]:
    """A server on a free port of loopback."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            names = {name.title(): value for name, value in self.headers.items()}
            request = Asked(self.command, self.path, names, self.rfile.read(length))
            asked.append(request)
            said = answer(request)
            if isinstance(said, Said):
                self._send(said)
                return
            self.close_connection = True
            try:
                for piece in said:
                    self.wfile.write(piece)
                    self.wfile.flush()
            except OSError:
                pass  # who asked has gone

        def _send(self, said: Said) -> None:
            self.send_response_only(said.status)
            for name, value in said.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_CONNECT = _handle

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Server(f"127.0.0.1:{server.server_port}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def in_turn(*answers: Said) -> Answering:
    """One answer after the other; the last for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]
