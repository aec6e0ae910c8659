"""Registries: the digest of a reference, the tags of a repository.

Sources: OCI distribution specification 1.1, "Pulling manifests" and "Content discovery"; the
documentation of docker/distribution ("HTTP API V2") for its media types and for short names.
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
from rgraph.engines.addresses import is_plain, shown
from rgraph.engines.answers import Answer, Answers, ask_all
from rgraph.engines.credentials import Keyring
from rgraph.engines.errors import CouldNotAskError, Missing
from rgraph.engines.progress import SILENT, Progress
from rgraph.engines.tokens import authorization
from rgraph.engines.web import Reply, Web

MEDIA_TYPES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
"""What is accepted. Indexes first: the digest for all platforms is what `FROM` names."""
_HUB: Final = "docker.io"
_HUB_API: Final = "registry-1.docker.io"
_PATIENCE: Final = 300
"""Seconds for one digest, other tries and the pauses between them too."""
_MOST_PAGES: Final = 1000
_PAGE: Final = 1000
_WRONG_DOOR: Final = (
    b"Client sent an HTTP request to an HTTPS server",
    b"The plain HTTP request was sent to HTTPS port",
)
"""What servers in Go, and nginx, say with 400 to who does not encrypt."""
_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)


class Repository(Struct, frozen=True):
    """A repository at its registry."""

    registry: str
    """`docker.io`, or a host with its port."""
    name: str

    @property
    def host(self) -> str:
        """The host that answers for the registry."""
        return _HUB_API if self.registry == _HUB else self.registry

    def __str__(self) -> str:
        return f"{self.registry}/{self.name}"


class _Error(Struct, frozen=True):
    code: str = ""


class _Errors(Struct, frozen=True):
    errors: list[_Error]


class _Tags(Struct, frozen=True):
    tags: list[str] | None = None


class _Manifest(Struct, frozen=True):
    schemaVersion: int


def repository_of(name: str) -> Repository:
    """The repository that a name without tag means: `ubuntu` is `docker.io/library/ubuntu`."""
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        return Repository(_HUB, name if slash else f"library/{name}")
    if first in (_HUB, f"index.{_HUB}", _HUB_API):
        return Repository(_HUB, rest if "/" in rest else f"library/{rest}")
    return Repository(first, rest)


class Registry:
    """Asks registries. Several threads may share one."""

    def __init__(self, web: Web, keyring: Keyring) -> None:
        self._web = web
        self._keyring = keyring
        self._authorizations: dict[Repository, str] = {}
        self._encrypted: set[str] = set()
        """Hosts that may be asked without encryption and are not, as they do not want it."""

    def digests(
        self, references: Iterable[str], *, proved: bool = False, progress: Progress = SILENT
    ) -> Answers:
        """Digests of many references, some at a time; `proved` as for one."""

        def ask(reference: str) -> Answer:
            return self.digest(reference, proved=proved)

        return ask_all(references, ask, self._web.limits.connections, _PATIENCE, progress)

    def digest(self, reference: str, *, proved: bool = False) -> names.Digest | Missing:
        """What a reference leads to now; of one with a digest, whether it is there.

        With `proved` the digest is that of the bytes which the registry sends, else it may be what the
        registry says it is: that costs less, and Docker Hub counts it as no pull. Raises
        CouldNotAskError.
        """
        parts = names.reference(reference)
        if isinstance(parts, names.Bad):
            raise CouldNotAskError(f"a registry about `{reference}`", parts.what, parts.help)
        repository = repository_of(parts.name)
        wanted = parts.digest or parts.tag or "latest"
        url = self._url(repository, f"manifests/{wanted}")
        # A HEAD has no body that says why, and a registry need not name the digest.
        said = None if proved else self._named(repository, url)
        found = said or self._computed(repository, url, wanted)
        if isinstance(found, str) and parts.digest and found != parts.digest:
            raise CouldNotAskError(str(repository), f"it answers with another digest than {parts.digest}")
        return found

    def _named(self, repository: Repository, url: str) -> names.Digest | None:
        """The digest that a registry names, if it does."""
        reply = self._ask("HEAD", repository, url)
        found = _digest_of(reply)
        return found if reply.status == 200 and _is_manifest(reply) else None

    def _computed(self, repository: Repository, url: str, wanted: str) -> names.Digest | Missing:
        """The digest of what a registry sends."""
        reply = self._ask("GET", repository, url)
        if reply.status == 404:
            return _missing(repository, wanted, reply)
        _check(repository, reply)
        if not _is_manifest(reply):
            kind = reply.headers.get("content-type", "nothing known")
            raise CouldNotAskError(str(repository), f"its answer is no image, but {kind}")
        try:
            msgspec.json.decode(reply.body, type=_Manifest)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise CouldNotAskError(str(repository), "its answer is no image, whatever it says") from None
        found = names.Digest(f"sha256:{hashlib.sha256(reply.body).hexdigest()}")
        if _digest_of(reply) not in (None, found):
            why = f"it names another digest for `{wanted}` than what it sends has"
            raise CouldNotAskError(str(repository), why, "something between you and the registry is wrong")
        return found

    def tags(self, name: str) -> tuple[str, ...] | Missing:
        """All tags of a repository, sorted. Raises CouldNotAskError."""
        repository = repository_of(name)
        found: set[str] = set()
        url = self._url(repository, f"tags/list?n={_PAGE}")
        for _ in range(_MOST_PAGES):
            reply = self._ask("GET", repository, url)
            if reply.status == 404:
                return _missing(repository, "", reply)
            _check(repository, reply)
            try:
                found.update(msgspec.json.decode(reply.body, type=_Tags).tags or ())
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

    def _ask(self, method: str, repository: Repository, url: str) -> Reply:
        """An answer of the API, after its challenge; a status of 401 or 403 is an error."""
        reply = self._challenged(method, repository, url)
        if (
            reply.status == 400
            and url.startswith("http://")
            and any(map(reply.body.__contains__, _WRONG_DOOR))
        ):
            self._encrypted.add(repository.host)
            reply = self._challenged(method, repository, url.replace("http://", "https://", 1))
        if reply.status in (401, 403):
            why = f"it denies access to `{repository.name}`"
            help = f"`docker login {repository.registry}`, if there is such a repository"
            raise CouldNotAskError(repository.registry, why, help)
        return reply

    def _challenged(self, method: str, repository: Repository, url: str) -> Reply:
        known = self._authorizations.get(repository)
        reply = self._web.ask(method, url, _headers(known))
        if reply.status == 401:
            challenge = reply.headers.get("www-authenticate", "")
            answer = authorization(self._web, self._keyring, repository.registry, repository.name, challenge)
            if answer:
                self._authorizations[repository] = answer
                reply = self._web.ask(method, url, _headers(answer))
        return reply

    def _url(self, repository: Repository, path: str) -> str:
        host = repository.host
        plain = is_plain(host, self._web.plain_http) and host not in self._encrypted
        return f"{'http' if plain else 'https'}://{host}/v2/{repository.name}/{path}"


def _headers(authorization: str | None) -> dict[str, str]:
    accept = {"Accept": ", ".join(MEDIA_TYPES)}
    return {**accept, "Authorization": authorization} if authorization else accept


def _digest_of(reply: Reply) -> names.Digest | None:
    """The digest that an answer names, if it is a SHA-256."""
    found = names.digest(reply.headers.get("docker-content-digest", ""))
    return None if isinstance(found, names.Bad) else found


def _is_manifest(reply: Reply) -> bool:
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in MEDIA_TYPES


def _check(repository: Repository, reply: Reply) -> None:
    if reply.status == 429:
        raise CouldNotAskError(repository.registry, "it wants to be asked less often (429)", "try later")
    if reply.status != 200:
        raise CouldNotAskError(repository.registry, f"it answers with {reply.status}")


def _missing(repository: Repository, wanted: str, reply: Reply) -> Missing:
    """What a 404 means: nothing there, if it is a registry that says so and not some other server."""
    if reply.body:
        try:
            msgspec.json.decode(reply.body, type=_Errors)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise CouldNotAskError(repository.registry, "what answers there is no registry (404)") from None
    mark = "@" if wanted.startswith("sha256:") else ":"
    return Missing(f"`{repository}{mark + wanted if wanted else ''}` is not at its registry")
