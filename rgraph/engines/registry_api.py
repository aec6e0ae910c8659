"""The API of registries: addresses, credentials, and what statuses mean.

Sources: OCI distribution specification 1.1; the documentation of docker/distribution ("HTTP API V2") for
its media types and for short names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Struct
from urllib3.response import BaseHTTPResponse

from rgraph.engines.addresses import is_plain
from rgraph.engines.credentials import Keyring
from rgraph.engines.decoding import decode
from rgraph.engines.errors import CouldNotAskError, DeniedError, Missing
from rgraph.engines.tokens import authorization
from rgraph.engines.web import Reply, Web

INDEXES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
"""Manifests of images for several platforms."""
MEDIA_TYPES: Final = (
    *INDEXES,
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
"""What is accepted. Indexes first: the digest for all platforms is what `FROM` names."""
_HUB: Final = "docker.io"
_HUB_API: Final = "registry-1.docker.io"
_WRONG_DOOR: Final = (
    b"Client sent an HTTP request to an HTTPS server",
    b"The plain HTTP request was sent to HTTPS port",
)
"""What servers in Go, and nginx, say with 400 to who does not encrypt."""
_ERROR_CODE = re.compile(r"[A-Z][A-Z_]{2,40}")


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


def repository_of(name: str) -> Repository:
    """The repository that a name without tag means: `ubuntu` is `docker.io/library/ubuntu`."""
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        return Repository(_HUB, name if slash else f"library/{name}")
    if first in (_HUB, f"index.{_HUB}", _HUB_API):
        return Repository(_HUB, rest if "/" in rest else f"library/{rest}")
    return Repository(first, rest)


class Api:
    """Puts requests to registries, with the authorization that each of them wants. Several threads may
    share one.

    An address that a registry names (where an upload goes on, the next page of a list) may be anywhere:
    credentials go to the registry itself, and nowhere else.
    """

    def __init__(self, web: Web, keyring: Keyring) -> None:
        self.web = web
        self._keyring = keyring
        self._authorizations: dict[Repository, str] = {}
        self._encrypted: set[str] = set()
        """Hosts that may be asked without encryption and are not, as they do not want it."""

    def url(self, repository: Repository, path: str) -> str:
        """The address of something of a repository."""
        return f"{self._origin(repository)}/v2/{repository.name}/{path}"

    def leads_to(self, repository: Repository, url: str, location: str) -> str:
        """Where a `Location` leads that came from an address.

        A registry behind a proxy may name itself with http where it is asked by https.
        """
        target, origin = urljoin(url, location), urlsplit(self._origin(repository))
        parts = urlsplit(target)
        return parts._replace(scheme=origin.scheme).geturl() if parts.netloc == origin.netloc else target

    def ask(
        self,
        method: str,
        repository: Repository,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """An answer, after its challenge; a status of 401 or 403 is an error. Raises CouldNotAskError."""

        def once(address: str) -> Reply:
            return self.web.ask(method, address, self._headers(repository, address, headers), body)

        reply = self._let_in(repository, url, once)
        wrong_door = reply.status == 400 and any(map(reply.body.__contains__, _WRONG_DOOR))
        if wrong_door and url.startswith("http://"):
            self._encrypted.add(repository.host)
            reply = self._let_in(repository, url.replace("http://", "https://", 1), once)
        check_access(repository, reply.status)
        return reply

    @contextmanager
    def opened(self, repository: Repository, url: str) -> Iterator[BaseHTTPResponse]:
        """An answer to GET whose body is yet to be read; a status of 401 or 403 is an error.

        Raises CouldNotAskError.
        """
        for last in (False, True):
            with self.web.opened("GET", url, self._headers(repository, url)) as response:
                challenge = response.headers.get("www-authenticate", "")
                if response.status == 401 and not last and self._answered(repository, challenge):
                    continue
                check_access(repository, response.status)
                yield response
                return

    def send(
        self, method: str, repository: Repository, url: str, body: Iterable[bytes], headers: Mapping[str, str]
    ) -> Reply:
        """The answer to a body that is sent piece by piece, once: there is no second try.

        A status of 401 or 403 is an error. Raises CouldNotAskError.
        """
        reply = self.web.send(method, url, self._headers(repository, url, headers), body)
        if reply.status == 401 and self._answered(repository, reply.headers.get("www-authenticate", "")):
            # Tokens last some minutes, and an upload may take longer: the next try has a new one.
            raise CouldNotAskError(repository.registry, "it wanted other credentials during an upload")
        check_access(repository, reply.status)
        return reply

    def _let_in(self, repository: Repository, url: str, once: Callable[[str], Reply]) -> Reply:
        reply = once(url)
        challenge = reply.headers.get("www-authenticate", "")
        if reply.status == 401 and self._at_home(repository, url) and self._answered(repository, challenge):
            return once(url)
        return reply

    def _answered(self, repository: Repository, challenge: str) -> bool:
        """Whether there is an answer to a challenge; it is used from now on."""
        answer = authorization(self.web, self._keyring, repository.registry, repository.name, challenge)
        if answer:
            self._authorizations[repository] = answer
        return bool(answer)

    def _headers(
        self, repository: Repository, url: str, more: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        headers = {"Accept": ", ".join(MEDIA_TYPES), **(more or {})}
        known = self._authorizations.get(repository)
        if known and self._at_home(repository, url):
            headers["Authorization"] = known
        return headers

    def _at_home(self, repository: Repository, url: str) -> bool:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}" in (self._origin(repository), f"https://{repository.host}")

    def _origin(self, repository: Repository) -> str:
        host = repository.host
        plain = is_plain(host, self.web.plain_http) and host not in self._encrypted
        return f"{'http' if plain else 'https'}://{host}"


def check_access(repository: Repository, status: int) -> None:
    """Raises DeniedError if a registry does not let us in."""
    if status in (401, 403):
        why = f"it denies access to `{repository.name}`"
        help = f"`docker login {repository.registry}`, if there is such a repository"
        raise DeniedError(repository.registry, why, help)


def check_status(repository: Repository, reply: Reply, *good: int) -> None:
    """Raises CouldNotAskError unless an answer has one of some statuses (200 if none are said)."""
    if reply.status == 429:
        raise CouldNotAskError(repository.registry, "it wants to be asked less often (429)", "try later")
    if reply.status not in (good or (200,)):
        codes = "".join(f", {code}" for code in error_codes(reply))
        raise CouldNotAskError(repository.registry, f"it answers with {reply.status}{codes}")


def error_codes(reply: Reply) -> tuple[str, ...]:
    """The codes of errors that a registry names (OCI distribution specification, "Error Codes")."""
    try:
        errors = decode(reply.body, _Errors).errors
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ()
    return tuple(dict.fromkeys(each.code for each in errors if _ERROR_CODE.fullmatch(each.code)))


def missing(repository: Repository, wanted: str, reply: Reply) -> Missing:
    """What a 404 means: nothing there, if it is a registry that says so and not some other server.

    Raises CouldNotAskError.
    """
    if reply.body:
        try:
            decode(reply.body, _Errors)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise CouldNotAskError(repository.registry, "what answers there is no registry (404)") from None
    mark = "@" if wanted.startswith("sha256:") else ":"
    return Missing(f"`{repository}{mark + wanted if wanted else ''}` is not at its registry")
