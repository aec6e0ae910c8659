"""A bump that is killed at any point leaves manifests that the next one puts back.

The process is a real one, and SIGKILL ends it: right before the n-th time that it changes something on
the disk, for every n until it comes to its end.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from rgraph.files.reader import JOURNAL
from tests.cli.test_killed import killed_at
from tests.errors.running import run
from tests.unit.bumping.small import ONE, texts, write

NAMES = ("one", "two", "three")


def catalogue(root: Path) -> Path:
    """Three manifests, each with the same pin."""
    layers = {name: ONE.replace("name: one", f"name: {name}") for name in NAMES}
    return write(root, **{name: f"{text}steps: [conda: [lib=1.0]]\n" for name, text in layers.items()})


def test_a_bump_that_is_killed_at_any_point(tmp_path: Path) -> None:
    seen = set()
    for number in range(1, 200):
        root = catalogue(tmp_path / str(number))
        before = texts(root)
        if not killed_at(number, root, "bump", "lib", "1.1"):
            break
        edited = [name for name, raw in texts(root).items() if raw != before[name]]
        seen.add(len(edited))
        assert all(texts(root)[name] == before[name].replace(b"1.0", b"1.1") for name in edited)
        again = run(root, "bump", "lib", "1.2")
        assert again.code == 0
        shown = ", ".join(
            f"manifests/{name}.yaml" for name in ("one", "three", "two") if f"{name}.yaml" in edited
        )
        half = 0 < len(edited) < len(NAMES)
        assert again.err == (f"an earlier bump was killed; as before it again: {shown}\n" if half else "")
        assert texts(root) == {name: raw.replace(b"lib=1.0", b"lib=1.2") for name, raw in before.items()}
        assert [path.name for path in root.iterdir()] == ["manifests"]
    assert seen == {0, 1, 2, 3}
    assert number > 10


@pytest.fixture
def half_edited(tmp_path: Path) -> Path:
    """A catalogue whose bump was killed when it had replaced one file or two."""
    for number in range(1, 200):
        root = catalogue(tmp_path / str(number))
        before = texts(root)
        assert killed_at(number, root, "bump", "lib", "1.1")
        if texts(root) != before:
            return root
    raise AssertionError


@pytest.mark.parametrize("command", ["bump lib 1.2 --dry-run", "plan", "generate", "release cut"])
def test_nothing_reads_what_is_half_edited(half_edited: Path, command: str) -> None:
    done = run(half_edited, *command.split())
    assert done.code == 2
    assert done.err == (
        "error: a `rgraph bump` was killed while it wrote: manifests may be half edited\n"
        "  help: the next `rgraph bump` puts them back first; if all is well, remove .rgraph-bump\n"
    )
    assert not (half_edited / "generated").exists()


def test_what_somebody_changed_since_then_is_left_alone(half_edited: Path) -> None:
    (edited,) = [path for path in (half_edited / "manifests").iterdir() if b"lib=1.1" in path.read_bytes()]
    edited.write_bytes(edited.read_bytes().replace(b"1.1", b"1.1.1"))
    assert run(half_edited, "bump", "lib@1.0", "1.2").code == 0
    assert b"lib=1.1.1" in edited.read_bytes()
    assert not (half_edited / JOURNAL).exists()


def test_a_journal_that_cannot_be_read(half_edited: Path) -> None:
    (half_edited / JOURNAL).write_bytes(b"\xff")
    done = run(half_edited, "bump", "lib", "1.2")
    assert done.code == 2
    assert "the journal of a run that was killed" in done.err
    assert "then remove the file" in done.err
