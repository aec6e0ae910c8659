"""Stages as a layer has them, and the proof around instructions."""

from __future__ import annotations

import pytest

from rgraph.importing.contexts import Listing, context_of
from rgraph.importing.stages import Plan, is_own, prepare
from rgraph.importing.verification import MARK, Expected, Known, Verdict, verify
from tests.unit.importing.reading import file, image, resolution

TEXT = (
    "ARG V=1\n"
    "ARG KEPT='a b'\n"
    "FROM golang:${V} AS Build.Tools\n"
    "RUN build\n"
    "FROM org/base AS low\n"
    "ARG KEPT\n"
    "CMD one\n"
    'ENTRYPOINT ["old"]\n'
    "FROM low\n"
    "COPY --from=Build.Tools /a /b\n"
    'ENTRYPOINT ["new"]\n'
    "USER u\n"
)
LINKED = {"org/base": "base/Dockerfile"}


def plan(text: str = TEXT, **more: str) -> Plan:
    source = image(args=more)
    return prepare(file(text), source, resolution(text, source), LINKED)


def test_a_chain_of_stages_is_one() -> None:
    made = plan()
    tools, own = made.stages
    assert (tools.name, tools.source, tools.kind) == ("build-tools", "golang:1", "external")
    assert (own.name, own.source, own.kind) == ("", "base/Dockerfile", "image")
    assert [each.original for each in own.stage.instructions] == [
        "ARG KEPT",
        "COPY --from=build-tools /a /b",
        "USER u",
    ]
    assert made.args == {"KEPT": "a b"}
    assert made.linked == (("org/base", "base/Dockerfile"),)
    assert made.rules == ("arguments-in-from", "commands-last", "stage-name", "stages-joined")


def test_an_entrypoint_takes_the_command_of_the_stage_below_away() -> None:
    assert {keyword: each.original for keyword, each in plan().commands.items()} == {
        "ENTRYPOINT": 'ENTRYPOINT ["new"]'
    }


def test_arguments_of_the_source_become_defaults() -> None:
    made = plan("FROM x\nARG A=1\nARG B\nRUN y\n", A="2 3", B="$x")
    assert [each.original for each in made.own.stage.instructions[:2]] == ['ARG A="2 3"', 'ARG B="\\$x"']
    assert made.rules == ("build-arguments",)


@pytest.mark.parametrize(
    ("written", "platforms", "answer"),
    [
        ("", (), True),
        ("linux/amd64", (), True),
        ("linux/arm64", (), False),
        ("linux/arm64", ("linux/arm64",), True),
        ("$TARGETPLATFORM", ("linux/amd64", "linux/arm64"), True),
        ("linux/amd64", ("linux/amd64", "linux/arm64"), False),
        ("$BUILDPLATFORM", ("linux/amd64",), False),
        ("${", (), False),
    ],
)
def test_platforms_that_say_nothing_new(written: str, platforms: tuple[str, ...], answer: bool) -> None:
    assert is_own(written, platforms) is answer


BASH = 'SHELL ["/bin/bash", "-c"]\n'
SH = 'SHELL ["/bin/sh", "-c"]\n'


def test_a_command_keeps_the_shell_of_its_place() -> None:
    made = plan(f"FROM x\n{BASH}ENTRYPOINT echo a\nCMD b c\n{SH}RUN b\n")
    assert made.problems == ()
    assert made.commands["ENTRYPOINT"].original == 'ENTRYPOINT ["/bin/bash", "-c", "echo a"]'
    assert (made.commands["CMD"].json, made.commands["CMD"].words) == (True, ("/bin/bash", "-c", "b c"))
    assert made.rules == ("commands-last", "shell-written-out")


@pytest.mark.parametrize(
    "text",
    [
        f"FROM x\n{BASH}ENTRYPOINT a\nRUN b\n",
        f"FROM x\n{BASH}ENTRYPOINT a\n{BASH}RUN b\n",
        f"FROM x AS low\n{BASH}FROM low\nENTRYPOINT a\nRUN b\n",
        f"FROM x\n{BASH}HEALTHCHECK CMD a\n{SH}RUN b\n",
        f'FROM x\n{BASH}ENTRYPOINT ["a"]\n{SH}RUN b\n',
    ],
)
def test_a_command_that_no_other_shell_follows_stays(text: str) -> None:
    made = plan(text)
    assert made.problems == ()
    assert "shell-written-out" not in made.rules


@pytest.mark.parametrize(
    ("text", "line"),
    [
        # What the shell of x is, only x says.
        (f"FROM x\nRUN a\nCMD b\n{BASH}RUN c\n", 3),
        ('FROM x\nSHELL ["powershell", "-c"]\nENTRYPOINT a\nSHELL ["cmd", "/S", "/C"]\nRUN b\n', 3),
    ],
)
def test_a_command_whose_shell_cannot_be_said(text: str, line: int) -> None:
    (problem,) = plan(text).problems
    assert (problem.place.line, "another SHELL follows" in problem.what) == (line, True)


KNOWN = Known({f"{MARK}0": "base/Dockerfile"}, {"base/Dockerfile": "org/base:latest"})
RENDERED = (
    "# written by rgraph\n"
    'ARG KEPT="a b"\n'
    "FROM golang:1 AS build-tools\n"
    "RUN build\n"
    f"FROM {MARK}0\n"
    "ARG KEPT\n"
    "COPY --from=build-tools /a /b\n"
    "USER u\n"
    'ENTRYPOINT [ "new" ]\n'
)


def verdict(text: str, made: Plan | None = None, known: Known = KNOWN) -> Verdict:
    return verify(Expected("x", made or plan(), "\\", False, ()), text, known)


def test_an_image_that_stays_the_same() -> None:
    made = verdict(RENDERED)
    assert (made.state, made.differences) == ("equivalent", ())
    assert {"arguments-in-from", "commands-last", "stage-name", "stages-joined"} <= set(made.rules)
    assert "image-of-the-catalogue" not in made.rules


def test_another_name_of_a_parent_is_a_rule() -> None:
    known = Known(KNOWN.marks, {"base/Dockerfile": "mine/base:latest"})
    assert "image-of-the-catalogue" in verdict(RENDERED, known=known).rules


def test_an_image_that_is_identical() -> None:
    text = 'FROM x\nRUN a && \\\n    b\n# why\nCMD ["c"]\n'
    assert verdict('FROM x\n\nRUN a &&     b\nCMD ["c"]\n', plan(text)) == Verdict("x", "identical")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("golang:1", "golang:2", "FROM names something else"),
        (f"FROM {MARK}0", "FROM org/base", "FROM names something else"),
        ("RUN build\n", "RUN built\n", "in the stage build-tools"),
        ("USER u\n", "", "in the image's own stage"),
        ("USER u\n", "USER u\nUSER v\n", "in the image's own stage"),
        ('"new"', '"newer"', "ENTRYPOINT is another"),
        ('ENTRYPOINT [ "new" ]\n', 'ENTRYPOINT [ "new" ]\nCMD x\n', "CMD is another"),
        ('ARG KEPT="a b"\n', "ARG KEPT=a\n", "the arguments before FROM are others"),
        ("AS build-tools", "AS tools", "the stages are others"),
        ("FROM golang", "FROM --platform=linux/arm64 golang", "the platform of FROM is another"),
        ("# written by rgraph\n", "ENV A\n", "does not parse"),
    ],
)
def test_what_is_different(old: str, new: str, what: str) -> None:
    assert old in RENDERED
    made = verdict(RENDERED.replace(old, new))
    assert made.state == "different"
    assert what in made.differences[0].what


def test_what_docker_completes_is_the_same_reference() -> None:
    made = verdict("FROM ubuntu:latest\nRUN a\n", plan("FROM docker.io/library/ubuntu\nRUN a\n"))
    assert (made.state, made.rules) == ("equivalent", ("same-reference",))


def test_files_of_a_context_have_another_place() -> None:
    text = "FROM x\nCOPY a /b\nRUN c\n"
    source = image("web/Dockerfile")
    parsed = file(text, "web/Dockerfile")
    context = context_of(parsed.stages[0].instructions, Listing("web", {"a": 1}))
    made = prepare(parsed, source, resolution(text, source), {}, context)
    assert [each.original for each in made.own.stage.instructions] == ["COPY web/a /b", "RUN c"]
    assert made.rules == ("path-in-context",)
