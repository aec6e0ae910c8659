"""What images need: arguments, stages, COPY --from, RUN --mount."""

from __future__ import annotations

import pytest

from rgraph.importing.edges import Resolution, resolve
from tests.unit.importing.reading import file, image, resolution


def needs(made: Resolution) -> list[tuple[int, str, str, str]]:
    return [(index, each.type, each.kind, each.to) for index in made.needed for each in made.origins[index]]


STAGES = (
    "ARG TAG=3\n"
    "ARG BASE=alpine:${TAG}\n"
    "FROM go:1 AS Build\n"
    "FROM unused AS other\n"
    "FROM ${BASE} AS final\n"
    "COPY --from=build /a /b\n"
    "COPY --from=0 /c /d\n"
    "COPY --from=nginx:1 /e /f\n"
    "RUN --mount=type=bind,from=tools,target=/t --mount=type=cache,target=/c t\n"
    "ONBUILD COPY --from=later /g /h\n"
)


def test_edges_of_all_kinds() -> None:
    assert needs(resolution(STAGES)) == [
        (0, "from", "reference", "go:1"),
        (2, "from", "reference", "alpine:3"),
        (2, "copy", "stage", "0"),
        (2, "copy", "stage", "0"),
        (2, "copy", "reference", "nginx:1"),
        (2, "copy", "reference", "tools"),
    ]


def test_arguments_and_target_of_the_source() -> None:
    made = resolution(STAGES, image(args={"TAG": "4"}))
    assert (2, "from", "reference", "alpine:4") in needs(made)
    made = resolution(STAGES, image(target="OTHER"))
    assert needs(made) == [(1, "from", "reference", "unused")]


def test_named_contexts_stand_for_images() -> None:
    contexts = {"nginx:1": "docker-image://nginx:2", "go:1": "target:compiler"}
    found = needs(resolution(STAGES, image(contexts=contexts)))
    assert (0, "from", "reference", "target:compiler") in found
    assert (2, "copy", "reference", "nginx:2") in found


def test_a_later_stage_of_the_same_name_is_none_yet() -> None:
    made = resolution("FROM base AS a\nFROM b AS base\n")
    assert needs(made) == [(1, "from", "reference", "b")]
    made = resolution("FROM base AS base\nFROM base\n")
    assert needs(made) == [(0, "from", "reference", "base"), (1, "from", "stage", "0")]


def test_what_buildkit_sets_itself() -> None:
    made = resolution("FROM x:$TARGETARCH$TARGETVARIANT\n", image(platforms=("linux/arm/v7",)))
    assert needs(made) == [(0, "from", "reference", "x:armv7")]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("ARG A=1\nARG B='$A'\nFROM x:$B\n", 3, "`x:$A` is no reference"),
        ("ARG B\nFROM $B\n", 2, "`$B` needs the argument B, which has no default"),
        ("FROM a\nCOPY --from=${X} a b\n", 2, "needs the argument X"),
        ("ARG A='x\nFROM a\n", 1, "a quote that is not closed"),
        ("FROM UPPER:1\n", 1, "is no reference"),
        ("FROM ${A:-}\n", 1, "names no image"),
    ],
)
def test_what_cannot_be_said(text: str, line: int, what: str) -> None:
    found = resolve(file(text), image())
    assert not isinstance(found, Resolution)
    assert (found[0].place.line, what in found[0].what) == (line, True), found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("FROM d:12 AS base-amd64\nFROM d:11 AS base-arm64\nFROM base-${TARGETARCH}\n", 3),
        ("ARG TARGETARCH\nFROM x\nFROM x-$TARGETARCH\n", 3),
        ("ARG B=x-$TARGETARCH\nFROM d\nCOPY --from=$B /a /b\n", 3),
        ("ARG B=x-$TARGETARCH\nFROM d\nRUN a\nARG B\n", 4),
        ("FROM x-$BUILDARCH\n", 1),
    ],
)
def test_no_platform_is_taken_for_another(text: str, line: int) -> None:
    for platforms in ((), ("linux/amd64", "linux/arm64")):
        found = resolve(file(text), image(platforms=platforms))
        assert not isinstance(found, Resolution)
        assert (found[0].place.line, "depends on the platform" in found[0].what) == (line, True), found


def test_an_argument_of_the_platform_is_none_of_the_image() -> None:
    assert resolution("ARG TARGETARCH\nARG V=1\nFROM x\nARG TARGETARCH\n").values == {"V": "1"}
    assert resolution("FROM x-$TARGETOS\n", image(platforms=("linux/amd64", "linux/arm64"))).needed == (0,)


def test_arguments_that_grow_are_no_bomb() -> None:
    text = "ARG A0=xxxxxxxxxx\n" + "".join(f"ARG A{n + 1}=$A{n}$A{n}$A{n}$A{n}\n" for n in range(40))
    found = resolve(file(f"{text}FROM $A40\n"), image())
    assert not isinstance(found, Resolution)
    assert "grows longer" in found[0].what


def test_a_stage_that_is_not_there() -> None:
    found = resolve(file("FROM a AS one\nFROM b AS two\n"), image(target="three"))
    assert not isinstance(found, Resolution)
    assert (found[0].what, found[0].help) == ("Dockerfile has no stage `three`", "it has one, two")
