"""Laws of the import: what is written is read back, folding and lifting keep every step, and the import of
what rgraph generated gives the same Dockerfiles.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rgraph import app
from rgraph.errors import Place, Problems
from rgraph.expressions import Scope, evaluate
from rgraph.files.manifest_yaml import WIDTH, manifest_yaml
from rgraph.files.yaml_nodes import load
from rgraph.importer import import_dockerfiles
from rgraph.importing.drafts import Draft
from rgraph.importing.expanding import expanded, value_of
from rgraph.importing.lifting import lifted
from rgraph.importing.patterns import escaped
from rgraph.importing.siblings import families
from rgraph.matrix import expand
from tests.laws.strategies import FILES, Documents, catalogues, write

Data = dict[str, Any]

_SEEN = st.characters(exclude_categories=("C", "Z")) | st.sampled_from(" \n\t:#-{}[],&*!|>'\"%@`$?~=<\\")
_ODD = (
    "true",
    "null",
    "~",
    "",
    "1.10",
    "yes",
    "<<",
    "a: b",
    "- x",
    "a #b",
    "---",
    "...",
    "${{ x }}",
    "x:",
    "0x1",
)
_TEXTS = st.text(_SEEN, max_size=12) | st.sampled_from(_ODD)
_LONG = st.lists(st.text("abc${}'\":#-", min_size=1, max_size=30), min_size=2, max_size=30).map(" ".join)
_KEYS = st.text(st.characters(exclude_categories=("C", "Z")) | st.sampled_from(" :#-{}[]"), max_size=8)
_PLAIN = st.recursive(
    st.none() | st.booleans() | _TEXTS | _LONG,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(_KEYS, _PLAIN, min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read_back(data: Data) -> None:
    problems = Problems()
    text = manifest_yaml(data)
    read = load("x.yaml", text.encode(), problems)
    assert not list(problems)
    assert repr(read) == repr(data)
    assert manifest_yaml(read) == text  # type: ignore[arg-type]


@given(st.lists(st.text("abcde", min_size=1, max_size=12), min_size=1, max_size=60))
def test_words_never_make_long_lines(words: list[str]) -> None:
    text = manifest_yaml({"steps": [{"apt": words}, {"run": [" ".join(words)], "provides": []}]})
    assert max(map(len, text.splitlines())) <= WIDTH


@given(st.text(_SEEN | st.sampled_from("${}'\u00a0\u3000")))
def test_escaped_texts_stand_for_themselves(text: str) -> None:
    assert evaluate(escaped(text), Scope({})) == text


_VERSIONS = st.sampled_from(["1.0", "1.1.2", "2", "10.4"])
_NAMES = st.sampled_from(["curl", "git", "libfoo", "libbar1", "zip", "wget"])


def _steps() -> st.SearchStrategy[list[Data]]:
    """Steps that often recur, with versions that often differ."""
    package = st.builds(lambda name, version: f"{name}={version}", _NAMES, _VERSIONS) | _NAMES
    apt = st.lists(package, min_size=1, max_size=6, unique_by=lambda text: text.split("=")[0])
    command = st.builds(lambda n, v: f"make {n} VERSION={v} with ${{X}}", _NAMES, _VERSIONS)
    run = st.builds(
        lambda some, more: {"run": [*some, *more], "provides": []},
        st.lists(command, min_size=1, max_size=4),
        st.sampled_from([[], ["a longer command that all of them have", "and a second one of the kind"]]),
    )
    return st.lists(
        st.one_of(
            apt.map(lambda some: {"apt": some}),
            st.builds(lambda v: {"env": {"THING_VERSION": v, "OTHER": "x"}}, _VERSIONS),
            run,
            st.builds(
                lambda v: {"run": f"verbatim {v} && \\\n  more of ${{{{ it", "provides": []}, _VERSIONS
            ),
            st.builds(lambda v, f: {"apt": {"packages": [v], "recommends": f}}, _NAMES, st.booleans()),
            st.builds(lambda some: {"group": [{"apt": some}, {"run": ["true"], "provides": []}]}, apt),
            st.sampled_from([{"user": "root"}, {"workdir": "/app"}, {"expose": ["80"]}]),
        ),
        max_size=7,
    ).map(_escaped)


def _escaped(data: Any) -> Any:
    if isinstance(data, str):
        return escaped(data)
    if isinstance(data, dict):
        return {key: _escaped(value) for key, value in data.items()}
    return [_escaped(each) for each in data] if isinstance(data, list) else data


@st.composite
def _images(draw: st.DrawFn) -> list[Draft]:
    """Images, some of which differ from others in a little only."""
    found: list[list[Data]] = []
    for _ in range(draw(st.integers(1, 6))):
        steps: list[Data] = draw(_steps())
        similar: bool = draw(st.booleans())
        if found and similar:
            steps = [*draw(st.sampled_from(found))]
            at = draw(st.integers(0, len(steps)))
            steps[at : at + draw(st.integers(0, 1))] = draw(_steps())[:1]
        found.append(steps)
    return [
        Draft(
            key=f"x/py{at}-{draw(_VERSIONS)}",
            stem=f"py{at}",
            variant="latest",
            repository=f"x/py{at}",
            tags=("${{ release }}", "latest"),
            folder=f"x/py{at}",
            from_=draw(st.sampled_from(["debian12", "ubuntu20.04", "ubuntu22.04"])),
            steps=tuple(steps),
        )
        for at, steps in enumerate(found)
    ]


def _lines(data: Data) -> int:
    return manifest_yaml(data).count("\n")


def _named(drafts: Sequence[Draft]) -> str:
    return drafts[0].stem


@given(_images())
@settings(max_examples=50, deadline=None)
def test_folding_and_lifting_keep_every_step(drafts: list[Draft]) -> None:
    layers = families(drafts, _named, _lines)
    documents, recipes = lifted([layer.document for layer in layers], _lines)
    known = {str(each["name"]): each for each in recipes}
    found: dict[str, tuple[str, list[Data]]] = {}
    for document in documents:
        problems = Problems()
        rows = expand(document.get("matrix", {}), Place("x"), problems)
        assert not list(problems)
        axes = frozenset(name for row in rows for name in row)
        for row in rows:
            variant = value_of(document["variant"], Scope(row, axes))
            scope = Scope({**row, "variant": variant}, axes | {"variant"})
            folder = value_of(document["folder"], scope)
            assert folder not in found
            steps = expanded(document.get("steps", []), scope, known)
            found[folder] = (value_of(document["from"], scope), steps)
    plain = Scope({})
    assert found == {each.folder: (each.from_, expanded(each.steps, plain, {})) for each in drafts}


@given(_images())
@settings(max_examples=20, deadline=None)
def test_nothing_becomes_longer(drafts: list[Draft]) -> None:
    layers = families(drafts, _named, _lines)
    alone = sum(_lines(each.document) for draft in drafts for each in families([draft], _named, _lines))
    folded = sum(_lines(layer.document) for layer in layers)
    documents, recipes = lifted([layer.document for layer in layers], _lines)
    assert sum(map(_lines, [*documents, *recipes])) <= folded <= alone


def _normalised(text: str, folder: str) -> list[str]:
    """A Dockerfile as docs/import.md compares it: without comments, empty lines and ARG before FROM that
    nothing asks for; variables and labels that are set in a row, in one; files of a build context lie below
    its folder.
    """
    lines = re.sub(r"[\\`]\n\s*", "", re.sub(r"(?m)^#.*\n|^\s*\n", "", text)).splitlines()
    first = next(at for at, line in enumerate(lines) if line.startswith("FROM "))
    found: list[str] = []
    for line in lines[first:]:
        keyword, _, rest = line.partition(" ")
        if keyword in ("ENV", "LABEL") and found and found[-1].startswith(f"{keyword} "):
            pairs = [pair.partition("=") for pair in f"{found[-1].partition(' ')[2]} {rest}".split(" ")]
            values = {name: value for name, _, value in pairs}
            found[-1] = f"{keyword} " + " ".join(f"{name}={values[name]}" for name in sorted(values))
        else:
            found.append(line.replace(f"COPY {folder}/", "COPY "))
    return found


def _sources(generated: Path, target: Path) -> dict[str, str]:
    """The Dockerfiles that were generated, with the files that they copy: folder -> text."""
    found = {}
    for file in sorted(generated.rglob("Dockerfile")):
        folder = file.parent.relative_to(generated).as_posix()
        (target / folder).mkdir(parents=True)
        for name in ("Dockerfile", *FILES, "LICENSE.txt"):
            if (file.parent / name).exists():
                shutil.copyfile(file.parent / name, target / folder / name)
        found[folder] = file.read_text()
    return found


@given(catalogues())
@settings(max_examples=10, deadline=None)
def test_import_of_generate_is_the_identity(documents: Documents) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root, source, target = Path(folder, "catalogue"), Path(folder, "source"), Path(folder, "imported")
        write(documents, root)
        app.generate(root)
        before = _sources(root / "generated", source)
        made = import_dockerfiles([source], target, {}, "20261121", dry_run=False)
        assert [each.what for each in made.report.problems] == []
        assert {verdict.state for verdict in made.report.verdicts} <= {"identical", "equivalent"}
        app.generate(target)
        ids = made.report.ids
        images = app.Workspace(target).resolved.images
        after = {
            name.removesuffix("/Dockerfile"): (
                target / "generated" / images[id].folder / "Dockerfile"
            ).read_text()
            for name, id in ids.items()
        }
        assert after.keys() == before.keys()
        for name, text in before.items():
            assert _normalised(after[name], name) == _normalised(text, name)
