"""lock and stale as processes: what is asked for, what is written, and servers that do not behave."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tools.locking import (
    PROGRAM,
    digests,
    lock_of,
    lock_path,
    rgraph,
    settings,
    small_catalogue,
)
from tests.unit.engines.serving import Asked, Said, Server, serving

KIND = ("Content-Type", "application/vnd.oci.image.manifest.v1+json")


def manifest(path: str) -> bytes:
    """What the images of these tests are: each path has its own."""
    return json.dumps({"schemaVersion": 2, "annotations": {"path": path}}).encode()


def digest(repository: str, tag: str = "1") -> str:
    return f"sha256:{hashlib.sha256(manifest(f'/v2/{repository}/manifests/{tag}')).hexdigest()}"


def sha256(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()


def good(asked: Asked) -> Said:
    """A registry that has every image, and a server that has every file: its own path."""
    if not asked.path.startswith("/v2/"):
        return Said(200, asked.path.encode())
    images = {digest(name): f"/v2/{name}/manifests/1" for name in ("one", "two")}
    found = manifest(images.get(asked.path.rpartition("/")[2], asked.path))
    sum = hashlib.sha256(found).hexdigest()
    return Said(200, found, (KIND, ("Docker-Content-Digest", f"sha256:{sum}")))


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(good) as running:
        yield running


@pytest.fixture
def root(tmp_path: Path, server: Server) -> Path:
    """A catalogue of two Externals and two downloads, all to be had."""
    references = {name: f"{server.host}/{name}:1" for name in ("one", "two")}
    return small_catalogue(tmp_path, references, f"{server.url}/a.tar.gz", f"{server.url}/b.tar.gz")


def test_what_is_recorded_and_shown(root: Path, server: Server) -> None:
    done = rgraph(root, "lock")
    assert (done.returncode, done.stderr) == (0, "")
    assert lock_path(root).read_text() == (
        "{\n"
        '  "schema": 1,\n'
        '  "externals": {\n'
        f'    "one": {{"requested": "{server.host}/one:1", "digest": "{digest("one")}"}},\n'
        f'    "two": {{"requested": "{server.host}/two:1", "digest": "{digest("two")}"}}\n'
        "  },\n"
        '  "downloads": {\n'
        f'    "{server.url}/a.tar.gz": "{sha256("/a.tar.gz")}",\n'
        f'    "{server.url}/b.tar.gz": "{sha256("/b.tar.gz")}"\n'
        "  }\n"
        "}\n"
    )
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["state", "entry", "was", "is", "used", "by"]
    shown = f"{digest('one')[:19]}..."
    assert lines[1].split() == ["added", "one", f"({server.host}/one:1)", "-", shown, "low:one"]
    assert lines[-1] == "manifests/rgraph.lock: written; 4 entries: 4 added"
    again = rgraph(root, "lock")
    assert again.stdout == "manifests/rgraph.lock: nothing was written; 4 entries: 4 kept\n"
    # A GET proves a digest; nothing is asked a second time.
    assert sorted(server.paths()) == [
        "GET /a.tar.gz",
        "GET /b.tar.gz",
        "GET /v2/one/manifests/1",
        "GET /v2/two/manifests/1",
    ]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], {"one", "two", "a", "b"}),
        (["two"], {"two"}),
        (["low:one"], {"one", "a", "b"}),
        (["top:one"], set()),
        (["+top:one"], {"one", "two", "a", "b"}),
        (["{url}/b.tar.gz"], {"b"}),
        (["mid:one", "{url}/a.tar.gz"], {"two", "a"}),
    ],
)
def test_names(root: Path, server: Server, names: list[str], expected: set[str]) -> None:
    given = [name.format(url=server.url) for name in names]
    done = rgraph(root, "lock", *given)
    assert (done.returncode, done.stderr) == (0, "")
    if not expected:
        assert not lock_path(root).exists()
        return
    lock = lock_of(root)
    files = {url.removeprefix(f"{server.url}/").removesuffix(".tar.gz") for url in lock["downloads"]}
    assert {*lock["externals"], *files} == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["three"], "error: no image is called `three`"),
        (["https://example.com/c"], "error: no entry of the lock is for a download from that address"),
        (["fixed"], "error: `fixed` is not in the lock: its reference has a digest"),
        (["--check", "--upgrade"], "error: --check writes nothing\n  help: leave one of them out"),
        (["--offline", "--prune"], "error: --offline writes nothing"),
    ],
)
def test_what_cannot_be_asked_for(tmp_path: Path, server: Server, arguments: list[str], message: str) -> None:
    small_catalogue(tmp_path, {"one": f"{server.host}/one:1", "fixed": f"{server.host}/two@{digest('two')}"})
    done = rgraph(tmp_path, "lock", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(message)
    assert (done.stdout, server.asked, lock_path(tmp_path).exists()) == ("", [], False)


def test_only_what_is_asked_for_changes(root: Path, server: Server) -> None:
    assert rgraph(root, "lock").returncode == 0
    text = lock_path(root).read_text()
    old = text.replace(digest("one"), f"sha256:{'1' * 64}").replace(digest("two"), f"sha256:{'2' * 64}")
    old = old.replace(sha256("/a.tar.gz"), "3" * 64)
    lock_path(root).write_text(old)
    assert rgraph(root, "lock").returncode == 0
    assert lock_path(root).read_text() == old
    done = rgraph(root, "lock", "two", "--upgrade", "--format", "json")
    assert lock_path(root).read_text() == old.replace(f"sha256:{'2' * 64}", digest("two"))
    (entry,) = json.loads(done.stdout)["entries"]
    assert entry == {
        "kind": "external",
        "name": "two",
        "requested": f"{server.host}/two:1",
        "state": "changed",
        "was": f"sha256:{'2' * 64}",
        "was_requested": None,
        "now": digest("two"),
        "why": None,
        "file": "manifests/externals.yaml",
        "line": 6,
        "column": 16,
        "images": ["own:one", "mid:one"],
    }
    assert rgraph(root, "lock", "--upgrade").returncode == 0
    assert lock_path(root).read_text() == text


def test_a_reference_that_was_edited(root: Path, server: Server) -> None:
    assert rgraph(root, "lock").returncode == 0
    externals = root / "manifests/externals.yaml"
    externals.write_text(externals.read_text().replace("/two:1", "/two:2"))
    offline = rgraph(root, "lock", "--offline")
    assert offline.returncode == 1
    what = f"the lock has the digest of `{server.host}/two:1`, and not of `{server.host}/two:2` of `two`"
    assert f"manifests/externals.yaml:6:16: {what}\n  help: run `rgraph lock`\n" in offline.stdout
    done = rgraph(root, "lock", "--format", "json")
    changed = [each for each in json.loads(done.stdout)["entries"] if each["state"] == "changed"]
    assert [(each["name"], each["was_requested"]) for each in changed] == [("two", f"{server.host}/two:1")]
    assert digests(root) == {"one": digest("one"), "two": digest("two", "2")}


def test_what_nothing_wants_goes_when_that_is_asked_for(root: Path) -> None:
    assert rgraph(root, "lock").returncode == 0
    before = lock_path(root).read_text()
    low = root / "manifests/base/low.yaml"
    low.write_text(low.read_text().split("steps:")[0] + "steps: []\n")
    kept = rgraph(root, "lock")
    assert "2 kept, 2 that nothing wants (--prune removes them)" in kept.stdout
    assert lock_path(root).read_text() == before
    checked = rgraph(root, "lock", "--offline")
    assert (checked.returncode, checked.stdout) == (
        0,
        "manifests/rgraph.lock: 4 entries, 2 that nothing wants: all is well\n",
    )
    assert "2 removed" in rgraph(root, "lock", "--prune").stdout
    assert lock_of(root)["downloads"] == {}
    assert set(digests(root)) == {"one", "two"}


def test_verifying_writes_nothing(root: Path, server: Server) -> None:
    for option in ("--check", "--offline"):
        done = rgraph(root, "lock", option)
        assert done.returncode == 1
        assert done.stdout.endswith(
            "help: run `rgraph lock`\n\nmanifests/rgraph.lock: 4 entries: 4 problems\n"
        )
        assert done.stdout.count("help:") == 1
    assert (server.asked, lock_path(root).exists()) == ([], False)
    assert rgraph(root, "lock").returncode == 0
    asked = len(server.asked)
    offline = rgraph(root, "lock", "--offline", "--check", "--format", "json")
    assert (offline.returncode, len(server.asked)) == (0, asked)
    assert [each["state"] for each in json.loads(offline.stdout)["entries"]] == ["current"] * 4
    good = rgraph(root, "lock", "--check")
    assert (good.returncode, good.stdout) == (0, "manifests/rgraph.lock: 4 entries: all is well\n")
    wrong = lock_path(root).read_text().replace(sha256("/b.tar.gz"), "4" * 64)
    lock_path(root).write_text(wrong)
    assert rgraph(root, "lock", "--offline").returncode == 0
    bad = rgraph(root, "lock", "--check")
    assert bad.returncode == 1
    what = f"{server.url}/b.tar.gz is now {sha256('/b.tar.gz')[:12]}..., and 444444444444... in the lock"
    assert bad.stdout.startswith(f"manifests/rgraph.lock:9:5: {what}\n  help: find out why before")
    found = json.loads(rgraph(root, "lock", "--check", "--format", "json").stdout)
    assert [(each["line"], each["file"]) for each in found["problems"]] == [(9, "manifests/rgraph.lock")]
    assert lock_path(root).read_text() == wrong


def test_stale_asks_for_little(root: Path, server: Server) -> None:
    bare = rgraph(root, "stale")
    assert (bare.returncode, server.asked) == (1, []), "what knows nothing is not green"
    assert bare.stderr == (
        "2 Externals not in the lock, and so not compared: one, two\n  help: run `rgraph lock`\n"
    )
    assert rgraph(root, "lock").returncode == 0
    text = lock_path(root).read_text()
    lock_path(root).write_text(text.replace(digest("two"), f"sha256:{'2' * 64}"))
    server.asked.clear()
    ids = rgraph(root, "stale", "--format", "ids")
    assert (ids.returncode, ids.stdout) == (1, "own:one\nmid:one\ntop:one\n")
    assert sorted(server.paths()) == ["HEAD /v2/one/manifests/1", "HEAD /v2/two/manifests/1"]
    assert rgraph(root, "stale", "low:one").returncode == 0
    some = rgraph(root, "stale", "kind:framework", "--format", "json")
    found = json.loads(some.stdout)
    assert (some.returncode, found["rebuild"], found["compared"]) == (1, ["top:one"], 2)
    assert rgraph(root, "stale", "--exclude", "two+").returncode == 0


def asked_again(first: Said) -> Callable[[Asked], Said]:
    """Says something else before it behaves."""
    said: set[str] = set()

    def answer(asked: Asked) -> Said:
        if asked.path in said:
            return good(asked)
        said.add(asked.path)
        return first

    return answer


def bomb(asked: Asked) -> Said:
    packed = gzip.compress(b"\0" * (64 << 20))
    return Said(200, packed, (KIND, ("Content-Encoding", "gzip")))


def liar(asked: Asked) -> Said:
    return Said(200, manifest("another"), (KIND, ("Docker-Content-Digest", digest("one"))))


def endless(_: Asked) -> Iterator[bytes]:
    yield f"HTTP/1.1 200 OK\r\n{': '.join(KIND)}\r\n\r\n".encode()
    for _count in range(200):
        yield b" " * (1 << 17)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (liar, "it names another digest for `1` than what it sends has"),
        (bomb, "its answer is longer than 8,388,608 bytes"),
        (endless, "its answer is longer than 8,388,608 bytes"),
        (
            lambda _: Said(200, b"<html>Log in</html>", (("Content-Type", "text/html"),)),
            "is no image, but text",
        ),
        (lambda _: Said(200, b"", (KIND,)), "its answer is no image, whatever it says"),
        (lambda _: Said(200, b"[" * 100_000, (KIND,)), "its answer is no image, whatever it says"),
        (lambda _: Said(429, b"", (("Retry-After", "0"),)), "it wants to be asked less often (429)"),
        (lambda _: Said(302, b"", (("Location", "http://registry.invalid/x"),)), "would not be encrypted"),
    ],
)
def test_servers_that_do_not_behave(tmp_path: Path, answer: Callable[[Asked], Said], why: str) -> None:
    with serving(answer) as server:
        small_catalogue(tmp_path, {"one": f"{server.host}/one:1"})
        done = rgraph(tmp_path, "lock")
    assert done.returncode == 3
    assert why in done.stderr
    assert "Traceback" not in done.stderr
    assert not lock_path(tmp_path).exists()


def test_a_server_that_wants_to_be_asked_again(tmp_path: Path) -> None:
    with serving(asked_again(Said(429, b"", (("Retry-After", "1"),)))) as server:
        small_catalogue(tmp_path, {"one": f"{server.host}/one:1"})
        start = time.monotonic()
        assert rgraph(tmp_path, "lock").returncode == 0
        assert time.monotonic() - start > 1
    assert digests(tmp_path) == {"one": digest("one")}


def test_what_an_address_holds_in_secret_is_shown_to_nobody(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Said:
        if asked.path.startswith("/moved"):
            return Said(302, b"", (("Location", f"{other.url}/x"),))
        return Said(404) if asked.path.startswith("/gone") else good(asked)

    with serving(good) as other, serving(answer) as server:
        secret = f"http://me:hunter2@{server.host}"
        urls = [f"{secret}/{name}?sig=hunter3" for name in ("file", "moved", "gone")]
        small_catalogue(tmp_path, {"one": f"{server.host}/one:1"}, *urls)
        runs = [
            rgraph(tmp_path, "lock", *more, "--format", format)
            for more in ([], ["--check"], ["--offline"], ["--upgrade"])
            for format in ("text", "json")
        ]
        assert [done.returncode for done in runs] == [1] * 8
        assert set(lock_of(tmp_path)["downloads"]) == set(urls[:2])
        wrong = rgraph(tmp_path, "lock", f"{secret}/fle?sig=hunter3")
        assert wrong.returncode == 2
    for done in (*runs, wrong):
        assert "hunter" not in done.stdout + done.stderr
    assert [each.headers.get("Authorization") for each in other.asked] == [None] * len(other.asked)
    assert f"{server.url}/gone?... is not there (404)" in runs[0].stdout


def test_a_proxy_of_the_environment(tmp_path: Path) -> None:
    small_catalogue(tmp_path, {"one": "registry.invalid/one:1"})
    with serving(lambda _: Said(403)) as proxy:
        address = f"http://someone:hunter2@{proxy.host}"
        done = rgraph(tmp_path, "lock", HTTPS_PROXY=address)
        assert done.returncode == 3
        assert "cannot ask registry.invalid: the proxy does not let us through" in done.stderr
        assert proxy.paths() == ["CONNECT registry.invalid:443"]
        direct = rgraph(tmp_path, "lock", HTTPS_PROXY=address, NO_PROXY="registry.invalid")
        assert "cannot ask registry.invalid: its name is not known here" in direct.stderr
        assert len(proxy.asked) == 1
        plain = rgraph(tmp_path, "lock", "--plain-http", "registry.invalid", HTTP_PROXY=address)
        assert plain.returncode == 3
        assert proxy.asked[1].path == "http://registry.invalid/v2/one/manifests/1"
    for run in (done, direct, plain):
        assert "hunter2" not in run.stdout + run.stderr


def started(root: Path, *arguments: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=root,
        env=settings(root, TERM="xterm"),
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


def test_two_at_once_lose_nothing(root: Path, server: Server) -> None:
    """Whoever is last puts its answers into what the others wrote meanwhile."""
    for names in (["one"], ["two"], [f"{server.url}/a.tar.gz"], [f"{server.url}/b.tar.gz"]):
        assert rgraph(root, "lock", *names).returncode == 0
    together = lock_path(root).read_bytes()
    lock_path(root).unlink()
    runs = [started(root, "lock", name) for name in ("one", "two", f"{server.url}/a.tar.gz", "low:one")]
    ended = [(*run.communicate(timeout=60), run.returncode) for run in runs]
    assert [code for *_, code in ended] == [0] * 4, ended
    assert lock_path(root).read_bytes() == together
    assert [path.name for path in lock_path(root).parent.iterdir() if path.name.startswith(".")] == []


def test_killed_at_any_moment(root: Path) -> None:
    assert rgraph(root, "lock", "one").returncode == 0
    before = lock_path(root).read_bytes()
    start = time.monotonic()
    assert rgraph(root, "lock").returncode == 0
    whole, after = time.monotonic() - start, lock_path(root).read_bytes()
    for part in range(10):
        lock_path(root).write_bytes(before)
        run = started(root, "lock")
        time.sleep(whole * (0.5 + part / 16))
        run.kill()
        run.communicate()
        assert lock_path(root).read_bytes() in (before, after)
    lock_path(root).write_bytes(before)
    leftover = lock_path(root).with_name(".rgraph.lock-killed")
    leftover.write_text("{")
    assert rgraph(root, "lock").returncode == 0
    assert lock_path(root).read_bytes() == after
    assert not leftover.exists()


def dripping(_: Asked) -> Iterator[bytes]:
    """Headers without end: each byte comes in time."""
    yield b"HTTP/1.1 200 OK\r\nX: "
    for _count in range(600):
        time.sleep(0.05)
        yield b"x"


def test_ctrl_c_waits_for_no_server(tmp_path: Path) -> None:
    with serving(dripping) as server:
        small_catalogue(tmp_path, {"one": f"{server.host}/one:1"}, f"{server.url}/file")
        run = started(tmp_path, "lock")
        while not server.asked:
            assert run.poll() is None
            time.sleep(0.05)
        start = time.monotonic()
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=20)
        assert time.monotonic() - start < 5
    assert (run.returncode, out, err) == (130, "", "")
    assert not lock_path(tmp_path).exists()


def test_a_terminal_shows_how_far_it_is(root: Path) -> None:
    terminal, end = pty.openpty()
    run = started(root, "lock", stderr=end)
    run.communicate(timeout=60)
    os.close(end)
    shown = os.read(terminal, 1 << 16).decode()
    os.close(terminal)
    assert run.returncode == 0
    assert "of 2 images" in shown
    assert "of 2 downloads" in shown
    # At the end the line is empty again.
    assert shown.endswith("\r")
    assert not shown.rstrip("\r").rpartition("\r")[2].strip()
