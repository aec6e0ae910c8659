"""Asking over HTTP: other tries, redirects, encryption, proxies, limits."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from msgspec import structs

from rgraph.engines.addresses import is_loopback, shown
from rgraph.engines.errors import CouldNotAskError
from rgraph.engines.web import Web
from tests.unit.engines.serving import QUICK, Answering, Asked, Said, in_turn, serving


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("localhost:5000", True),
        ("registry.localhost", True),
        ("127.0.0.1:5000", True),
        ("127.9.9.9", True),
        ("[::1]:5000", True),
        ("[::1", False),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("", False),
    ],
)
def test_what_is_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/a.tar.gz", "https://example.com/a.tar.gz"),
        ("https://user:secret@example.com/a", "https://example.com/a"),
        ("https://example.com/a?sig=secret", "https://example.com/a?..."),
        ("https://example.com/a?sig=secret#x", "https://example.com/a?..."),
        ("https://example.com/t/secret/pkg", "https://example.com/pkg"),
    ],
)
def test_no_secret_of_an_address_is_shown(url: str, expected: str) -> None:
    assert shown(url) == expected


def test_an_answer_and_who_asks() -> None:
    with serving(in_turn(Said(404, b"no", (("X-It", "is"),)))) as server, Web() as web:
        reply = web.ask("GET", f"{server.url}/x", {"Accept": "a/b"})
    assert (reply.status, reply.body, reply.headers["x-it"]) == (404, b"no", "is")
    assert server.asked[0].headers["Accept"] == "a/b"
    assert server.asked[0].headers["User-Agent"].startswith("rgraph/")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_another_try_helps(status: int) -> None:
    with (
        serving(in_turn(Said(status), Said(status), Said(200, b"at last"))) as server,
        Web(limits=QUICK) as web,
    ):
        assert web.ask("GET", server.url).body == b"at last"
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 501])
def test_another_try_would_not_help(status: int) -> None:
    with serving(in_turn(Said(status))) as server, Web(limits=QUICK) as web:
        assert web.ask("GET", server.url).status == status
    assert len(server.asked) == 1


def test_tries_end() -> None:
    with serving(in_turn(Said(503))) as server, Web(limits=QUICK) as web:
        assert web.ask("GET", server.url).status == 503
    assert len(server.asked) == QUICK.tries


@pytest.mark.parametrize(("after", "least", "most"), [("1", 0.9, 2.5), ("3600", 0.9, 2.5)])
def test_a_server_says_when_to_come_again_within_bounds(after: str, least: float, most: float) -> None:
    busy = Said(429, b"", (("Retry-After", after),))
    start = time.monotonic()
    with serving(in_turn(busy, Said())) as server, Web(limits=QUICK) as web:
        assert web.ask("GET", server.url).status == 200
    assert least < time.monotonic() - start < most


def test_redirects_are_followed_and_credentials_stay_with_their_host() -> None:
    with serving(in_turn(Said(200, b"here"))) as other:
        there = (("Location", f"{other.url}/there?x=1"),)
        answer = in_turn(Said(302, b"", (("Location", "/b"),)), Said(307, b"", there))
        with serving(answer) as first, Web(limits=QUICK) as web:
            assert web.ask("GET", f"{first.url}/a", {"Authorization": "Basic eA=="}).body == b"here"
    assert first.paths() == ["GET /a", "GET /b"]
    assert first.asked[1].headers["Authorization"] == "Basic eA=="
    assert other.paths() == ["GET /there?x=1"]
    assert "Authorization" not in other.asked[0].headers


def test_what_is_posted_is_not_sent_on() -> None:
    with (
        serving(in_turn(Said(200))) as other,
        serving(in_turn(Said(307, b"", (("Location", other.url),)))) as first,
        Web(limits=QUICK) as web,
    ):
        assert web.ask("POST", first.url, {}, b"secret").status == 307
    assert other.asked == []


def test_redirects_in_a_circle() -> None:
    with (
        serving(in_turn(Said(302, b"", (("Location", "/"),)))) as server,
        Web(limits=QUICK) as web,
        pytest.raises(CouldNotAskError, match="leads on and on"),
    ):
        web.ask("GET", server.url)


@pytest.mark.parametrize(
    "target", ["http://example.com/x?token=secret", "file:///etc/passwd", "gopher://example.com"]
)
def test_redirects_to_where_nobody_should_go(target: str) -> None:
    with (
        serving(in_turn(Said(302, b"", (("Location", target),)))) as server,
        Web(limits=QUICK) as web,
        pytest.raises(CouldNotAskError) as caught,
    ):
        web.ask("GET", server.url)
    assert "secret" not in str(caught.value)


def test_http_is_for_this_machine_and_for_hosts_that_the_user_names() -> None:
    with Web(frozenset({"registry.invalid:5000"}), QUICK) as web:
        with pytest.raises(CouldNotAskError, match="would not be encrypted") as caught:
            web.ask("GET", "http://registry.invalid/v2/")
        assert "--plain-http registry.invalid" in caught.value.help
        with pytest.raises(CouldNotAskError, match="its name is not known here"):
            web.ask("GET", "http://registry.invalid:5000/v2/")


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_nobody_there_and_the_next_question_need_not_wait() -> None:
    host = f"127.0.0.1:{closed_port()}"
    with Web(limits=structs.replace(QUICK, pause=0.4)) as web:
        start = time.monotonic()
        with pytest.raises(
            CouldNotAskError, match=f"cannot ask {host}: no connection .Connection refused."
        ) as one:
            web.ask("GET", f"http://{host}/a?token=secret")
        first = time.monotonic() - start
        with pytest.raises(CouldNotAskError) as two:
            web.ask("GET", f"http://{host}/b")
    assert one.value.exit_code == 3
    assert first > 0.3
    assert time.monotonic() - start - first < 0.2
    assert str(one.value) == str(two.value)
    assert "secret" not in str(one.value)
    assert one.value.__suppress_context__


def silent(_: Asked) -> Iterator[bytes]:
    time.sleep(3)
    yield b""


def test_a_server_that_says_nothing() -> None:
    with (
        serving(silent) as server,
        Web(limits=structs.replace(QUICK, read=0.2)) as web,
        pytest.raises(CouldNotAskError, match=r"no answer within 0\.2 s"),
    ):
        web.ask("GET", server.url)
    assert len(server.asked) == 2


def dripping(_: Asked) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    for _count in range(100):
        time.sleep(0.05)
        yield b"x"


def test_a_server_that_never_ends() -> None:
    with serving(dripping) as server, Web(limits=structs.replace(QUICK, whole=0.3)) as web:
        start = time.monotonic()
        with pytest.raises(CouldNotAskError, match=r"took longer than 0\.3 s"):
            web.ask("GET", server.url)
        assert time.monotonic() - start < 2


def broken(_: Asked) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"


def junk(_: Asked) -> Iterator[bytes]:
    yield b"220 mail.example.com ESMTP\r\n"


@pytest.mark.parametrize("answer", [broken, junk])
def test_an_answer_that_is_none(answer: Answering) -> None:
    with (
        serving(answer) as server,
        Web(limits=QUICK) as web,
        pytest.raises(CouldNotAskError, match="the connection broke off") as caught,
    ):
        web.ask("GET", f"{server.url}/?token=secret")
    assert "secret" not in str(caught.value)


def test_an_answer_without_end_is_not_kept() -> None:
    def flood(_: Asked) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        for _count in range(100):
            yield b"x" * (1 << 17)

    with (
        serving(flood) as server,
        Web(limits=QUICK) as web,
        pytest.raises(CouldNotAskError, match="longer than 8,388,608 bytes"),
    ):
        web.ask("GET", server.url)


def test_a_connection_is_used_again_after_every_kind_of_end() -> None:
    limits = structs.replace(QUICK, connections=1)

    def answer(asked: Asked) -> Said:
        return Said(404 if asked.path == "/no" else 200, b"x" * 5000)

    with serving(answer) as server, Web(limits=limits) as web:
        for method, path in (("GET", "/"), ("HEAD", "/"), ("GET", "/no"), ("HEAD", "/no")) * 3:
            web.ask(method, server.url + path)
        for _ in range(3):
            with web.opened("GET", server.url):
                pass  # nothing is read
    assert len(server.asked) == 15


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(in_turn(Said(403))) as proxy, serving(in_turn(Said(200, b"near"))) as near:
        monkeypatch.setenv("https_proxy", f"http://someone:secret@{proxy.host}")
        monkeypatch.setenv("http_proxy", f"http://{proxy.host}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with Web(limits=QUICK) as web:
            with pytest.raises(CouldNotAskError, match="the proxy does not let us through") as caught:
                web.ask("GET", "https://registry.invalid/v2/")
            assert web.ask("GET", near.url).body == b"near"
    assert proxy.paths() == ["CONNECT registry.invalid:443"]
    assert proxy.asked[0].headers["Proxy-Authorization"] == "Basic c29tZW9uZTpzZWNyZXQ="
    assert "secret" not in str(caught.value)


def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", f"127.0.0.1:{closed_port()}")
    with Web(limits=QUICK) as web, pytest.raises(CouldNotAskError, match="no connection to the proxy"):
        web.ask("GET", "https://registry.invalid/v2/")


def test_hosts_that_need_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(in_turn(Said(403))) as proxy:
        monkeypatch.setenv("https_proxy", f"http://{proxy.host}")
        monkeypatch.setenv("no_proxy", "registry.invalid")
        with Web(limits=QUICK) as web, pytest.raises(CouldNotAskError, match="its name is not known here"):
            web.ask("GET", "https://registry.invalid/v2/")
    assert proxy.asked == []
