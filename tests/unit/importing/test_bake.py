"""Bake files: targets, groups, what they inherit, matrices; in HCL and in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from rgraph.importing.model import SourceImage
from rgraph.importing.sources.bake import bake
from rgraph.importing.sources.found import Found

HCL = """\
variable "TAG" { default = "v1" } # a comment
variable "REGISTRY" {
  type    = string
  default = "example.com/${TAG}"
}
function "image" {
  params = [name]
  result = "${REGISTRY}/${name}:${TAG}"
}
group "default" { targets = ["app", "many"] }
target "_common" {
  context   = "src"
  platforms = ["linux/amd64", "linux/arm64/v8"]
  args      = { A = "1", B = "2" }
}
/* several
   lines */
target "app" {
  inherits   = ["_common"]
  dockerfile = "app.Dockerfile"
  target     = "final"
  args = {
    B = TAG == "v1" ? "three" : null
    C = null
    D = 1 + 2 * 3
  }
  contexts = { base = "target:many-1-0", other = "docker-image://debian:12" }
  tags     = [image("app"), notequal(TAG, "v1") ? image("old") : ""]
  labels   = { "org.example.name" = upper("app") }
}
target "many" {
  name   = "many-${replace(version, ".", "-")}"
  matrix = { version = ["1.0", "2.0"] }
  tags   = [for tag in [version, "x"] : "many:${tag}"]
  args   = { VERSION = version }
}
"""


def found(text: str, given: Mapping[str, str] | None = None, wanted: Sequence[str] = ()) -> Found:
    return bake({"docker-bake.hcl": text}, given or {}, wanted)


def images(text: str, **given: str) -> dict[str, SourceImage]:
    made = found(text, given)
    assert not made.problems, made.problems
    return {each.name: each for each in made.images}


def tag(expression: str) -> str:
    """The value of an expression, as a tag."""
    return images(f'target "x" {{ tags = [{expression}] }}')["x"].tags[0]


def test_a_file_in_hcl() -> None:
    made = images(HCL)
    assert list(made) == ["app", "many-1-0", "many-2-0"]
    app = made["app"]
    assert (app.dockerfile, app.context, app.target) == ("src/app.Dockerfile", "src", "final")
    assert app.args == {"A": "1", "B": "three", "D": "7"}
    assert app.tags == ("example.com/v1/app:v1",)
    assert app.platforms == ("linux/amd64", "linux/arm64")
    assert app.contexts == {"base": "target:many-1-0", "other": "docker-image://debian:12"}
    assert app.labels == {"org.example.name": "APP"}
    assert app.place.line == 18
    assert made["many-2-0"].tags == ("many:2.0", "many:x")
    assert made["many-2-0"].args == {"VERSION": "2.0"}
    assert made["many-2-0"].dockerfile == "Dockerfile"


def test_given_variables_beat_defaults() -> None:
    assert images(HCL, TAG="v2")["app"].tags == ("example.com/v2/app:v2", "example.com/v2/old:v2")


def test_targets_and_groups_can_be_chosen() -> None:
    assert [each.name for each in found(HCL, wanted=["many-2-0"]).images] == ["many-2-0"]
    assert [each.name for each in found(HCL, wanted=["_common"]).images] == ["_common"]
    assert [each.name for each in found(HCL, wanted=["default"]).images] == ["app", "many-1-0", "many-2-0"]
    assert "no target or group `nix`" in found(HCL, wanted=["nix"]).problems[0].what


def test_the_same_in_json() -> None:
    data = {
        "variable": {"TAG": {"default": "v1"}},
        "group": [{"default": [{"targets": ["a"]}]}],
        "target": {
            "a": {"inherits": ["b"], "tags": ["x:${TAG}"], "args": {"N": 1}},
            "b": {"context": "./ctx/", "platforms": ["linux/arm/v7"]},
        },
    }
    made = images(json.dumps(data, indent=1))
    assert list(made) == ["a"]
    assert (made["a"].context, made["a"].tags, made["a"].args) == ("ctx", ("x:v1",), {"N": "1"})
    assert made["a"].platforms == ("linux/arm/v7",)


def test_later_files_add_to_earlier_ones() -> None:
    one = 'target "a" {\n args = { A = "1" }\n tags = ["a:1"]\n}'
    other = 'target "a" {\n args = { B = "2" }\n tags = ["a:2"]\n}'
    (image,) = bake({"one.hcl": one, "other.hcl": other}, {}, ()).images
    assert (image.args, image.tags) == ({"A": "1", "B": "2"}, ("a:2",))


def test_a_dockerfile_can_stand_in_the_file() -> None:
    made = found('target "a" {\n  dockerfile-inline = <<-EOT\n    FROM x\n      RUN y\n  EOT\n}\n')
    assert made.texts == {"bake-inline/a.Dockerfile": "FROM x\n  RUN y\n"}
    assert made.images[0].dockerfile == "bake-inline/a.Dockerfile"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (r'"a\tb\u0041$${c}"', "a\tbA${c}"),
        ('"${1 == 1 && !(2 > 3) || false}"', "true"),
        ('"${7 % 4 - 1}${-2}${10 / 4}"', "2-22.5"),
        ('join("-", concat(["a"], ["b", "c"]))', "a-b-c"),
        ('format("%s-%03d-%v", "a", 7, true)', "a-007-true"),
        ('regex_replace("v1.2", "^v([0-9]+).*", "major-$1")', "major-1"),
        ('{ a = { b = ["x", "y"] } }.a["b"][1]', "y"),
        ('join(",", [{ n = "p" }, { n = "q" }][*].n)', "p,q"),
        ('join(",", keys({ for k, v in { a = 1, b = 2 } : "${k}${v}" => v if v > 1 }))', "b2"),
        ('try(nothing.there, "else")', "else"),
        ('can(1 / 0) ? "yes" : "no"', "no"),
        ('max([1, 3, 2]...) == 3 ? "y" : "n"', "y"),
        ('substr("abcdef", 1, 3)', "bcd"),
        ('sanitize("a.b/c")', "a_b_c"),
        ('trimsuffix(lower("ABC"), "c")', "ab"),
        ('coalesce(null, "z")', "z"),
        ('element(["a", "b"], 3)', "b"),
        ('lookup({ a = "1" }, "b", "none")', "none"),
        ("jsonencode({ a = [1, true] })", '{"a":[1,true]}'),
        ('"${length(setproduct(["a", "b"], ["c"]))}"', "2"),
    ],
)
def test_expressions(expression: str, value: str) -> None:
    assert tag(expression) == value


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ('target "a" {\n  tags = [x]\n}', 2, "`x` is no variable"),
        ('target "a" {\n  tags = [timestamp()]\n}', 2, "knows no function `timestamp`"),
        ('target "a" {\n  tags = ["%{if true}x%{endif}"]\n}', 2, "directives"),
        ('a = b\nb = a\ntarget "t" { tags = [a] }', 2, "needs itself"),
        ('target "a" { tags = [1 / 0] }', 1, "divides by zero"),
        ('target "a" { tags = "x" ', 1, "`}` should stand here"),
        ('target "a" {\n  tags = "x\n}', 2, "no second quote"),
        ('target "a" { inherits = ["b"] }', 1, "`b`, which is not there"),
        ('target "a" { inherits = ["a"] }', 1, "inherits from itself"),
        ('target "a" { context = "https://example.com/x.git" }', 1, "is elsewhere"),
        ('target "a" { dockerfile = "../../x" }', 1, "leads out of the folder"),
        ('target "a" { matrix = { x = ["1"] } }', 1, "has a matrix and no `name`"),
        ('target "a" {\n name = "x"\n matrix = { x = ["1", "2"] }\n}', 1, "not all different"),
        ('target "a" { args = { A = [1] } }', 1, "`args` has a value that is no text"),
        ('{"target": {"a": {\n"tags": ["${x"]}}}', 1, "`}` should stand here"),
        ("x = <<EOT\nFROM", 1, "nothing ends with `EOT`"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, line: int, what: str) -> None:
    problems = found(text, wanted=["a"] if '"a"' in text else ()).problems
    assert what in problems[0].what
    assert problems[0].place.line == line


@pytest.mark.parametrize(
    "text",
    [
        'target "a" { tags = [' + "[" * 5000,
        "a {" * 3000,
        'a0 = "x"\n' + "".join(f'a{n + 1} = "${{a{n}}}${{a{n}}}"\n' for n in range(60)) + 'b = a60\n'
        'target "a" { tags = [b] }',
        'a0 = ["x"]\n' + "".join(f"a{n + 1} = [a{n}, a{n}]\n" for n in range(60))
        + 'target "a" { tags = [jsonencode(a60)] }',
        'target "a" { tags = [regex_replace("' + "a" * 900 + '", "a*a*a*b", "")] }',
        'target "a" { tags = [regex_replace("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "(a*)*b", "")] }',
        'function "f" {\n params = [x]\n result = f(x)\n}\ntarget "a" { tags = [f("1")] }',
        'target "a" { tags = range(0, 1000000000000) }',
    ],
)  # fmt: skip
def test_hostile_files_end(text: str) -> None:
    made = found(text)
    assert made.problems
    assert not made.images
