"""A way to an engine that breaks: each connection after a time, or after some bytes from the engine."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_PIECE = 16_384


@dataclass
class Way:
    """Where it is, and when it breaks."""

    host: str
    seconds: float
    bytes: int
    open: bool = True


@contextmanager
def cutting(engine: str, *, seconds: float = 600, bytes: int = 1 << 40) -> Iterator[Way]:
    """A way to the engine at a socket (`unix://...`), by TCP."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        way = Way(f"tcp://127.0.0.1:{server.getsockname()[1]}", seconds, bytes)
        threading.Thread(
            target=_serve, args=(server, engine.removeprefix("unix://"), way), daemon=True
        ).start()
        try:
            yield way
        finally:
            way.open = False


def _serve(server: socket.socket, engine: str, way: Way) -> None:
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            threading.Thread(target=_pass_on, args=(client, engine, way), daemon=True).start()


def _pass_on(client: socket.socket, engine: str, way: Way) -> None:
    began, passed = time.monotonic(), 0
    with client, socket.socket(socket.AF_UNIX) as other, suppress(OSError):
        other.connect(engine)
        open_ends = [client, other]
        while way.open and time.monotonic() - began < way.seconds:
            for end in select.select(open_ends, [], [], 0.1)[0]:
                data = end.recv(_PIECE)
                if end is other:
                    passed += len(data)
                    if not data or passed > way.bytes:
                        return
                    client.sendall(data)
                elif data:
                    other.sendall(data)
                else:
                    # It says no more, and waits for an answer.
                    other.shutdown(socket.SHUT_WR)
                    open_ends.remove(client)
