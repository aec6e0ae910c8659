"""Challenges of registries, and the tokens that answer them."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from rgraph.engines.credentials import Keyring
from rgraph.engines.errors import CouldNotAskError
from rgraph.engines.tokens import authorization, challenges
from rgraph.engines.web import Web
from tests.unit.engines.serving import QUICK, Asked, Said, Server, in_turn, serving

SECRET = "s3cr3t"
LOGIN = "bWU6czNjcjN0"
"""`me:s3cr3t` in base64."""
GRANTED = Said(200, b'{"token": "T", "expires_in": 300}')


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", []),
        ('Basic realm="x"', [("basic", {"realm": "x"})]),
        ("basic", [("basic", {})]),
        (
            'Bearer realm="https://a/token",service="a b",scope="repository:x/y:pull,push"',
            [("bearer", {"realm": "https://a/token", "service": "a b", "scope": "repository:x/y:pull,push"})],
        ),
        ("Bearer realm=https://a/token", [("bearer", {"realm": "https://a/token"})]),
        ('Bearer  REALM = "a" ,  Service="b"', [("bearer", {"realm": "a", "service": "b"})]),
        ('Bearer realm="a \\"b\\" \\\\"', [("bearer", {"realm": 'a "b" \\'})]),
        (
            'Negotiate, Basic realm="a", Bearer realm="b", service="c"',
            [("negotiate", {}), ("basic", {"realm": "a"}), ("bearer", {"realm": "b", "service": "c"})],
        ),
        ('realm="a"', []),
        ('Bearer realm="never ended', [("bearer", {})]),
        ("=,=", []),
    ],
)
def test_challenges(header: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert [(each.scheme, dict(each.parameters)) for each in challenges(header)] == expected


def ring(tmp_path: Path, **entry: str) -> Keyring:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"auths": {"example.com": entry}} if entry else {}))
    return Keyring([file])


def ask(keyring: Keyring, header: str) -> str | None:
    with Web(limits=QUICK) as web:
        return authorization(web, keyring, "example.com", "team/image", header)


def query(asked: Asked) -> dict[str, list[str]]:
    return parse_qs(urlsplit(asked.path).query)


def bearer(server: Server, more: str = "") -> str:
    return f'Bearer realm="{server.url}/token"{more}'


def test_a_token_with_credentials(tmp_path: Path) -> None:
    with serving(in_turn(GRANTED)) as server:
        header = bearer(server, ',service="s & t",scope="repository:team/image:pull"')
        assert ask(ring(tmp_path, auth=LOGIN), header) == "Bearer T"
    assert server.asked[0].method == "GET"
    assert server.asked[0].headers["Authorization"] == f"Basic {LOGIN}"
    assert query(server.asked[0]) == {"service": ["s & t"], "scope": ["repository:team/image:pull"]}


def test_a_token_for_anybody(tmp_path: Path) -> None:
    with serving(in_turn(Said(200, b'{"access_token": "T"}'))) as server:
        header = f'Bearer realm="{server.url}/token?account=x"'
        assert ask(ring(tmp_path), header) == "Bearer T"
    assert "Authorization" not in server.asked[0].headers
    # Without a scope in the challenge, only what is needed is asked for.
    assert query(server.asked[0]) == {"account": ["x"], "scope": ["repository:team/image:pull"]}


def test_a_token_for_an_identity_token(tmp_path: Path) -> None:
    with serving(in_turn(Said(200, b'{"access_token": "T"}'))) as server:
        keyring = ring(tmp_path, identitytoken=SECRET)
        assert ask(keyring, bearer(server, ',service="s"')) == "Bearer T"
    asked = server.asked[0]
    assert (asked.method, asked.path) == ("POST", "/token")
    assert "Authorization" not in asked.headers
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["refresh_token"],
        "client_id": ["rgraph"],
        "refresh_token": [SECRET],
        "scope": ["repository:team/image:pull"],
        "service": ["s"],
    }


def test_basic(tmp_path: Path) -> None:
    assert ask(ring(tmp_path, auth=LOGIN), 'Basic realm="x"') == f"Basic {LOGIN}"
    assert ask(ring(tmp_path), 'Basic realm="x"') is None


def test_a_token_counts_before_basic(tmp_path: Path) -> None:
    with serving(in_turn(GRANTED)) as server:
        header = f'Basic realm="x", {bearer(server)}'
        assert ask(ring(tmp_path, auth=LOGIN), header) == "Bearer T"


@pytest.mark.parametrize("header", ["", "Negotiate", 'Digest realm="x"'])
def test_a_way_that_is_not_known(tmp_path: Path, header: str) -> None:
    with pytest.raises(CouldNotAskError, match="in a way that is not known here"):
        ask(ring(tmp_path, auth=LOGIN), header)


@pytest.mark.parametrize("realm", ["", "r", "ftp://example.com/token", "file:///token"])
def test_a_realm_that_is_no_token_service(tmp_path: Path, realm: str) -> None:
    with pytest.raises(CouldNotAskError, match="it names no token service"):
        ask(ring(tmp_path, auth=LOGIN), f'Bearer realm="{realm}"')


def test_credentials_do_not_go_to_a_token_service_without_encryption(tmp_path: Path) -> None:
    with pytest.raises(CouldNotAskError, match="would not be encrypted"):
        ask(ring(tmp_path, auth=LOGIN), 'Bearer realm="http://example.com/token"')


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_service_that_refuses(tmp_path: Path, status: int) -> None:
    with serving(in_turn(Said(status, SECRET.encode()))) as server:
        with pytest.raises(CouldNotAskError, match="refuses the credentials") as known:
            ask(ring(tmp_path, auth=LOGIN), bearer(server))
        with pytest.raises(CouldNotAskError, match="refuses to be asked") as anybody:
            ask(ring(tmp_path), bearer(server))
    for caught in (known, anybody):
        assert "docker login example.com" in caught.value.help
        assert SECRET not in f"{caught.value}{caught.value.help}"


@pytest.mark.parametrize(
    "said",
    [
        Said(200, b""),
        Said(200, b"<html>"),
        Said(200, b"{}"),
        Said(200, b'{"token": 1}'),
        Said(200, b'{"token": "a\\r\\nX-Evil: b"}'),
        Said(500, b'{"token": "T"}'),
        Said(404),
    ],
)
def test_a_token_service_that_gives_none(tmp_path: Path, said: Said) -> None:
    with serving(in_turn(said)) as server, pytest.raises(CouldNotAskError, match="gives no token"):
        ask(ring(tmp_path), bearer(server))
