"""A gate before a registry: bytes go through it as they are, and at a request that a test names, something
happens first.

That is how a fault strikes at a point that a test knows, while both ends are the real ones.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_CHUNK = 65536


class Gate:
    """Listens on a port of its own, and leads to another one."""

    def __init__(self, target: int) -> None:
        self.target = target
        """The port that it leads to."""
        self.requests: list[str] = []
        """First lines of all requests that passed: `PUT /v2/x/manifests/1`."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._trap: tuple[re.Pattern[str], int, Callable[[], None]] | None = None

    @property
    def host(self) -> str:
        """Where to knock."""
        return f"127.0.0.1:{self._listening.getsockname()[1]}"

    def at(self, pattern: str, do: Callable[[], None], *, number: int = 1) -> None:
        """At the request of that number whose first line has the pattern, do something before it passes."""
        with self._lock:
            self._trap = (re.compile(pattern), number, do)

    def asked(self, pattern: str) -> list[str]:
        """The requests so far whose first line has the pattern."""
        with self._lock:
            return [line for line in self.requests if re.search(pattern, line)]

    def forget(self) -> None:
        """Forgets the requests so far."""
        with self._lock:
            self.requests.clear()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._lead, args=(client,), daemon=True).start()

    def _lead(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=10)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        back = threading.Thread(target=_pass, args=(server, client), daemon=True)
        back.start()
        _pass(client, server, self._look)
        back.join()
        client.close()
        server.close()

    def _look(self, data: bytes) -> None:
        """Notes the request that begins with these bytes, and springs the trap if it is the one."""
        found = re.match(rb"(GET|HEAD|PUT|POST|PATCH|DELETE) (\S+) HTTP/1\.1\r\n", data)
        if not found:
            return
        line = f"{found[1].decode()} {found[2].decode()}"
        act: Callable[[], None] | None = None
        with self._lock:
            self.requests.append(line)
            if self._trap and self._trap[0].search(line):
                pattern, number, do = self._trap
                self._trap = (pattern, number - 1, do) if number > 1 else None
                act = do if number == 1 else None
        if act:
            act()

    def close(self) -> None:
        """Nobody comes in any more."""
        # A thread that waits in accept() does not see close(), and would wait on whatever gets this number.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@contextmanager
def gate(target: int) -> Iterator[Gate]:
    """A gate before a port of this machine, as long as it is needed."""
    made = Gate(target)
    threading.Thread(target=made._serve, daemon=True).start()
    try:
        yield made
    finally:
        made.close()


def _pass(source: socket.socket, sink: socket.socket, look: Callable[[bytes], None] | None = None) -> None:
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            if look:
                look(data)
            sink.sendall(data)
    for end, how in ((sink, socket.SHUT_WR), (source, socket.SHUT_RD)):
        with suppress(OSError):
            end.shutdown(how)
