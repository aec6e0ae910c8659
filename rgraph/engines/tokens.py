"""How a registry wants to be asked: its challenge, and the token that answers it.

Sources: RFC 9110, 11.6.1 (challenges), RFC 7617 (Basic), and the token specification of the distribution
project ("Token Authentication Specification", "Oauth2 Token Authentication").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from rgraph.engines.addresses import shown
from rgraph.engines.credentials import Credentials, Keyring, basic
from rgraph.engines.decoding import decode
from rgraph.engines.errors import CouldNotAskError
from rgraph.engines.web import Web

_PIECE = re.compile(
    r"""\s*,?\s*(?:
        (?P<key>[A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s",]+))
      | (?P<scheme>[A-Za-z0-9!#$%&'*+.^_`|~-]+)(?=\s|,|$)
    )""",
    re.VERBOSE,
)
_TOKEN = re.compile(r"[!-~]+")


class Challenge(Struct, frozen=True):
    """One way to be let in."""

    scheme: str
    """In lower case: `basic`, `bearer`."""
    parameters: Mapping[str, str]
    """Names in lower case."""


class _Granted(Struct, frozen=True):
    token: str = ""
    access_token: str = ""

    def __repr__(self) -> str:
        return "_Granted(...)"


def challenges(header: str) -> tuple[Challenge, ...]:
    """The challenges of a `WWW-Authenticate` header, up to the first thing that cannot be understood."""
    return tuple(Challenge(scheme, dict(pairs)) for scheme, pairs in _challenges(header))


def _challenges(header: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    scheme, pairs, position = "", list[tuple[str, str]](), 0
    while position < len(header) and (match := _PIECE.match(header, position)):
        position = match.end()
        if match["scheme"]:
            if scheme:
                yield scheme, pairs
            scheme, pairs = match["scheme"].lower(), []
        else:
            quoted = match["quoted"]
            value = match["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            pairs.append((match["key"].lower(), value))
    if scheme:
        yield scheme, pairs


def authorization(web: Web, keyring: Keyring, registry: str, repository: str, header: str) -> str | None:
    """The `Authorization` that answers a challenge; None if there are no credentials to answer it with.

    A token service is asked without credentials where there are none: so public images are read. Raises
    CouldNotAskError if it cannot be asked, or refuses.
    """
    offered = {each.scheme: each for each in reversed(challenges(header))}
    if bearer := offered.get("bearer"):
        credentials = keyring.find(registry, repository)
        return f"Bearer {_token(web, registry, repository, bearer.parameters, credentials)}"
    if "basic" in offered:
        credentials = keyring.find(registry, repository)
        if credentials and credentials.user:
            return basic(f"{credentials.user}:{credentials.password}")
        return None
    raise CouldNotAskError(registry, "it wants to be asked in a way that is not known here")


def _token(
    web: Web,
    registry: str,
    repository: str,
    parameters: Mapping[str, str],
    credentials: Credentials | None,
) -> str:
    realm = parameters.get("realm", "")
    if urlsplit(realm).scheme not in ("https", "http"):
        raise CouldNotAskError(registry, "it names no token service that can be asked")
    # A mount from another repository wants two scopes, and each is a parameter of its own.
    scopes = (parameters.get("scope") or f"repository:{repository}:pull").split()
    service = parameters.get("service", "")
    asked = [("scope", scope) for scope in scopes] + ([("service", service)] if service else [])
    if credentials and credentials.identity:
        form = {
            "grant_type": "refresh_token",
            "client_id": "rgraph",
            "refresh_token": credentials.identity,
            "scope": " ".join(scopes),
            **({"service": service} if service else {}),
        }
        head = {"Content-Type": "application/x-www-form-urlencoded"}
        reply = web.ask("POST", realm, head, urlencode(form).encode())
    else:
        url = f"{realm}{'&' if urlsplit(realm).query else '?'}{urlencode(asked)}"
        login = basic(f"{credentials.user}:{credentials.password}") if credentials else ""
        reply = web.ask("GET", url, {"Authorization": login} if login else {})
    if reply.status in (401, 403):
        who = "the credentials that Docker's configuration has for it" if credentials else "to be asked"
        help = f"`docker login {registry}` renews them" if credentials else f"`docker login {registry}`"
        raise CouldNotAskError(registry, f"its token service refuses {who}", help)
    try:
        granted = decode(reply.body, _Granted) if reply.status == 200 else _Granted()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        granted = _Granted()
    token = granted.token or granted.access_token
    if not _TOKEN.fullmatch(token):
        raise CouldNotAskError(registry, f"its token service {shown(realm)} gives no token ({reply.status})")
    return token
