"""Registries that answer in ways that a real one does not on demand; the real one: tests/engines/."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rgraph.engines.credentials import Keyring
from rgraph.engines.errors import CouldNotAskError, Missing
from rgraph.engines.registry import Registry
from rgraph.engines.registry_api import MEDIA_TYPES, repository_of
from rgraph.engines.web import Web
from tests.unit.engines.serving import QUICK, Asked, Said, in_turn, serving

MANIFEST = b'{"schemaVersion": 2}'
DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"
OTHER = f"sha256:{'0' * 64}"
KIND = ("Content-Type", MEDIA_TYPES[2])
GOOD = Said(200, MANIFEST, (KIND, ("Docker-Content-Digest", DIGEST)))
UNKNOWN = Said(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}')


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with Web(limits=QUICK) as web:
        yield Registry(web, Keyring([tmp_path / "none.json"]))


@pytest.mark.parametrize(
    ("name", "expected", "host"),
    [
        ("ubuntu", "docker.io/library/ubuntu", "registry-1.docker.io"),
        ("nvidia/cuda", "docker.io/nvidia/cuda", "registry-1.docker.io"),
        ("docker.io/ubuntu", "docker.io/library/ubuntu", "registry-1.docker.io"),
        ("docker.io/library/ubuntu", "docker.io/library/ubuntu", "registry-1.docker.io"),
        ("index.docker.io/nvidia/cuda", "docker.io/nvidia/cuda", "registry-1.docker.io"),
        ("registry-1.docker.io/nvidia/cuda", "docker.io/nvidia/cuda", "registry-1.docker.io"),
        ("a/b/c", "docker.io/a/b/c", "registry-1.docker.io"),
        ("mcr.microsoft.com/a/b", "mcr.microsoft.com/a/b", "mcr.microsoft.com"),
        ("localhost/a", "localhost/a", "localhost"),
        ("localhost:5000/a/b", "localhost:5000/a/b", "localhost:5000"),
        ("host:80/a", "host:80/a", "host:80"),
    ],
)
def test_short_names(name: str, expected: str, host: str) -> None:
    assert (str(repository_of(name)), repository_of(name).host) == (expected, host)


def test_a_head_is_enough(registry: Registry) -> None:
    with serving(in_turn(GOOD)) as server:
        assert registry.digest(f"{server.host}/a/b:1") == DIGEST
    assert server.paths() == ["HEAD /v2/a/b/manifests/1"]
    assert server.asked[0].headers["Accept"] == ", ".join(MEDIA_TYPES)


@pytest.mark.parametrize(
    "head",
    [
        Said(200, MANIFEST, (KIND,)),
        Said(200, MANIFEST, (KIND, ("Docker-Content-Digest", "sha512:abc"))),
        Said(200, b"", (("Docker-Content-Digest", OTHER), ("Content-Type", "text/html"))),
        Said(405),
        Said(404),
    ],
)
def test_where_a_head_is_not_enough_the_manifest_is_hashed(registry: Registry, head: Said) -> None:
    get = Said(200, MANIFEST, (("Content-Type", f"{KIND[1]}; charset=utf-8"),))
    with serving(in_turn(head, get)) as server:
        assert registry.digest(f"{server.host}/a:1") == DIGEST
    assert server.paths() == ["HEAD /v2/a/manifests/1", "GET /v2/a/manifests/1"]


def test_a_proved_digest_is_that_of_what_was_sent(registry: Registry) -> None:
    silent = Said(200, MANIFEST, (KIND,))
    foreign = Said(200, MANIFEST, (KIND, ("Docker-Content-Digest", "sha512:abc")))
    with serving(in_turn(GOOD, silent, foreign)) as server:
        for tag in ("1", "2", "3"):
            assert registry.digest(f"{server.host}/a:{tag}", proved=True) == DIGEST
        found = registry.digests([f"{server.host}/a:4"], proved=True)
    assert found.found == {f"{server.host}/a:4": DIGEST}
    assert server.paths() == [f"GET /v2/a/manifests/{tag}" for tag in "1234"]


def test_a_registry_that_names_another_digest_than_that_of_what_it_sends(registry: Registry) -> None:
    liar = Said(200, MANIFEST, (KIND, ("Docker-Content-Digest", OTHER)))
    with (
        serving(in_turn(liar)) as server,
        pytest.raises(CouldNotAskError, match="it names another digest for `1` than what it sends has"),
    ):
        registry.digest(f"{server.host}/a:1", proved=True)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"schemaVersion": "2"}', b"[" * 100_000])
def test_what_only_says_that_it_is_an_image(registry: Registry, body: bytes) -> None:
    with (
        serving(in_turn(Said(200, body, (KIND,)))) as server,
        pytest.raises(CouldNotAskError, match="its answer is no image, whatever it says"),
    ):
        registry.digest(f"{server.host}/a:1", proved=True)


def test_a_bad_request_is_not_asked_again_with_encryption(registry: Registry) -> None:
    with (
        serving(in_turn(Said(400, b"no"))) as server,
        pytest.raises(CouldNotAskError, match="it answers with 400"),
    ):
        registry.digest(f"{server.host}/a:1", proved=True)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("reference", "asked"),
    [("a", "latest"), ("a:1", "1"), (f"a@{DIGEST}", DIGEST), (f"a:1@{DIGEST}", DIGEST)],
)
def test_what_is_asked_for(registry: Registry, reference: str, asked: str) -> None:
    with serving(in_turn(GOOD)) as server:
        assert registry.digest(f"{server.host}/{reference}") == DIGEST
    assert server.paths() == [f"HEAD /v2/a/manifests/{asked}"]


def test_another_digest_than_the_one_asked_for(registry: Registry) -> None:
    with (
        serving(in_turn(GOOD)) as server,
        pytest.raises(CouldNotAskError, match="another digest than sha256:0000"),
    ):
        registry.digest(f"{server.host}/a@{OTHER}")


@pytest.mark.parametrize("said", [UNKNOWN, Said(404)])
def test_what_is_not_there_is_an_answer(registry: Registry, said: Said) -> None:
    with serving(in_turn(said)) as server:
        assert registry.digest(f"{server.host}/a/b:1") == Missing(
            f"`{server.host}/a/b:1` is not at its registry"
        )
        assert registry.digest(f"{server.host}/a@{DIGEST}") == Missing(
            f"`{server.host}/a@{DIGEST}` is not at its registry"
        )
        assert registry.tags(f"{server.host}/a") == Missing(f"`{server.host}/a` is not at its registry")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Said(404, b"<html>Not Found</html>"), "what answers there is no registry"),
        (Said(404, b'{"message": "no route"}'), "what answers there is no registry"),
        (
            Said(200, b"<html>Log in</html>", (("Content-Type", "text/html"),)),
            "its answer is no image, but text/html",
        ),
        (
            Said(
                200,
                MANIFEST,
                (("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws"),),
            ),
            "its answer is no image, but application/vnd.docker.distribution.manifest.v1",
        ),
        (Said(200, MANIFEST), "its answer is no image, but nothing known"),
        (Said(500), "it answers with 500"),
        (Said(400), "it answers with 400"),
        (Said(429), "it wants to be asked less often"),
        (Said(403), "it denies access to `a`"),
        (Said(401, b"", (("WWW-Authenticate", 'Basic realm="x"'),)), "it denies access to `a`"),
        (Said(401), "in a way that is not known here"),
    ],
)
def test_what_is_no_answer_is_an_error(registry: Registry, said: Said, why: str) -> None:
    with serving(in_turn(said)) as server, pytest.raises(CouldNotAskError, match=why) as caught:
        registry.digest(f"{server.host}/a:1")
    assert caught.value.exit_code == 3
    assert server.host in str(caught.value)


def test_no_reference(registry: Registry) -> None:
    with pytest.raises(CouldNotAskError, match="is no reference of an image"):
        registry.digest("Not A Reference")


def test_a_token_is_kept_and_renewed_when_it_ran_out(registry: Registry) -> None:
    valid: set[str] = set()

    def answer(asked: Asked) -> Said:
        if asked.path.startswith("/token"):
            valid.add(f"T{len(server.paths())}")
            return Said(200, json.dumps({"token": max(valid)}).encode())
        if asked.headers.get("Authorization", "").removeprefix("Bearer ") in valid:
            return GOOD
        return Said(401, b"", (("WWW-Authenticate", f'Bearer realm="{server.url}/token"'),))

    with serving(answer) as server:
        for tag in ("1", "2"):
            assert registry.digest(f"{server.host}/a:{tag}") == DIGEST
        valid.clear()
        assert registry.digest(f"{server.host}/a:3") == DIGEST
    token = "GET /token?scope=repository%3Aa%3Apull"
    first, second, third = (f"HEAD /v2/a/manifests/{tag}" for tag in "123")
    assert server.paths() == [first, token, first, second, third, token, third]


def test_many_at_once_each_once(registry: Registry) -> None:
    def answer(asked: Asked) -> Said:
        tag = asked.path.rsplit("/", 1)[1]
        return {"1": GOOD, "2": UNKNOWN}.get(tag, Said(500))

    with serving(answer) as server:
        references = [f"{server.host}/a:{tag}" for tag in ("1", "2", "1", "3")]
        found = registry.digests([*references, f"{server.host}/b:1"])
    assert found.found == {references[0]: DIGEST, f"{server.host}/b:1": DIGEST}
    assert list(found.absent) == [references[1]]
    assert list(found.failed) == [references[3]]
    assert server.paths().count("HEAD /v2/a/manifests/1") == 1


def page(tags: list[str], next: str = "") -> Said:
    body = json.dumps({"name": "a", "tags": tags}).encode()
    return Said(200, body, (("Link", next),) if next else ())


def test_tags_of_several_pages(registry: Registry) -> None:
    with serving(
        in_turn(
            page(["b", "a"], '</v2/a/tags/list?n=2&last=b>; rel="next"'),
            page(["c"], "<?n=2&last=c>; rel=next"),
            page(["d"]),
        )
    ) as server:
        assert registry.tags(f"{server.host}/a") == ("a", "b", "c", "d")
    assert server.paths() == [
        "GET /v2/a/tags/list?n=1000",
        "GET /v2/a/tags/list?n=2&last=b",
        "GET /v2/a/tags/list?n=2&last=c",
    ]


def test_a_list_of_tags_goes_on_at_its_own_registry_only(registry: Registry) -> None:
    with serving(in_turn(page([]))) as other:
        first = page(["a"], f'<{other.url}/v2/a/tags/list>; rel="next"')
        with serving(in_turn(first)) as server, pytest.raises(CouldNotAskError, match="goes on elsewhere"):
            registry.tags(f"{server.host}/a")
    assert other.asked == []


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (page(["a"], '</v2/a/tags/list>; rel="next"'), "more than 1000 pages"),
        (Said(200, b"<html>"), "cannot be read"),
        (Said(200, b'{"tags": [1]}'), "cannot be read"),
        (Said(500), "it answers with 500"),
    ],
)
def test_tags_that_cannot_be_listed(registry: Registry, said: Said, why: str) -> None:
    with serving(in_turn(said)) as server, pytest.raises(CouldNotAskError, match=why):
        registry.tags(f"{server.host}/a")


def test_no_tags(registry: Registry) -> None:
    with serving(in_turn(Said(200, b'{"name": "a", "tags": null}'))) as server:
        assert registry.tags(f"{server.host}/a") == ()
