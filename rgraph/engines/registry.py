"""Registries: the digest of a reference, its manifest, the tags of a repository.

Source: OCI distribution specification 1.1, "Pulling manifests" and "Content discovery".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Struct

from rgraph import names
from rgraph.engines.addresses import shown
from rgraph.engines.answers import Answer, Answers, ask_all
from rgraph.engines.credentials import Keyring
from rgraph.engines.decoding import decode
from rgraph.engines.errors import CouldNotAskError, Missing
from rgraph.engines.progress import SILENT, Progress
from rgraph.engines.registry_api import (
    MEDIA_TYPES,
    Api,
    Repository,
    check_status,
    missing,
    repository_of,
)
from rgraph.engines.web import Reply, Web

_PATIENCE: Final = 300
"""Seconds for one digest, other tries and the pauses between them too."""
_MOST_PAGES: Final = 1000
_PAGE: Final = 1000
_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)


class Fetched(Struct, frozen=True):
    """An OCI manifest, as a registry sent it."""

    content: bytes
    media_type: str
    digest: names.Digest
    """That of the content."""


class _Tags(Struct, frozen=True):
    tags: list[str] | None = None


class _Manifest(Struct, frozen=True):
    schemaVersion: int


class Registry:
    """Asks registries. Several threads may share one."""

    def __init__(self, web: Web, keyring: Keyring) -> None:
        self.api = Api(web, keyring)

    def digests(
        self, references: Iterable[str], *, proved: bool = False, progress: Progress = SILENT
    ) -> Answers:
        """Digests of many references, some at a time; `proved` as for one."""

        def ask(reference: str) -> Answer:
            return self.digest(reference, proved=proved)

        return ask_all(references, ask, self.api.web.limits.connections, _PATIENCE, progress)

    def digest(self, reference: str, *, proved: bool = False) -> names.Digest | Missing:
        """What a reference leads to now; of one with a digest, whether it is there.

        With `proved` the digest is that of the bytes which the registry sends, else it may be what the
        registry says it is: that costs less, and Docker Hub counts it as no pull. Raises
        CouldNotAskError.
        """
        repository, wanted = asked(reference)
        url = self.api.url(repository, f"manifests/{wanted}")
        # A HEAD has no body that says why, and a registry need not name the digest.
        said = None if proved else self._named(repository, url)
        if said is None:
            sent = self.manifest(reference)
            return sent if isinstance(sent, Missing) else sent.digest
        _check_same(repository, wanted, said)
        return said

    def manifest(self, reference: str) -> Fetched | Missing:
        """The OCI manifest, or index, that a reference leads to now; its digest is that of its bytes.

        Raises CouldNotAskError.
        """
        repository, wanted = asked(reference)
        found = self._computed(repository, self.api.url(repository, f"manifests/{wanted}"), wanted)
        if isinstance(found, Fetched):
            _check_same(repository, wanted, found.digest)
        return found

    def _named(self, repository: Repository, url: str) -> names.Digest | None:
        """The digest that a registry names, if it does."""
        reply = self.api.ask("HEAD", repository, url)
        found = _digest_of(reply)
        return found if reply.status == 200 and _is_manifest(reply) else None

    def _computed(self, repository: Repository, url: str, wanted: str) -> Fetched | Missing:
        """What a registry sends."""
        reply = self.api.ask("GET", repository, url)
        if reply.status == 404:
            return missing(repository, wanted, reply)
        check_status(repository, reply)
        if not _is_manifest(reply):
            kind = reply.headers.get("content-type", "nothing known")
            raise CouldNotAskError(str(repository), f"its answer is no image, but {kind}")
        try:
            decode(reply.body, _Manifest)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise CouldNotAskError(str(repository), "its answer is no image, whatever it says") from None
        found = names.Digest(f"sha256:{hashlib.sha256(reply.body).hexdigest()}")
        if _digest_of(reply) not in (None, found):
            why = f"it names another digest for `{wanted}` than what it sends has"
            raise CouldNotAskError(str(repository), why, "something between you and the registry is wrong")
        return Fetched(reply.body, _kind(reply), found)

    def tags(self, name: str) -> tuple[str, ...] | Missing:
        """All tags of a repository, sorted. Raises CouldNotAskError."""
        repository = repository_of(name)
        found: set[str] = set()
        url = self.api.url(repository, f"tags/list?n={_PAGE}")
        for _ in range(_MOST_PAGES):
            reply = self.api.ask("GET", repository, url)
            if reply.status == 404:
                return missing(repository, "", reply)
            check_status(repository, reply)
            try:
                found.update(decode(reply.body, _Tags).tags or ())
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise CouldNotAskError(str(repository), "its list of tags cannot be read") from None
            link = _NEXT.search(reply.headers.get("link", ""))
            if not link:
                return tuple(sorted(found))
            following = urljoin(url, link[1])
            if urlsplit(following)[:2] != urlsplit(url)[:2]:
                # Else our credentials would go where somebody's list of tags wants them.
                why = f"its list of tags goes on elsewhere, at {shown(following)}"
                raise CouldNotAskError(str(repository), why)
            url = following
        raise CouldNotAskError(str(repository), f"its list of tags has more than {_MOST_PAGES} pages")


def _digest_of(reply: Reply) -> names.Digest | None:
    """The digest that an answer names, if it is a SHA-256."""
    found = names.digest(reply.headers.get("docker-content-digest", ""))
    return None if isinstance(found, names.Bad) else found


def _is_manifest(reply: Reply) -> bool:
    return _kind(reply) in MEDIA_TYPES


def _kind(reply: Reply) -> str:
    return reply.headers.get("content-type", "").partition(";")[0].strip().lower()


def asked(reference: str) -> tuple[Repository, str]:
    """The repository of a reference, and what is asked for there: digest, tag, or `latest`.

    Raises CouldNotAskError if the text is no reference.
    """
    parts = names.reference(reference)
    if isinstance(parts, names.Bad):
        raise CouldNotAskError(f"a registry about `{reference}`", parts.what, parts.help)
    return repository_of(parts.name), parts.digest or parts.tag or "latest"


def _check_same(repository: Repository, wanted: str, found: str) -> None:
    if wanted.startswith("sha256:") and wanted != found:
        raise CouldNotAskError(str(repository), f"it answers with another digest than {wanted}")
