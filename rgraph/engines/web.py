"""HTTP: time limits, other tries, redirects, proxies and encryption, for all that is asked over it.

urllib3 does the work. It follows no redirect here: a redirect must not lead from https to http, nor
take an `Authorization` header along to another host.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from msgspec import Struct
from urllib3 import exceptions
from urllib3.response import BaseHTTPResponse
from urllib3.util import make_headers, parse_url

from rgraph import __version__
from rgraph.engines.addresses import host_of, is_loopback, is_plain, shown
from rgraph.engines.errors import CouldNotAskError

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS: Final = 10
_AGAIN: Final = (429, 500, 502, 503, 504)
"""Answers after which another try may help (RFC 6585, 4; RFC 9110, 15.6)."""
_MOST_BYTES: Final = 8 << 20
"""Largest answer that is kept: registries take manifests of 4 MiB (OCI distribution specification)."""
_CHUNK: Final = 1 << 18
_OWN: Final = {"User-Agent": f"rgraph/{__version__}", "Accept-Encoding": "identity"}
_DOWN: Final = (
    exceptions.ConnectTimeoutError,
    exceptions.ReadTimeoutError,
    exceptions.SSLError,
    exceptions.ProxyError,
)
"""Errors after which a host is not asked again in this run."""


class Limits(Struct, frozen=True):
    """How long to wait for a server, in seconds, and how often to try."""

    connect: float = 10
    read: float = 30
    """Between two pieces of an answer."""
    whole: float = 120
    """For a whole answer that is kept."""
    stored: float = 300
    """For the answer to a body that was sent piece by piece: it comes when all of it is stored."""
    tries: int = 4
    """After failed connections, and after 429, 500, 502, 503 and 504; twice at most where no answer came."""
    pause: float = 1
    """Before the third try (the second comes at once); each later pause is twice as long. `Retry-After`
    takes its place."""
    longest_pause: int = 60
    """More than this is not waited, whatever `Retry-After` says."""
    connections: int = 8
    """To one host."""


class Reply(Struct, frozen=True):
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Web:
    """Asks servers; closes its connections at the end of a `with`. Several threads may share one."""

    def __init__(self, plain_http: frozenset[str] = frozenset(), limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.plain_http = plain_http
        """Hosts, with their port, that the user allows to be asked without encryption."""
        self._pools: dict[str, urllib3.PoolManager] = {}
        self._down: dict[str, CouldNotAskError] = {}
        # `other`: a certificate that is wrong stays wrong.
        self._retries = urllib3.Retry(
            total=self.limits.tries - 1,
            read=min(1, self.limits.tries - 1),
            other=0,
            redirect=False,
            allowed_methods=None,
            status_forcelist=_AGAIN,
            backoff_factor=self.limits.pause / 2,
            backoff_max=self.limits.longest_pause,
            raise_on_status=False,
            retry_after_max=self.limits.longest_pause,
        )

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self._pools.values():
            pool.clear()

    def ask(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        """An answer, whatever its status. Raises CouldNotAskError."""
        with self.opened(method, url, headers, body) as response:
            return self._whole(response, url)

    def send(self, method: str, url: str, headers: Mapping[str, str], body: Iterable[bytes]) -> Reply:
        """An answer to a body that is sent piece by piece; the headers say how long it is.

        It is tried once and follows no redirect, as what was sent cannot be sent again. Whatever the body
        raises goes through, and the connection is closed then. Raises CouldNotAskError.
        """
        host = self._checked(url)
        try:
            response = self._pool(url).urlopen(
                method,
                without_user(url),
                body=body,
                headers={**_OWN, **headers},
                retries=False,
                redirect=False,
                # urllib3 counts the sending of each piece as connecting.
                timeout=urllib3.Timeout(connect=self.limits.read, read=self.limits.stored),
                preload_content=False,
            )
        except (exceptions.HTTPError, OSError, ValueError) as error:
            raise self._failed(url, host, error) from None
        try:
            return self._whole(response, url)
        finally:
            response.close()
            response.release_conn()

    def _whole(self, response: BaseHTTPResponse, url: str) -> Reply:
        end = time.monotonic() + self.limits.whole
        content = bytearray()
        for piece in pieces(response, url, decode=True):
            content += piece
            if len(content) > _MOST_BYTES:
                raise CouldNotAskError(shown(url), f"its answer is longer than {_MOST_BYTES:,} bytes")
            if time.monotonic() > end:
                raise CouldNotAskError(shown(url), f"it took longer than {self.limits.whole:g} s")
        names = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status, names, bytes(content))

    @contextmanager
    def opened(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Iterator[BaseHTTPResponse]:
        """An answer whose body is yet to be read by `pieces`. Raises CouldNotAskError."""
        response = self._redirected(method, url, dict(headers or {}), body)
        try:
            yield response
            response.drain_conn() if method == "HEAD" else response.close()
        except BaseException:
            response.close()
            raise
        finally:
            response.release_conn()

    def _redirected(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> BaseHTTPResponse:
        for _ in range(_MOST_REDIRECTS):
            response = self._once(method, url, headers, body)
            location = response.headers.get("Location")
            # What is posted holds a token: it goes where it was meant to go, or nowhere.
            if response.status not in _REDIRECTS or not location or method == "POST":
                return response
            response.close()
            response.release_conn()
            target = urljoin(url, location)
            if url.startswith("https://") and not target.startswith("https://"):
                raise CouldNotAskError(shown(url), f"it leads to {shown(target)}, without encryption")
            if urlsplit(target)[:2] != urlsplit(url)[:2]:
                headers.pop("Authorization", None)
            url = target
        raise CouldNotAskError(shown(url), f"it leads on and on, more than {_MOST_REDIRECTS} times")

    def _once(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> BaseHTTPResponse:
        host = self._checked(url)
        own = {**_OWN, **headers}
        try:
            pool = self._pool(url)
            return pool.urlopen(
                method,
                without_user(url),
                body=body,
                headers=own,
                retries=self._retries,
                redirect=False,
                timeout=urllib3.Timeout(connect=self.limits.connect, read=self.limits.read),
                preload_content=False,
            )
        except (exceptions.HTTPError, ValueError) as error:
            raise self._failed(url, host, error) from None

    def _checked(self, url: str) -> str:
        """The host of an address. Raises CouldNotAskError if it is not to be asked."""
        check_encrypted(url, self.plain_http)
        host = host_of(url)
        if host in self._down:
            raise self._down[host]
        return host

    def _failed(self, url: str, host: str, error: Exception) -> CouldNotAskError:
        """The error to raise; `from None`, as urllib3's own messages hold whole addresses."""
        if isinstance(error, exceptions.MaxRetryError) and error.reason:
            error = error.reason
        why = reason(error, self.limits)
        if isinstance(error, _DOWN):
            # Others of the same host need not wait for the same.
            return self._down.setdefault(host, CouldNotAskError(host, why))
        return CouldNotAskError(shown(url), why)

    def _pool(self, url: str) -> urllib3.PoolManager:
        """The connections, through a proxy if the environment names one (`HTTPS_PROXY`, `NO_PROXY`)."""
        host, proxy = host_of(url), getproxies().get(urlsplit(url).scheme, "")
        if not proxy or is_loopback(host) or proxy_bypass(host):
            proxy = ""
        elif "://" not in proxy:
            proxy = f"http://{proxy}"
        if proxy not in self._pools:
            size = self.limits.connections
            login = parse_url(proxy).auth if proxy else None
            self._pools[proxy] = (
                urllib3.ProxyManager(
                    proxy,
                    maxsize=size,
                    block=True,
                    proxy_headers=make_headers(proxy_basic_auth=login) if login else None,
                )
                if proxy
                else urllib3.PoolManager(maxsize=size, block=True)
            )
        return self._pools[proxy]


def check_encrypted(url: str, plain_http: frozenset[str]) -> None:
    """Raises CouldNotAskError if an address is neither https nor one that may be asked without."""
    scheme = urlsplit(url).scheme
    if scheme == "https":
        return
    if scheme != "http":
        raise CouldNotAskError(shown(url), f"`{scheme}` is no kind of address that is asked")
    if not is_plain(host_of(url), plain_http):
        help = f"add `--plain-http {host_of(url)}` if you trust the network between here and there"
        raise CouldNotAskError(shown(url), "the connection would not be encrypted", help)


def pieces(response: BaseHTTPResponse, url: str, *, decode: bool) -> Iterator[bytes]:
    """The body, piece by piece as it comes. Raises CouldNotAskError if it breaks off."""
    try:
        # read1 and not stream: a server that sends a byte from time to time must not hold us in one call.
        while piece := response.read1(_CHUNK, decode_content=decode):
            yield piece
    except exceptions.HTTPError as error:
        raise CouldNotAskError(shown(url), reason(error)) from None


def without_user(url: str) -> str:
    """A URL without user and password: they are sent as a header, or not at all."""
    return re.sub(r"(?<=://)[^/?#]*@", "", url, count=1)


def reason(error: Exception, limits: Limits | None = None) -> str:
    """Why urllib3 failed, in words; never its own, which hold addresses with their queries."""
    limits = limits or Limits()
    if isinstance(error, exceptions.NewConnectionError) and not isinstance(
        error, exceptions.NameResolutionError
    ):
        cause = error.__cause__
        return f"no connection ({cause.strerror})" if isinstance(cause, OSError) else "no connection"
    if isinstance(error, exceptions.ProxyError):
        through = not isinstance(error.original_error, exceptions.ConnectTimeoutError)
        return "the proxy does not let us through" if through else "no connection to the proxy"
    found = (why for kind, why in _REASONS if isinstance(error, kind))
    why = next(found, f"the address or its answer cannot be used ({type(error).__name__})")
    return why.format(connect=limits.connect, read=limits.read, tls=_tls(str(error)))


_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (exceptions.NameResolutionError, "its name is not known here"),
    (exceptions.ConnectTimeoutError, "no connection within {connect:g} s"),
    (exceptions.ReadTimeoutError, "no answer within {read:g} s"),
    (exceptions.SSLError, "the connection cannot be encrypted safely ({tls})"),
    (exceptions.ProtocolError, "the connection broke off"),
    (exceptions.InvalidHeader, "its answer has a header that makes no sense"),
)
"""The first that fits counts."""


def _tls(text: str) -> str:
    """OpenSSL's reason: `certificate verify failed: self-signed certificate`."""
    found = re.search(r"\] ([a-z][^(]*?)(?: \(_ssl|$)", text)
    return found[1].strip() if found else "TLS error"
