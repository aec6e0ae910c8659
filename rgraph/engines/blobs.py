"""Blobs of a registry: read, sent, and copied from one repository to another as a stream.

Source: OCI distribution specification 1.1, "Pulling blobs", "Pushing Blobs" and "Mounting a blob from
another repository".
"""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from rgraph.engines.errors import CouldNotAskError, DeniedError, Missing
from rgraph.engines.registry_api import Api, Repository, check_status, missing
from rgraph.engines.web import pieces

_STREAM: Final = {"Content-Type": "application/octet-stream"}
_STILL_THERE: Final = (200, 204)


class Blobs:
    """Blobs of many repositories. Several threads may share one."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._homes: dict[tuple[str, str], Repository] = {}
        """(host, digest) -> a repository there that is known to hold it: others can mount it from there."""
        self._locks: defaultdict[tuple[str, str], Lock] = defaultdict(Lock)
        self._lock = Lock()

    def content(self, repository: Repository, digest: str) -> bytes | Missing:
        """A small blob, proved by its digest. Raises CouldNotAskError."""
        reply = self._api.ask("GET", repository, self._url(repository, digest))
        if reply.status == 404:
            return missing(repository, digest, reply)
        check_status(repository, reply)
        if f"sha256:{hashlib.sha256(reply.body).hexdigest()}" != digest:
            raise CouldNotAskError(str(repository), f"what it sends for {digest} has another digest")
        return reply.body

    def put(self, repository: Repository, content: bytes) -> None:
        """Sends a small blob, unless it is there. Raises CouldNotAskError."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if not self._has(repository, digest):
            self._tried(lambda: self._send(repository, digest, len(content), lambda: iter([content])))

    def copy(
        self, start: Repository, end: Repository, digest: str, size: int, *, optional: bool = False
    ) -> None:
        """Copies a blob, unless it is there; mounts it where the registry has it elsewhere.

        One that is `optional` is left out if the start does not have it. Raises CouldNotAskError.
        """
        with self._alone(end.host, digest):
            if not self._has(end, digest):
                if optional and not self._has(start, digest):
                    return
                self._tried(lambda: self._copied(start, end, digest, size))
            self._homes.setdefault((end.host, digest), end)

    def _copied(self, start: Repository, end: Repository, digest: str, size: int) -> None:
        home = start if start.host == end.host else self._homes.get((end.host, digest))
        upload = self._upload(end, digest, home)
        if upload:
            self._send(end, digest, size, lambda: self._stream(start, digest, size), upload)

    def _send(
        self,
        repository: Repository,
        digest: str,
        size: int,
        content: Callable[[], Iterable[bytes]],
        upload: str = "",
    ) -> None:
        """Sends a blob in one piece, to an upload that was begun or to a new one."""
        location = upload or self._upload(repository, digest, None)
        joint = "&" if urlsplit(location).query else "?"
        url = f"{location}{joint}{urlencode({'digest': digest})}"
        reply = self._api.send("PUT", repository, url, content(), {**_STREAM, "Content-Length": str(size)})
        check_status(repository, reply, 200, 201, 202, 204)

    def _upload(self, repository: Repository, digest: str, home: Repository | None) -> str:
        """Where to send a blob to; empty if it need not be sent, as it could be mounted."""
        query = f"?mount={quote(digest, safe='')}&from={quote(home.name, safe='')}" if home else ""
        url = self._api.url(repository, f"blobs/uploads/{query}")
        reply = self._api.ask("POST", repository, url, {"Content-Length": "0"})
        if reply.status == 201 and home:
            return ""
        check_status(repository, reply, 202)
        location = reply.headers.get("location", "")
        if not location:
            raise CouldNotAskError(repository.registry, "it does not say where an upload goes on")
        return self._api.leads_to(repository, url, location)

    def _stream(self, repository: Repository, digest: str, size: int) -> Iterator[bytes]:
        """A blob, piece by piece; its last piece comes only if all of it has the digest."""
        url = self._url(repository, digest)
        with self._api.opened(repository, url) as response:
            if response.status != 200:
                raise CouldNotAskError(str(repository), f"it answers with {response.status} about {digest}")
            hashed, left, last = hashlib.sha256(), size, b""
            for piece in pieces(response, url, decode=False):
                hashed.update(piece)
                left -= len(piece)
                yield last
                last = piece
            if left or f"sha256:{hashed.hexdigest()}" != digest:
                raise CouldNotAskError(str(repository), f"what it sends for {digest} is something else")
            yield last

    def _has(self, repository: Repository, digest: str) -> bool:
        reply = self._api.ask("HEAD", repository, self._url(repository, digest))
        if reply.status in (404, 405):
            return False
        check_status(repository, reply, *_STILL_THERE)
        return True

    def _tried(self, work: Callable[[], None]) -> None:
        """Does something again if a connection broke: what was sent as a stream is not sent again by
        itself.
        """
        limits = self._api.web.limits
        for attempt in range(limits.tries - 1):
            try:
                return work()
            except DeniedError:
                raise
            except CouldNotAskError:
                time.sleep(min(limits.pause * 2**attempt, limits.longest_pause))
        return work()

    @contextmanager
    def _alone(self, host: str, digest: str) -> Iterator[None]:
        """Nobody else copies the same blob to the same registry meanwhile."""
        with self._lock:
            lock = self._locks[host, digest]
        with lock:
            yield

    def _url(self, repository: Repository, digest: str) -> str:
        return self._api.url(repository, f"blobs/{digest}")
