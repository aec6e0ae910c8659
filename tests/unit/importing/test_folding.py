from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from rgraph.errors import Place, Problems
from rgraph.importing.drafts import DraftStage
from rgraph.importing.folding import MOST_AXES, alone, folded
from rgraph.importing.siblings import families
from rgraph.importing.unifying import Unlike
from rgraph.matrix import expand
from tests.unit.importing.drafts import draft, lines

RUN: dict[str, Any] = {"run": [f"command number {word}" for word in "abcdef"], "provides": []}


def test_alone() -> None:
    made = alone(draft("base/cpu", [{"user": "root"}], cmd=["sh"], platforms=("linux/amd64",)), "cpu")
    assert made.document == {
        "kind": "base",
        "name": "cpu",
        "from": "debian12",
        "variant": "latest",
        "repository": "base/cpu",
        "tags": ["${{ release }}", "latest"],
        "folder": "base/cpu",
        "platforms": ["linux/amd64"],
        "steps": [{"user": "root"}],
        "cmd": ["sh"],
    }


@pytest.mark.parametrize(
    ("source", "steps", "kind"),
    [
        ("debian12", [{"cran": ["zoo==1.0"]}], "base"),
        ("r-base:cpu", [{"apt": ["curl"]}], "framework"),
        ("r-base:cpu", [{"cran": ["zoo==1.0"]}], "r"),
    ],
)
def test_kind(source: str, steps: list[dict[str, Any]], kind: str) -> None:
    assert alone(draft("x", steps, from_=source), "x").document["kind"] == kind


def test_siblings_get_a_matrix() -> None:
    drafts = [
        draft(
            f"base/python-{version}",
            [{"apt": [f"python{version}"]}, RUN],
            from_=f"cuda{cuda}",
            stages=(DraftStage("build", f"cuda{cuda}", ({"run": [f"make {version}"], "provides": []},)),),
        )
        for version, cuda in (("3.8", "11.1"), ("3.9", "11.2"))
    ]
    assert folded(drafts, "python").document == {
        "kind": "base",
        "name": "python",
        "matrix": {"include": [{"python": "3.8", "cuda": "11.1"}, {"python": "3.9", "cuda": "11.2"}]},
        "from": "cuda${{ cuda }}",
        "variant": "python-${{ python }}",
        "repository": "base/${{ variant }}",
        "tags": ["${{ release }}", "latest"],
        "folder": "base/${{ variant }}",
        "stages": [
            {
                "name": "build",
                "from": "cuda${{ cuda }}",
                "steps": [{"run": ["make ${{ python }}"], "provides": []}],
            }
        ],
        "steps": [{"apt": ["python${{ python }}"]}, RUN],
    }


def test_combinations_become_axes() -> None:
    drafts = [draft(f"x/py{v}-{o}", from_=f"{o}{v}") for v in ("3.8", "3.9") for o in ("debian", "ubuntu")]
    document = folded(drafts, "x").document
    rows = expand(document["matrix"], Place("x"), Problems())
    assert "include" not in document["matrix"]
    assert len(rows) == 4
    assert len(document["matrix"]) == 2


def test_one_axis_is_a_list() -> None:
    drafts = [draft(f"x/py{version}") for version in ("3.8", "3.9", "3.10")]
    assert folded(drafts, "x").document["matrix"] == {"py": ["3.8", "3.9", "3.10"]}


def test_tags_that_only_one_has() -> None:
    drafts = [
        draft("x/py3.8", variant="3.8", repository="py", tags=("3.8-${{ release }}", "3.8")),
        draft("x/py3.9", variant="3.9", repository="py", tags=("3.9-${{ release }}", "3.9", "latest")),
    ]
    document = folded(drafts, "py").document
    assert document["variant"] == "${{ version }}"
    assert document["repository"] == "py"
    assert document["tags"][-1] == "${{ 'latest' if latest }}"


@pytest.mark.parametrize(
    "changed",
    [
        {"cmd": ["sh"]},
        {"entrypoint": "sh"},
        {"healthcheck": "none"},
        {"args": {"A": "1"}},
        {"platforms": ("linux/arm64",)},
        {"stages": (DraftStage("build", "debian12", ()),)},
    ],
)
def test_what_one_manifest_cannot_say_stays_apart(changed: dict[str, Any]) -> None:
    drafts = [draft("x/py3.8", [RUN]), draft("x/py3.9", [RUN])]
    assert len(folded(drafts, "x").drafts) == 2
    with pytest.raises(Unlike):
        folded([drafts[0], structs.replace(drafts[1], **changed)], "x")


def test_the_same_folder_twice_cannot_be() -> None:
    with pytest.raises(Unlike):
        folded([draft("x", [RUN]), draft("x", [RUN])], "x")


def test_too_many_differences_stay_apart() -> None:
    count = MOST_AXES + 1
    with pytest.raises(Unlike):
        folded(
            [
                draft("x/a1", [{"env": {f"N{n}": f"a{n}x" for n in range(count)}}, RUN]),
                draft("x/a2", [{"env": {f"N{n}": f"b{2 * n}x" for n in range(count)}}, RUN]),
                draft("x/a3", [{"env": {f"N{n}": f"c{3 * n}x" for n in range(count)}}, RUN]),
            ],
            "x",
        )


def names(drafts: Any) -> str:
    return str(drafts[0].stem)


def test_families() -> None:
    alike = [draft(f"x/py{version}", [{"env": {"V": version}}, RUN]) for version in ("3.8", "3.9")]
    near = draft("x/py4.0", [{"env": {"V": "4.0"}}, {"workdir": "/app"}, RUN])
    other = draft("y/other", [{"label": {"a": "b"}}])
    made = families([*alike, near, other], names, lines)
    assert sorted(len(each.drafts) for each in made) == [1, 3]
    assert {each.key for layer in made for each in layer.drafts} == {
        "x/py3.8",
        "x/py3.9",
        "x/py4.0",
        "y/other",
    }


def test_what_shares_little_is_no_family() -> None:
    drafts = [
        draft(
            "x/a",
            [RUN, *({"run": [f"{w} of {n}" for n in "abcdef"], "provides": []} for w in ("one", "two"))],
        ),
        draft(
            "x/b",
            [RUN, *({"run": [f"{w} in {n}" for n in "ghijkl"], "provides": []} for w in ("six", "ten"))],
        ),
    ]
    assert [len(each.drafts) for each in families(drafts, names, lines)] == [1, 1]


def test_what_cannot_be_written_spoils_no_other() -> None:
    drafts = [draft(f"x/py3.{n}", [RUN, {"user": "a\u00a0b" if n == 9 else "root"}]) for n in (7, 8, 9)]
    made = families(drafts, names, lines)
    assert sorted(len(each.drafts) for each in made) == [1, 2]
