"""A promotion that is killed, or whose registry, disk or credentials fail: no tag comes before its content,
no digest but the tested one, and the next run completes it. The registries are real ones.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rgraph.engines.credentials import Keyring
from rgraph.engines.registry import Registry as Client
from rgraph.engines.web import Limits, Web
from rgraph.ledger import LEDGER_FILE
from tests.cli.test_killed import CHANGES, fail_from
from tests.engines.running import PASSWORD, USER, Registry, free_port, htpasswd, registry
from tests.errors.running import run, written
from tests.tools.locking import PROGRAM, settings
from tests.tools.promoting import Stage, stage

AUTH = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
WRITES = (b"PUT ", b"POST ", b"PATCH ", b"DELETE ")
_numbers = count(1)


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry(tmp_path_factory.mktemp("staging")) as running:
        yield running


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own credentials must not count; and nobody waits long."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "none"))
    monkeypatch.setattr("rgraph.engines.web.Limits", lambda: Limits(tries=2, pause=0.01))


class Target(NamedTuple):
    """A release that is ready to be promoted, to a registry that can be stopped."""

    made: Stage
    tag: str
    digests: dict[str, str]
    folder: Path
    """Where the registry keeps its images."""
    stack: ExitStack
    """Stops the registry when it is closed."""
    port: int

    @property
    def references(self) -> dict[str, str]:
        """All references that the release gives."""
        return self.made.released(self.tag) | self.made.floating()

    def start(self) -> None:
        self.stack.enter_context(registry(self.folder, port=self.port))

    def empty(self) -> None:
        """Takes from the registry all that it holds; it keeps nothing in mind."""
        for path in (self.folder / "data").rglob("repositories"):
            shutil.rmtree(path)

    def promote(self, code: int | None = None) -> int:
        result = run(self.made.root, "promote", "--release", self.tag)
        assert "Traceback" not in result.err
        assert code in (None, result.code), result.err
        return result.code

    def check(self) -> None:
        """What must hold after anything."""
        with Web() as web:
            client = Client(web, Keyring([]))
            named = {
                f"{self.made.production}/{id.partition(':')[0]}@{each}": each
                for id, each in self.digests.items()
            }
            found = client.digests([*self.references, *named]).found
        right = {each: self.digests[id] for each, id in self.references.items()}
        tags = {each: digest for each, digest in found.items() if each in right}
        assert tags.items() <= right.items(), "a tag has the tested digest or is not there"
        fixed = set(self.made.released(self.tag))
        assert not tags or found.keys() >= named.keys(), "first the contents, then the tags"
        assert tags.keys() <= fixed or tags.keys() >= fixed, "first what is given once, then what moves"
        promoted = self.made.ledger().promoted
        assert not promoted or (tags == right and promoted == {self.tag: self.digests})

    def complete(self) -> None:
        """The next run."""
        self.promote(0)
        self.check()
        assert self.made.ledger().promoted == {self.tag: self.digests}
        assert run(self.made.root, "generate", "--check").code == 0


@pytest.fixture
def target(staging: Registry, tmp_path: Path) -> Iterator[Target]:
    with ExitStack() as stack:
        port, folder = free_port(), tmp_path / "production"
        folder.mkdir()
        production = stack.enter_context(registry(folder, port=port))
        made = stage(tmp_path / "catalogue", staging, production, f"f{next(_numbers)}")
        yield Target(made, made.cut(), made.build(), folder, stack, port)


def at_write(number: int, act: Callable[[], object], patch: pytest.MonkeyPatch) -> list[int]:
    """Acts right before the request of that number that writes to a registry; counts them."""
    calls, send = [0], http.client.HTTPConnection.send

    def counted(self: http.client.HTTPConnection, data: Any) -> None:
        if isinstance(data, bytes) and data.startswith(WRITES):
            calls[0] += 1
            if calls[0] == number:
                act()
        send(self, data)

    patch.setattr(http.client.HTTPConnection, "send", counted)
    return calls


def killed_at(number: int, target: Target) -> bool:
    """Whether a promotion was killed right before it wrote for that time, to a registry or to the disk."""
    child = os.fork()
    if child == 0:
        left = number

        def one() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        def hook(event: str, values: tuple[Any, ...]) -> None:
            opens = event == "open" and isinstance(values[2], int) and values[2] & (os.O_WRONLY | os.O_RDWR)
            sends = event == "http.client.send" and bytes(values[1][:8]).startswith(WRITES)
            if opens or sends or event in CHANGES:
                one()

        sys.addaudithook(hook)
        try:
            os._exit(target.promote())
        finally:
            os._exit(99)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def test_a_promotion_that_is_killed_anywhere(target: Target) -> None:
    before = target.made.root.with_name("before")
    shutil.copytree(target.made.root, before)
    number = 1
    while killed_at(number, target):
        target.check()
        target.complete()
        shutil.rmtree(target.made.root)
        shutil.copytree(before, target.made.root)
        target.empty()
        number += 3
    assert number > 30, "the run writes more often than this"


@pytest.mark.parametrize("number", [1, 5, 9, 14, 17, 20])
def test_a_registry_that_is_stopped_in_the_middle(
    target: Target, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        calls = at_write(number, target.stack.close, patch)
        result = run(target.made.root, "promote", "--release", target.tag)
    assert calls[0] >= number
    assert result.code == 3
    assert result.err.startswith("error: cannot ask ")
    assert target.made.production.partition("/")[0] in result.err
    assert "the ledger does not have the release's digests yet: run it again, and it goes on" in result.err
    assert target.made.ledger().promoted == {}
    target.start()
    target.check()
    target.complete()


def test_a_registry_that_is_down_before_anything(target: Target) -> None:
    before = written(target.made.root)
    target.stack.close()
    result = run(target.made.root, "promote", "--release", target.tag)
    assert (result.code, result.out) == (3, "")
    assert written(target.made.root) == before


def test_a_tag_that_somebody_else_gives_meanwhile(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """After all was checked, and before the tag is given: it stays with whoever was first."""
    host, _, path = target.made.production.partition("/")
    other: list[str] = []

    def give() -> None:
        # This write is not counted: the hook has acted already.
        other.append(Registry(host).put(f"{path}/top", f"one-{target.tag}", "somebody else's"))

    with monkeypatch.context() as patch:
        at_write(8, give, patch)
        result = run(target.made.root, "promote", "--release", target.tag)
    assert result.code == 3
    assert f"top:one-{target.tag}` is {other[0][:19]}... by now" in result.err
    assert target.made.ledger().promoted == {}
    refused = run(target.made.root, "promote", "--release", target.tag)
    assert (refused.code, f"exists and is {other[0][:19]}" in refused.out) == (1, True)


@pytest.mark.parametrize("last", [True, False])
def test_a_disk_that_fails_anywhere(target: Target, last: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    before, old = target.made.root.with_name("before"), (target.made.root / LEDGER_FILE).read_bytes()
    shutil.copytree(target.made.root, before)
    number = 0
    for number in range(1, 100, 2):
        with monkeypatch.context() as patch:
            calls = fail_from(number, last, patch)
            code = target.promote()
        if calls[0] < number:
            break
        assert code in (0, 2)
        if code:
            now = (target.made.root / LEDGER_FILE).read_bytes()
            assert now == old or target.made.ledger().promoted == {target.tag: target.digests}
        target.complete()
        shutil.rmtree(target.made.root)
        shutil.copytree(before, target.made.root)
    assert 3 < number < 99


def test_two_promotions_at_once(target: Target) -> None:
    environment = settings(target.made.root)
    command = [*PROGRAM, "promote", "--release", target.tag]
    running = [
        subprocess.Popen(
            command, cwd=target.made.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    ends = [each.communicate(timeout=60) for each in running]
    assert [each.returncode for each in running] == [0, 0], ends
    assert sum(b"nothing to change" in out for out, _ in ends) == 1
    target.check()
    assert target.made.ledger().promoted == {target.tag: target.digests}


@pytest.mark.parametrize("auth", [None, base64.b64encode(b"someone:hunter2").decode()])
def test_wrong_credentials(
    staging: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, auth: str | None
) -> None:
    folder = tmp_path / "production"
    folder.mkdir()
    with registry(folder, htpasswd(folder), f"{USER}:{PASSWORD}") as production:
        made = stage(tmp_path / "catalogue", staging, production, f"f{next(_numbers)}")
        digests, tag = made.build(), made.cut()
        config = tmp_path / "docker"
        config.mkdir()
        monkeypatch.setenv("DOCKER_CONFIG", str(config))

        def login(auth: str | None) -> None:
            entries = {production.host: {"auth": auth}} if auth else {}
            (config / "config.json").write_text(json.dumps({"auths": entries}))

        login(auth)
        before = written(made.root)
        result = run(made.root, "promote", "--release", tag)
        assert (result.code, result.out) == (3, "")
        assert f"cannot ask {production.host}: it denies access to " in result.err
        assert f"docker login {production.host}" in result.err
        assert written(made.root) == before
        login(AUTH)
        done = run(made.root, "promote", "--release", tag)
        assert done.code == 0
        assert made.ledger().promoted == {tag: digests}
        for secret in (PASSWORD, AUTH, "hunter2", auth or "hunter2"):
            assert secret not in result.err + done.out + done.err
            assert all(secret.encode() not in content for content in written(made.root).values())
