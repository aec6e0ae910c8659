"""Laws of `bump`, over made-up catalogues in every style of YAML."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from rgraph.app import Workspace
from rgraph.bumping import Wish, judge, plan, reached
from rgraph.bumping.target import steps_of
from rgraph.errors import UsageError
from rgraph.files.yaml_edit import Piece, edit
from rgraph.upkeep import Bumped, bump
from tests.laws.strategies import FILES, Documents, catalogues

NEW = "77.7"
Versions = dict[str, list[tuple[str, str, str]]]
"""Image -> type, name and version of its components, in order."""


class _Dumper(yaml.SafeDumper):
    """Writes each value out: anchors are no part of the manifest language."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _styled(data: Any, chance: random.Random) -> str:
    """A document, each value in a style of its own."""

    class Styled(_Dumper):
        pass

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
        style = chance.choice([None, None, "'", '"'])
        plain = dumper.represent_str(value)
        return yaml.ScalarNode(plain.tag, value, style=style or plain.style)

    Styled.add_representer(str, text)
    made: str = yaml.dump(
        data,
        Dumper=Styled,
        sort_keys=False,
        default_flow_style=chance.choice([True, False, None]),
        width=chance.choice([20, 60, 200]),
        indent=chance.choice([2, 4]),
        allow_unicode=True,
    )
    return made


@contextmanager
def on_disk(documents: Documents, seed: int) -> Iterator[Path]:
    """A catalogue in a folder of its own; some files with comments, CRLF or a byte order mark."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, data in documents.items():
            text = f"# numpy=1.9 curl=1 thing@2\n{_styled(data, chance)}# end"
            raw = text.replace("\n", chance.choice(["\n", "\r\n"])).encode()
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(chance.choice([b"", b"\xef\xbb\xbf"]) + raw)
        for name, content in FILES.items():
            path = root / "manifests/files" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield root


def by_hand(file: str, raw: bytes, done: Bumped) -> bytes:
    """A file in which an editor put the new for the old at each line and column, and no more."""
    mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
    lines = raw.removeprefix(mark).decode().split("\n")
    for each in sorted(done.changes, key=lambda each: (each.line, each.column), reverse=True):
        if each.file == file:
            line, start = lines[each.line - 1], each.column - 1
            assert line.startswith(each.old, start)
            assert NEW.endswith(each.new) or each.new.endswith(NEW)
            lines[each.line - 1] = line[:start] + each.new + line[start + len(each.old) :]
    return mark + "\n".join(lines).encode()


def contents(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def versions(root: Path) -> Versions:
    return {
        id: [(each.type, each.name, each.version) for step in steps_of(image) for each in step.components]
        for id, image in Workspace(root).resolved.images.items()
    }


def tried(root: Path, component: str, version: str, **more: Any) -> Bumped | None:
    try:
        return bump(root, Wish(component, version, downgrade=True), [], **more)
    except UsageError:
        return None  # nobody pins it, or its old version is none of its ecosystem


components = st.sampled_from(["numpy", "curl", "thing"])


@given(catalogues(), components, st.integers(0, 10**6))
def test_a_bump_changes_that_version_and_nothing_else(documents: Documents, name: str, seed: int) -> None:
    with on_disk(documents, seed) as root:
        before, had = contents(root), versions(root)
        dry = tried(root, name, NEW, dry_run=True)
        assert contents(root) == before
        done = tried(root, name, NEW)
        if done is None or dry is None:
            assert done is dry is None
            return
        assert (done.changes, done.refusals) == (dry.changes, dry.refusals)
        olds = [version for found in had.values() for _, each, version in found if each == name]
        if any(each.isdigit() for each in olds) and done.refusals:
            # What else a bare number may mean in a command is not known.
            assert name == "thing"
            assert contents(root) == before
            return
        assert done.refusals == ()
        assert versions(root) == {
            id: [(type, each, NEW if each == name else version) for type, each, version in found]
            for id, found in had.items()
        }
        assert set(done.direct) == {
            id for id, found in had.items() if any(each == name for _, each, _ in found)
        }
        assert contents(root) == {
            file: by_hand(file.removeprefix(f"{root}/"), raw, done) for file, raw in before.items()
        }


@given(catalogues(), components, st.integers(0, 10**6))
def test_a_bump_to_the_same_version_is_the_identity(documents: Documents, name: str, seed: int) -> None:
    with on_disk(documents, seed) as root:
        first = tried(root, name, NEW)
        if first is None or first.refusals:
            return
        before = contents(root)
        again = tried(root, name, NEW)
        assert again is not None
        assert (again.changes, again.direct, again.above, again.refusals, again.written) == (
            (),
            (),
            (),
            (),
            False,
        )
        assert contents(root) == before


@given(catalogues(), components, st.integers(0, 10**6))
def test_there_and_back_restores_every_byte(documents: Documents, name: str, seed: int) -> None:
    with on_disk(documents, seed) as root:
        olds = {version for found in versions(root).values() for _, each, version in found if each == name}
        before = contents(root)
        for old in sorted(olds):
            done = tried(root, f"{name}@{old}", NEW)
            back = tried(root, f"{name}@{NEW}", old)
            if done is not None and not done.refusals and back is None:
                return  # the old text is no version that anybody would ask for
            assert contents(root) == before


@given(catalogues(), components, st.integers(0, 10**6))
def test_judging_what_changed_is_judging_everything(documents: Documents, name: str, seed: int) -> None:
    with on_disk(documents, seed) as root:
        workspace = Workspace(root)
        try:
            planned = plan(workspace.resolved, workspace.inventory, Wish(name, NEW), None)
        except UsageError:
            return
        if planned.refusals:
            return
        # Some edits are left out, some wrong: what is not as wanted must be seen both ways.
        wrong = {1: "88.8"}
        edited: dict[str, Any] = {}
        for file in {each.file for each in planned.edits}:
            pieces = [
                Piece(each.path, each.start, each.old, wrong.get(number % 5, each.new))
                for number, each in enumerate(planned.edits, start=seed)
                if each.file == file and number % 7
            ]
            edited[file] = edit((root / file).read_bytes(), pieces).data
        layers = reached(workspace.resolved, planned)
        part = judge(workspace.resolved, edited, planned, layers)
        whole = judge(workspace.resolved, edited, planned, None)
        assert (set(part.wrong), set(part.refusals)) == (set(whole.wrong), set(whole.refusals))
