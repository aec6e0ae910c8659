"""Blobs, and registries that answer in ways that a real one does not on demand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rgraph.engines.blobs import Blobs
from rgraph.engines.credentials import Keyring
from rgraph.engines.errors import CouldNotAskError
from rgraph.engines.registry_api import Api, Repository
from rgraph.engines.web import Web
from tests.unit.engines.serving import QUICK, Asked, Said, Server, serving

BLOB = b"a layer" * 1000
DIGEST = f"sha256:{hashlib.sha256(BLOB).hexdigest()}"
LOGIN = {"auth": "c29tZW9uZTpzZXNhbWU="}


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(limits=QUICK) as made:
        yield made


def blobs(web: Web, tmp_path: Path, *hosts: str) -> Blobs:
    """Blobs, with a login for some hosts."""
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"auths": dict.fromkeys(hosts, LOGIN)}))
    return Blobs(Api(web, Keyring([file])))


def registry(
    answer: Callable[[Asked], Said | Iterator[bytes] | None],
) -> Callable[[Asked], Said | Iterator[bytes]]:
    """What a registry answers that has the blob in `from` and nothing in `to`; `answer` goes before."""

    def said(asked: Asked) -> Said | Iterator[bytes]:
        found = answer(asked)
        if found is not None:
            return found
        match asked.method, "/from/" in asked.path:
            case "GET", True:
                return Said(200, BLOB)
            case "HEAD", there:
                return Said(200 if there else 404)
            case "POST", _:
                return Said(202, b"", (("Location", "/v2/to/blobs/uploads/1?state=2"),))
        return Said(201)

    return said


def copy(web: Web, tmp_path: Path, server: Server, target: str = "") -> None:
    """Copies the blob between two registries, which may be one server under two names."""
    start, end = Repository(server.host, "from"), Repository(target or "localhost:" + server.host[10:], "to")
    blobs(web, tmp_path, start.registry, end.registry).copy(start, end, DIGEST, len(BLOB))


def test_a_blob_is_copied(web: Web, tmp_path: Path) -> None:
    with serving(registry(lambda _: None)) as server:
        copy(web, tmp_path, server)
    assert server.paths() == [
        f"HEAD /v2/to/blobs/{DIGEST}",
        "POST /v2/to/blobs/uploads/",
        f"GET /v2/from/blobs/{DIGEST}",
        f"PUT /v2/to/blobs/uploads/1?state=2&digest=sha256%3A{DIGEST[7:]}",
    ] or server.paths()[2:] == [
        f"PUT /v2/to/blobs/uploads/1?state=2&digest=sha256%3A{DIGEST[7:]}",
        f"GET /v2/from/blobs/{DIGEST}",
    ]
    put = next(each for each in server.asked if each.method == "PUT")
    assert put.body == BLOB
    assert put.headers["Content-Length"] == str(len(BLOB))


@pytest.mark.parametrize("body", [BLOB[:-1], BLOB + b"x", b"b" + BLOB[1:], b""])
def test_another_blob_than_was_asked_for_is_never_sent_whole(web: Web, tmp_path: Path, body: bytes) -> None:
    wrong = registry(lambda asked: Said(200, body) if asked.method == "GET" else None)
    with serving(wrong) as server, pytest.raises(CouldNotAskError, match="is something else"):
        copy(web, tmp_path, server)
    assert all(len(each.body) < len(BLOB) or each.method != "PUT" for each in server.asked)


def test_a_connection_that_breaks_is_tried_again(web: Web, tmp_path: Path) -> None:
    left = [2]

    def broken(asked: Asked) -> Said | Iterator[bytes] | None:
        if asked.method == "GET" and left[0]:
            left[0] -= 1
            return iter([f"HTTP/1.1 200 OK\r\nContent-Length: {len(BLOB)}\r\n\r\n".encode(), BLOB[:100]])
        return None

    with serving(registry(broken)) as server:
        copy(web, tmp_path, server)
    assert [each.method for each in server.asked].count("POST") == 3
    assert [each.body for each in server.asked if each.method == "PUT"][-1] == BLOB


def test_an_error_of_the_registry_is_tried_again_and_then_told(web: Web, tmp_path: Path) -> None:
    code = b'{"errors": [{"code": "DIGEST_INVALID"}]}'
    bad = registry(lambda asked: Said(400, code) if asked.method == "PUT" else None)
    with serving(bad) as server, pytest.raises(CouldNotAskError, match="it answers with 400, DIGEST_INVALID"):
        copy(web, tmp_path, server)
    assert [each.method for each in server.asked].count("PUT") == QUICK.tries


def test_who_is_denied_does_not_try_again(web: Web, tmp_path: Path) -> None:
    denied = registry(lambda asked: Said(403) if asked.method == "POST" else None)
    with serving(denied) as server, pytest.raises(CouldNotAskError, match="it denies access to `to`"):
        copy(web, tmp_path, server)
    assert [each.method for each in server.asked].count("POST") == 1


def test_credentials_stay_at_home(web: Web, tmp_path: Path) -> None:
    """An upload may go on at another host: it gets the blob, and no credentials."""

    def guarded(asked: Asked) -> Said | None:
        if "/to/" in asked.path and "Authorization" not in asked.headers:
            return Said(401, b"", (("WWW-Authenticate", 'Basic realm="x"'),))
        return None

    with serving(lambda _: Said(201)) as elsewhere:

        def away(asked: Asked) -> Said | None:
            there = (("Location", f"{elsewhere.url}/store?key=1"),)
            return guarded(asked) or (Said(202, b"", there) if asked.method == "POST" else None)

        with serving(registry(away)) as server:
            copy(web, tmp_path, server)
    assert elsewhere.paths() == [f"PUT /store?key=1&digest=sha256%3A{DIGEST[7:]}"]
    assert "Authorization" not in elsewhere.asked[0].headers
    assert elsewhere.asked[0].body == BLOB
    assert any("Authorization" in each.headers for each in server.asked)


@pytest.mark.parametrize(
    ("location", "what"),
    [
        ("http://registry.example.com/upload", "the connection would not be encrypted"),
        ("ftp://registry.example.com/upload", "`ftp` is no kind of address that is asked"),
        ("", "it does not say where an upload goes on"),
    ],
)
def test_where_an_upload_must_not_go_on(web: Web, tmp_path: Path, location: str, what: str) -> None:
    said = Said(202, b"", (("Location", location),) if location else ())
    away = registry(lambda asked: said if asked.method == "POST" else None)
    with serving(away) as server, pytest.raises(CouldNotAskError, match=what):
        copy(web, tmp_path, server)


def test_a_registry_that_names_itself_without_encryption(web: Web, tmp_path: Path) -> None:
    api = Api(web, Keyring([tmp_path / "none"]))
    repository = Repository("registry.example.com", "to")
    url = api.url(repository, "blobs/uploads/")
    same = api.leads_to(repository, url, "http://registry.example.com/v2/to/1")
    assert same == "https://registry.example.com/v2/to/1"
    assert api.leads_to(repository, url, "/v2/to/1") == "https://registry.example.com/v2/to/1"
    assert api.leads_to(repository, url, "http://example.com/1") == "http://example.com/1"


def test_a_mount(web: Web, tmp_path: Path) -> None:
    mounted = registry(lambda asked: Said(201) if "mount=" in asked.path else None)
    with serving(mounted) as server:
        copy(web, tmp_path, server, server.host)
    assert server.paths() == [
        f"HEAD /v2/to/blobs/{DIGEST}",
        f"POST /v2/to/blobs/uploads/?mount=sha256%3A{DIGEST[7:]}&from=from",
    ]


def test_a_token_that_runs_out_during_an_upload(web: Web, tmp_path: Path) -> None:
    left = [1]

    def answer(asked: Asked) -> Said | None:
        if asked.method == "PUT" and left[0]:
            left[0] -= 1
            return Said(401, b"", (("WWW-Authenticate", 'Basic realm="x"'),))
        return None

    with serving(registry(answer)) as server:
        copy(web, tmp_path, server)
    assert [each.body for each in server.asked if each.method == "PUT"] == [BLOB, BLOB]
