"""From plain data to written types: what fits, and what is said of everything that does not."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from rgraph.errors import Place, Problems
from rgraph.manifest.document import KINDS, Manifest, convert, names_in
from rgraph.manifest.explain import explain
from rgraph.manifest.external import ExternalsManifest
from rgraph.manifest.layer import Healthcheck, LayerManifest, RecipeManifest
from rgraph.manifest.step import STEP_KINDS, Step
from rgraph.manifest.step_files import Download
from rgraph.manifest.step_packages import Apt, PackageSpec

FILE = "manifests/r/x.yaml"
LAYER: dict[str, Any] = {"kind": "r", "name": "x", "from": "y", "variant": "z"}


def manifest(data: object) -> Manifest:
    problems = Problems()
    found = convert(FILE, data, problems)
    assert list(problems) == []
    assert found is not None
    return found


def steps(*data: object) -> list[Step]:
    found = manifest(LAYER | {"steps": list(data)})
    assert isinstance(found, LayerManifest)
    return found.steps


def said(data: object) -> list[tuple[Place, str, str]]:
    problems = Problems()
    assert convert(FILE, data, problems) is None
    assert problems
    return [(problem.place, problem.what, problem.help) for problem in problems]


def said_of_layer(**more: object) -> tuple[tuple[str | int, ...], bool, str, str]:
    ((place, what, help),) = said(LAYER | more)
    assert place.file == FILE
    return place.path, place.on_key, what, help


def said_of_step(data: object) -> tuple[tuple[str | int, ...], bool, str, str]:
    path, on_key, what, help = said_of_layer(steps=[data])
    assert path[:2] == ("steps", 0)
    return path[2:], on_key, what, help


@pytest.mark.parametrize("kind", ["base", "r", "framework"])
def test_a_layer(kind: str) -> None:
    found = manifest({"kind": kind, "name": "x", "from": "y", "variant": "z", "capabilities": {"gpu": True}})
    assert found == LayerManifest(kind=kind, name="x", from_="y", variant="z", capabilities={"gpu": True})  # type: ignore[arg-type]


def test_the_other_kinds() -> None:
    assert isinstance(manifest({"kind": "recipe", "name": "x", "steps": []}), RecipeManifest)
    externals = manifest({"kind": "externals", "externals": {"a": {"reference": "ubuntu:20.04"}}})
    assert isinstance(externals, ExternalsManifest)
    assert externals.externals["a"].reference == "ubuntu:20.04"
    assert type(manifest({"kind": "catalog", "name": "x"})) is KINDS["catalog"]
    assert type(manifest({"kind": "components", "components": []})) is KINDS["components"]


def test_a_union_of_shapes() -> None:
    check = manifest(LAYER | {"healthcheck": {"command": "true"}})
    assert isinstance(check, LayerManifest)
    assert check.healthcheck == Healthcheck(command="true")
    none = manifest(LAYER | {"healthcheck": "none"})
    assert isinstance(none, LayerManifest)
    assert none.healthcheck == "none"


def test_steps_of_all_shapes() -> None:
    apt, download, use, run = steps(
        {
            "apt": {"packages": ["a", {"name": "b", "at_least": "1"}], "recommends": False},
            "when": "${{ gpu }}",
        },
        {"download": {"url": "u", "to": "/x"}, "provides": []},
        {"use": "openmpi", "with": {"version": "4.1.0", "ucx": True}},
        {"run": "echo", "provides": "pkg:generic/x@1", "when": False},
    )
    assert (apt.kind, apt.when, apt.provides, apt.with_) == ("apt", "${{ gpu }}", None, {})
    assert isinstance(apt.body, Apt)
    assert apt.body.packages == ["a", PackageSpec(name="b", at_least="1")]
    assert (download.kind, download.body, download.provides) == ("download", Download(url="u", to="/x"), [])
    assert (use.body, use.with_, use.when) == ("openmpi", {"version": "4.1.0", "ucx": True}, True)
    assert (run.body, run.provides, run.when) == ("echo", "pkg:generic/x@1", False)


def test_a_group_holds_steps_and_their_names() -> None:
    (group,) = steps(
        {"group": [{"run": "${{ a }}", "provides": []}, {"apt": "${{ b }}"}], "when": "${{ c }}"}
    )
    assert [step.kind for step in group.body] == ["run", "apt"]
    assert [step.names for step in group.body] == [("a",), ("b",)]
    assert group.names == ("a", "b", "c")


def test_names_come_from_everywhere_in_a_step() -> None:
    (use,) = steps({"use": "x", "with": {"p": ["${{ a }}", {"k": "${{ b }}"}]}, "when": "${{ c }}"})
    assert use.names == ("a", "b", "c")
    (run,) = steps({"run": "x", "provides": ["pkg:generic/x@${{ v }}"]})
    assert run.names == ("v",)
    assert steps({"run": "echo $X ${Y}", "provides": []})[0].names == ()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("no expression, ${SHELL} {{ jinja }}", ()),
        ("${{ a }}${{b}} and c ${{ a }}", ("a", "b")),
        ("${{ 'x y' ~ a | lower }}", ("a",)),
        ("${{ a | default(b) | replace(c, 'd') }}", ("a", "b", "c")),
        ("${{ lower }}", ("lower",)),
        ("${{ a if b and not c or d in [e] else f }}", ("a", "b", "c", "d", "e", "f")),
        ("${{ true == none }}", ()),
        ("${{ 'a }} b' ~ c }} d", ("c",)),
        ('${{ "it\'s" ~ a }}', ("a",)),
        ("${{ a\n ~ b }}", ("a", "b")),
        ("${{ größe }}", ("größe",)),
        ("${{ a", ()),  # reported when it is evaluated
    ],
)
def test_names_of_an_expression(text: str, names: tuple[str, ...]) -> None:
    assert names_in(text) == names


def test_parameters() -> None:
    data = {"kind": "recipe", "name": "x", "steps": []}
    params = {
        "version": None,
        "ucx": {"default": False},
        "a": {"default": ["b"]},
        "n": {"default": None},
        "d": {},
    }
    found = manifest(data | {"params": params})
    assert isinstance(found, RecipeManifest)
    assert found.params["version"] is None
    defaults = {name: param.default for name, param in found.params.items() if param is not None}
    assert defaults == {"ucx": False, "a": ["b"], "n": None, "d": UNSET}


ALL_KINDS = (
    "`kind` is one of `base`, `r`, `framework`, `recipe`, `catalog`, `externals`, `components`, "
    "`compatibility` or `waivers`"
)


@pytest.mark.parametrize(
    ("data", "path", "what", "help"),
    [
        (["kind"], (), "a manifest is a mapping", "begin with `kind:`"),
        ("kind", (), "a manifest is a mapping", "begin with `kind:`"),
        ({"name": "x"}, (), "the key `kind` is missing", ALL_KINDS),
        ({"kind": "framwork"}, ("kind",), "unknown kind `framwork`", "did you mean `framework`?"),
        ({"kind": "Base"}, ("kind",), "unknown kind `Base`", "did you mean `base`?"),
        ({"kind": "42"}, ("kind",), "unknown kind `42`", ALL_KINDS),
        ({"kind": None}, ("kind",), "`kind` is not text", ALL_KINDS),
        ({"kind": ["r"]}, ("kind",), "`kind` is not text", ALL_KINDS),
    ],
)
def test_no_manifest_at_all(data: object, path: tuple[str, ...], what: str, help: str) -> None:
    assert said(data) == [(Place(FILE, path), what, help)]


@pytest.mark.parametrize(
    ("more", "path", "what", "help"),
    [
        ({"name": True}, ("name",), "expected text, found `true`", 'write "true" in quotes'),
        ({"name": ["a"]}, ("name",), "expected text, found a list", ""),
        ({"name": {"a": "b"}}, ("name",), "expected text, found a mapping", ""),
        ({"description": None}, ("description",), "`description` is empty", "write text, or remove it"),
        ({"tags": ["a", None]}, ("tags", 1), "the entry is empty", "write text, or remove it"),
        ({"tags": [False]}, ("tags", 0), "expected text, found `false`", 'write "false" in quotes'),
        ({"tags": {"a": "b"}}, ("tags",), "expected a list or text, found a mapping", ""),
        ({"steps": "apt"}, ("steps",), "expected a list, found text", ""),
        (
            {"steps": {"apt": "a"}},
            ("steps",),
            "expected a list, found a mapping",
            "begin each entry with `- `",
        ),
        ({"matrix": "cpu"}, ("matrix",), "expected a mapping, found text", "write `key: value`"),
        (
            {"capabilities": {"gpu": []}},
            ("capabilities", "gpu"),
            "expected `true`, `false` or text, found a list",
            "",
        ),
        (
            {"lifecycle": ["weekly"]},
            ("lifecycle",),
            "expected a mapping, found a list",
            "write `key: value`; the keys are `cadence`, `end_of_life` and `deprecated`",
        ),
        (
            {"healthcheck": "nnone"},
            ("healthcheck",),
            "expected a mapping or `none`, found `nnone`",
            "did you mean `none`?",
        ),
        ({"kind": "r", "args": {"A": None}}, ("args", "A"), "`A` is empty", "write text, or remove it"),
    ],
)
def test_values_of_the_wrong_type(
    more: dict[str, Any], path: tuple[str | int, ...], what: str, help: str
) -> None:
    assert said_of_layer(**more) == (path, False, what, help)


def test_unknown_keys() -> None:
    assert said_of_layer(stpes=[]) == (("stpes",), True, "unknown key `stpes`", "did you mean `steps`?")
    assert said_of_layer(lifecycle={"qqq": "x"}) == (
        ("lifecycle", "qqq"),
        True,
        "unknown key `qqq`",
        "the keys here are `cadence`, `end_of_life` and `deprecated`",
    )
    (_, what, _) = said(LAYER | {"k" * 100: ""})[0]
    assert what == f"unknown key `{'k' * 57}...`"


def test_missing_keys() -> None:
    assert said({"kind": "r"}) == [
        (Place(FILE), "the key `name` is missing", ""),
        (Place(FILE), "the key `from` is missing", "name an image (`layer:variant`) or an External"),
        (
            Place(FILE),
            "the key `variant` is missing",
            "say how the layer's images are told apart, for instance `${{ device }}`",
        ),
    ]
    assert said_of_layer(stages=[{"name": "a"}])[:3] == (("stages", 0), True, "the key `from` is missing")


def test_a_word_out_of_a_list() -> None:
    assert said({"kind": "catalog", "name": "x", "policy": {"unpinned": ["apt", "conad"]}}) == [
        (
            Place(FILE, ("policy", "unpinned", 1)),
            "expected `apt`, `bioconductor`, `conda`, `cran`, `github` or `pip`, found `conad`",
            "did you mean `conda`?",
        )
    ]


def test_text_where_a_list_must_be() -> None:
    assert said({"kind": "catalog", "name": "x", "platforms": "linux/amd64"}) == [
        (Place(FILE, ("platforms",)), "expected a list, found text", "write `[linux/amd64]`")
    ]


ALL_STEPS = "a step is one of " + ", ".join(f"`{kind}`" for kind in list(STEP_KINDS)[:-1]) + " or `use`"
WITH_PROVIDES = "it goes with `source`, `download`, `take`, `run` or `instruction`"


@pytest.mark.parametrize(
    ("step", "path", "on_key", "what", "help"),
    [
        ("apt", (), False, "expected a step, found text", "write `apt: ...`"),
        ("apt git", (), False, "expected a step, found text", "write `apt: ...`"),
        ("git", (), False, "expected a step, found text", "write `KIND: ...`, for instance `apt: [git]`"),
        (None, (), False, "expected a step, found nothing", "write `KIND: ...`, for instance `apt: [git]`"),
        (["apt"], (), False, "expected a step, found a list", "write `KIND: ...`, for instance `apt: [git]`"),
        ({"aptt": ["git"]}, ("aptt",), True, "unknown step `aptt`", "did you mean `apt`?"),
        ({"when": True, "cnda": []}, ("cnda",), True, "unknown step `cnda`", "did you mean `conda`?"),
        ({"qqqq": []}, ("qqqq",), True, "unknown step `qqqq`", ALL_STEPS),
        ({"when": True}, (), False, "a step needs a key that says what it does", ALL_STEPS),
        ({}, (), False, "a step needs a key that says what it does", ALL_STEPS),
        (
            {"apt": ["a"], "conda": ["b"]},
            ("conda",),
            True,
            "a step does one thing, and this one has `apt` and `conda`",
            "make a step of each, or a `group` of steps",
        ),
        ({"apt": ["a"], "whne": True}, ("whne",), True, "unknown key `whne`", "did you mean `when`?"),
        (
            {"apt": {"packages": ["a"]}, "recommends": False},
            ("recommends",),
            True,
            "unknown key `recommends` beside `apt`",
            "`recommends` belongs inside `apt`",
        ),
        (
            {"apt": {"packages": ["a"], "when": True}},
            ("apt", "when"),
            True,
            "unknown key `when` in `apt`",
            "`when` stands beside `apt`, not inside it",
        ),
        (
            {"download": {"url": "u", "to": "/x", "provides": []}},
            ("download", "provides"),
            True,
            "unknown key `provides` in `download`",
            "`provides` stands beside `download`, not inside it",
        ),
        (
            {"apt": ["a"], "provides": []},
            ("provides",),
            True,
            "`provides` does not go with `apt`",
            WITH_PROVIDES,
        ),
        (
            {"github": [{"repo": "a/b", "ref": "c", "provides": []}]},
            ("github", 0, "provides"),
            True,
            "`provides` does not go with `github`",
            WITH_PROVIDES,
        ),
        (
            {"user": "root", "with": {}},
            ("with",),
            True,
            "`with` does not go with `user`",
            "it goes with `use`",
        ),
        (
            {"run": ["ls"]},
            (),
            True,
            "the key `provides` is missing",
            "name what it brings as purls; `provides: []` if it brings no component",
        ),
        ({"copy": {"files": ["a"]}}, ("copy",), True, "the key `to` is missing", ""),
        ({"apt": [["a"]]}, ("apt", 0), False, "expected text or a mapping, found a list", ""),
        (
            {"apt": [{"nme": "a", "name": "b"}]},
            ("apt", 0, "nme"),
            True,
            "unknown key `nme`",
            "did you mean `name`?",
        ),
        (
            {"apt": ["a", True]},
            ("apt", 1),
            False,
            "expected text or a mapping, found `true`",
            'write "true" in quotes',
        ),
        ({"apt": None}, ("apt",), False, "`apt` is empty", "write a mapping, a list or text, or remove it"),
        (
            {"env": {"A": True}},
            ("env", "A"),
            False,
            "expected text or a mapping, found `true`",
            'write "true" in quotes',
        ),
        ({"env": ["A=b"]}, ("env",), False, "expected a mapping, found a list", "write `key: value`"),
        ({"shell": "bash"}, ("shell",), False, "expected a list, found text", "write `[bash]`"),
        (
            {"conda": {"packages": ["a"], "command": "mambo"}},
            ("conda", "command"),
            False,
            "expected `conda`, `mamba` or `micromamba`, found `mambo`",
            "did you mean `mamba`?",
        ),
        (
            {"group": [{"apts": "x"}]},
            ("group", 0, "apts"),
            True,
            "unknown step `apts`",
            "did you mean `apt`?",
        ),
        (
            {"use": "x", "with": ["a"]},
            ("with",),
            False,
            "expected a mapping, found a list",
            "write `key: value`",
        ),
    ],
)
def test_steps_that_do_not_fit(
    step: object, path: tuple[str | int, ...], on_key: bool, what: str, help: str
) -> None:
    assert said_of_step(step) == (path, on_key, what, help)


def test_both_bodies_of_a_double_step_are_looked_at() -> None:
    found = said(LAYER | {"steps": [{"apt": True, "run": ["a"]}]})
    assert [what for _, what, _ in found] == [
        "a step does one thing, and this one has `apt` and `run`",
        "expected a mapping, a list or text, found `true`",
    ]


def test_everything_wrong_is_reported_at_once() -> None:
    data = {"kind": "r", "name": True, "variant": "z", "steps": [{"aptt": 0}, {"run": "x"}], "extra": ""}
    assert [place.path for place, _, _ in said(data)] == [
        ("name",),
        ("steps", 0, "aptt"),
        ("steps", 1),
        ("extra",),
        (),
    ]


def test_at_most_a_hundred_problems_of_a_document_are_reported() -> None:
    assert len(said(LAYER | {f"k{number}": "" for number in range(1_000)})) == 100


def test_what_the_walk_does_not_understand_is_said_in_the_words_of_msgspec() -> None:
    problems = Problems()
    message = "Expected `str`, got `int` - at `$.steps[3].apt[...].x`"
    explain(FILE, LAYER, LayerManifest, message, problems)
    assert [(p.place.path, p.what) for p in problems] == [(("steps", 3, "apt"), "Expected `str`, got `int`")]
