"""Checksums of downloads."""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rgraph.engines.checksums import DownloadLimits, checksum, checksums
from rgraph.engines.errors import CouldNotAskError, Missing, NotAllAskedError, Refused
from rgraph.engines.web import Web
from tests.unit.engines.serving import QUICK, Answering, Asked, Said, in_turn, serving

DATA = os.urandom(700_000)
SUM = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(limits=QUICK) as made:
        yield made


def chunked(_: Asked) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    for start in range(0, len(DATA), 50_000):
        piece = DATA[start : start + 50_000]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def until_closed(_: Asked) -> Iterator[bytes]:
    yield b"HTTP/1.0 200 OK\r\n\r\n" + DATA


@pytest.mark.parametrize("answer", [lambda _: Said(200, DATA), chunked, until_closed])
def test_a_checksum_however_the_file_is_sent(web: Web, answer: Answering) -> None:
    with serving(answer) as server:
        assert checksum(web, f"{server.url}/file.tar.gz") == SUM


def test_the_bytes_as_they_are_sent_count(web: Web) -> None:
    # Some servers say that a .tar.gz is a .tar that they packed; curl and wget keep it packed.
    packed = gzip.compress(DATA)
    with serving(in_turn(Said(200, packed, (("Content-Encoding", "gzip"),)))) as server:
        assert checksum(web, f"{server.url}/file.tar.gz") == hashlib.sha256(packed).hexdigest()
    assert server.asked[0].headers["Accept-Encoding"] == "identity"


def half(_: Asked) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(DATA) + DATA[:1000]


def half_chunked(asked: Asked) -> Iterator[bytes]:
    yield from list(chunked(asked))[:3]


@pytest.mark.parametrize("answer", [half, half_chunked])
def test_half_of_a_file_has_no_checksum(web: Web, answer: Answering) -> None:
    with serving(answer) as server, pytest.raises(CouldNotAskError, match="the connection broke off"):
        checksum(web, f"{server.url}/file")


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_an_answer(web: Web, status: int) -> None:
    with serving(in_turn(Said(status, b"<html>"))) as server:
        answer = checksum(web, f"{server.url}/file?token=secret")
    assert answer == Missing(f"{server.url}/file?... is not there ({status})")


@pytest.mark.parametrize("status", [204, 401, 403, 500])
def test_what_is_not_given_is_an_error(web: Web, status: int) -> None:
    with serving(in_turn(Said(status))) as server, pytest.raises(CouldNotAskError, match=str(status)):
        checksum(web, f"{server.url}/file")


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://example.com/file", "http://example.com/file is not encrypted"),
        ("file:///etc/passwd", "file:///etc/passwd is no address of a web server"),
        ("ftp://example.com/file", "ftp://example.com/file is no address of a web server"),
        ("data:,x", "data:,x is no address of a web server"),
        ("/etc/passwd", "/etc/passwd is no address of a web server"),
    ],
)
def test_addresses_that_are_not_asked(web: Web, url: str, what: str) -> None:
    answer = checksum(web, url)
    assert isinstance(answer, Refused)
    assert answer.what.startswith(what)
    assert answer.help


def test_a_file_that_is_too_long_or_empty(web: Web) -> None:
    with serving(lambda asked: Said(200, b"" if asked.path == "/empty" else DATA)) as server:
        assert checksum(web, server.url, DownloadLimits(size=1000)) == Refused(
            f"{server.url} has more than 1,000 bytes"
        )
        assert checksum(web, server.url, DownloadLimits(size=len(DATA))) == SUM
        assert checksum(web, f"{server.url}/empty") == Refused(f"{server.url}/empty is empty")


def dripping(_: Asked) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    for _count in range(100):
        time.sleep(0.05)
        yield b"x"


def test_a_file_that_takes_too_long(web: Web) -> None:
    with serving(dripping) as server, pytest.raises(CouldNotAskError, match=r"longer than 0\.3 s"):
        checksum(web, server.url, DownloadLimits(seconds=0.3))


def test_a_user_in_the_address_is_sent_as_curl_sends_it_and_shown_to_nobody(web: Web) -> None:
    with serving(in_turn(Said(200, DATA), Said(500))) as server:
        url = server.url.replace("://", "://us%40er:p%C3%A4ss@")
        assert checksum(web, url) == SUM
        with pytest.raises(CouldNotAskError) as caught:
            checksum(web, url)
    assert server.asked[0].headers["Authorization"] == "Basic dXNAZXI6cMOkc3M="
    assert server.asked[0].headers["Host"] == server.host
    assert "er" not in str(caught.value).split(server.host)[0].replace("http", "")


def test_many_at_once_each_once(web: Web) -> None:
    answers = {"/a": Said(200, b"a"), "/b": Said(200, b"b"), "/no": Said(404), "/bad": Said(403)}
    with serving(lambda asked: answers[asked.path]) as server:
        urls = [server.url + path for path in ("/a", "/no", "/b", "/a", "/bad")]
        found = checksums(web, [*urls, "http://example.com/x"])
    assert found.found == {
        urls[0]: hashlib.sha256(b"a").hexdigest(),
        urls[2]: hashlib.sha256(b"b").hexdigest(),
    }
    assert list(found.absent) == [urls[1], "http://example.com/x"]
    assert list(found.failed) == [urls[4]]
    assert len(server.asked) == 4
    with pytest.raises(CouldNotAskError, match="403"):
        found.raise_failed()


def test_all_that_could_not_be_asked_is_told_at_once(web: Web) -> None:
    with serving(in_turn(Said(403))) as server:
        found = checksums(web, [f"{server.url}/a", f"{server.url}/b"])
    with pytest.raises(NotAllAskedError) as caught:
        found.raise_failed()
    assert caught.value.exit_code == 3
    assert "/a: it answers with 403; cannot ask" in str(caught.value)
    assert caught.value.help


TLS_SERVER = """
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "4"); self.end_headers()
        self.wfile.write(b"safe")
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
"""
"""In a process of its own: a refused handshake leaves an error on its stderr."""


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server with a certificate that nobody knows."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
    make = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names)
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    command = [sys.executable, "-c", TLS_SERVER, str(certificate), str(key)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout
        yield f"https://127.0.0.1:{server.stdout.readline().strip()}/file", certificate
        server.terminate()


def test_a_certificate_that_nobody_knows(web: Web, tls: tuple[str, Path]) -> None:
    start = time.monotonic()
    with pytest.raises(CouldNotAskError, match="certificate verify failed: self-signed certificate"):
        checksum(web, tls[0])
    assert time.monotonic() - start < 1.5


def test_a_certificate_that_the_machine_knows(tls: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[1]))
    with Web(limits=QUICK) as web:
        assert checksum(web, tls[0]) == hashlib.sha256(b"safe").hexdigest()
