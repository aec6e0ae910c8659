"""A cut that is killed at any point leaves a ledger that reads and files that `generate` repairs.

The process is a real one, and SIGKILL ends it: right before the n-th time that it changes something on
the disk, for every n until it comes to its end.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rgraph.errors import Problems
from rgraph.ledger import LEDGER_FILE, Ledger, read_ledger
from tests.errors.running import run, written

if TYPE_CHECKING:
    from _typeshed import HasFileno

CHANGES = frozenset(
    {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.chmod", "os.truncate", "os.symlink"}
)
"""Audit events of calls that change the disk (Python, "Audit events table"); `open` is one if it writes."""

FIRST, SECOND = ("--date", "20260101"), ("--date", "20260102")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalogue of two images, one on the other."""
    root = tmp_path / "catalogue"
    manifests = root / "manifests"
    manifests.mkdir(parents=True)
    (manifests / "catalog.yaml").write_text("kind: catalog\nname: two\nregistry: registry.example.com\n")
    (manifests / "externals.yaml").write_text(
        "kind: externals\nexternals:\n  debian: {reference: 'debian:12.9'}\n"
    )
    (manifests / "base.yaml").write_text(
        "kind: base\nname: base\nfrom: debian\nvariant: one\nsteps: [{pip: [numpy==2.1.0]}]\n"
    )
    (manifests / "top.yaml").write_text(
        "kind: framework\nname: top\nfrom: base:one\nvariant: one\nsteps: [{pip: [scipy==1.14.0]}]\n"
        "tests: [{name: ok, command: 'true'}]\n"
    )
    return root


def bump(root: Path, version: str, file: str = "base.yaml") -> None:
    path = root / "manifests" / file
    name = "numpy" if file == "base.yaml" else "scipy"
    head, _, rest = path.read_text().partition(f"{name}==")
    path.write_text(f"{head}{name}=={version}{rest[rest.index(']') :]}")


def killed_at(number: int, root: Path, *arguments: str) -> bool:
    """Runs a command that is killed before its change of that number; whether it was."""
    child = os.fork()
    if child == 0:
        left = number

        def count(*_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        def hook(event: str, values: tuple[object, ...]) -> None:
            writes = event == "open" and isinstance(values[2], int) and values[2] & (os.O_WRONLY | os.O_RDWR)
            if writes or event in CHANGES:
                count()

        sync = os.fsync

        def fsync(fd: int | HasFileno) -> None:
            count()
            sync(fd)

        os.fsync = fsync
        sys.addaudithook(hook)
        try:
            os._exit(run(root, *arguments).code)
        finally:
            os._exit(99)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def kills(root: Path, *arguments: str) -> Iterator[int]:
    """Kills a command at every point, each time in a fresh copy of the catalogue as it is now."""
    before = root.with_name("before")
    shutil.copytree(root, before)
    number = 1
    while killed_at(number, root, *arguments):
        yield number
        shutil.rmtree(root)
        shutil.copytree(before, root)
        number += 1
    shutil.rmtree(before)


def ledger(root: Path) -> Ledger:
    path = root / LEDGER_FILE
    problems = Problems()
    found = read_ledger(path.read_bytes() if path.exists() else None, problems)
    assert list(problems) == []
    return found


def tags(root: Path) -> list[str]:
    return [release.tag for release in ledger(root).releases]


def folders(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "generated/releases").glob("*"))


def leftovers(root: Path) -> list[str]:
    """Hidden files: rgraph keeps none."""
    return [path.name for path in root.rglob(".*")]


def check_repaired(root: Path) -> None:
    """What must hold after a kill, and after the `generate` that follows it."""
    known = tags(root)
    assert set(known) <= set(folders(root)), "a release of the ledger has its files"
    assert run(root, "check").code == 0
    assert run(root, "generate").code == 0
    assert tags(root) == known
    assert folders(root) == sorted(known)
    assert leftovers(root) == []
    assert run(root, "generate", "--check").code == 0
    for tag in known:
        assert run(root, "release", "notes", tag).code == 0


def complete(root: Path) -> dict[str, bytes]:
    """What stands there in the end, when nobody kills anything."""
    end = root.with_name("end")
    shutil.copytree(root, end)
    assert run(end, "release", "cut", *SECOND).code == 0
    found = written(end)
    shutil.rmtree(end)
    return found


def first(root: Path) -> None:
    """Nothing was released yet."""


def second(root: Path) -> None:
    assert run(root, "release", "cut", *FIRST).code == 0
    bump(root, "2.1.1")


def back(root: Path) -> None:
    """A retag, and an image that is no more."""
    second(root)
    assert run(root, "release", "cut", *FIRST).code == 0
    bump(root, "2.1.0")
    (root / "manifests/top.yaml").unlink()


@pytest.mark.parametrize("prepare", [first, back])
def test_a_cut_that_is_killed_anywhere(prepare: Callable[[Path], None], root: Path) -> None:
    prepare(root)
    expected = complete(root)
    number = 0
    for number in kills(root, "release", "cut", *SECOND):
        if number % 3 == 0:
            check_repaired(root)
        # The next cut makes it whole, with or without a `generate` before it.
        assert run(root, "release", "cut", *SECOND).code == 0
        assert written(root) == expected, f"killed before change {number}"
    assert number > 30, "the run changes more than this"


def fail_from(number: int, last: bool, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The disk refuses its change of that number, and all later ones unless it is the `last`; counts them."""
    calls = [0]

    def failing(real: Callable[..., None]) -> Callable[..., None]:
        def call(*arguments: object, **options: object) -> None:
            calls[0] += 1
            if calls[0] == number or (calls[0] > number and not last):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(*arguments, **options)

        return call

    for name in ("fsync", "replace", "rename", "link", "mkdir"):
        monkeypatch.setattr(os, name, failing(getattr(os, name)))
    return calls


@pytest.mark.parametrize("last", [True, False])
def test_a_disk_that_fails_anywhere(last: bool, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second(root)
    expected, before = complete(root), root.with_name("before")
    shutil.copytree(root, before)
    old = written(root)
    for number in range(1, 200):
        with monkeypatch.context() as patch:
            calls = fail_from(number, last, patch)
            result = run(root, "release", "cut", *SECOND)
        if calls[0] < number:
            break
        if result.code == 0:  # what cannot sync or link finds another way
            assert written(root) == expected
        else:
            assert result.code == 2
            assert "no space left on device" in result.err
            if "nothing was changed" in result.err:
                assert written(root) == old, f"failed at change {number}"
        assert set(tags(root)) <= set(folders(root))
        assert run(root, "release", "cut", *SECOND).code == 0
        assert written(root) == expected, f"failed at change {number}"
        shutil.rmtree(root)
        shutil.copytree(before, root)
    assert 20 < number < 199


def test_generate_that_is_killed_anywhere(root: Path) -> None:
    second(root)
    before = (root / LEDGER_FILE).read_bytes()
    points = 0
    for points in kills(root, "generate"):  # noqa: B007
        assert (root / LEDGER_FILE).read_bytes() == before
        check_repaired(root)
    assert points > 10


def test_a_cut_that_is_killed_at_any_time(root: Path) -> None:
    """By the clock: also in the middle of writing a file."""
    values = ", ".join(f"x{number}" for number in range(60))
    (root / "manifests/many.yaml").write_text(
        f'kind: base\nname: many\nfrom: base:one\nvariant: "${{{{ a }}}}"\nmatrix: {{a: [{values}]}}\n'
    )
    command = [sys.executable, "-m", "rgraph", "release", "cut", *SECOND]
    settings = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    before = root.with_name("before")
    shutil.copytree(root, before)
    start = time.monotonic()
    subprocess.run(command, cwd=root, env=settings, check=True, stdout=subprocess.DEVNULL)
    whole, expected = time.monotonic() - start, written(root)
    for part in range(5, 20, 2):
        shutil.rmtree(root)
        shutil.copytree(before, root)
        process = subprocess.Popen(command, cwd=root, env=settings, stdout=subprocess.DEVNULL)
        time.sleep(whole * part / 20)
        process.kill()
        process.wait(timeout=60)
        check_repaired(root)
        assert run(root, "release", "cut", *SECOND).code == 0
        assert written(root) == expected
