"""No text of a manifest can add an instruction to a Dockerfile, or swallow one."""

from __future__ import annotations

from typing import Any

import dockerfile  # type: ignore[import-not-found]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgraph.errors import ManifestError
from rgraph.render.dockerfile import private, public
from tests.laws.strategies import minimal, resolved
from tests.unit.render.instructions import of_private, of_public

TEXT = object()
"""Stands where the text goes."""

SUM = "a" * 64
URL = "https://files.example.com/a.tar.gz"

STEPS: list[dict[str, Any]] = [
    {"apt": [TEXT]},
    {"apt": {"packages": [{"name": "curl", "version": TEXT}]}},
    {"apt": {"packages": [{"name": "curl", "at_least": TEXT}]}},
    {"apt": {"packages": ["curl"], "env": {"A": TEXT}}},
    *(
        {
            "apt": {
                "packages": ["curl"],
                "repositories": [
                    {
                        "name": "a",
                        "key": {"url": URL, "sha256": SUM},
                        "uri": "https://x.example",
                        "suite": "s",
                        "components": ["c"],
                        "architectures": ["amd64"],
                        **part,
                    }
                ],
            }
        }
        for part in (
            {"name": TEXT},
            {"key": {"url": TEXT, "sha256": SUM}},
            {"key": {"url": URL, "sha256": TEXT}},
            {"uri": TEXT},
            {"suite": TEXT},
            {"components": [TEXT]},
            {"architectures": [TEXT]},
        )
    ),
    {"conda": [TEXT]},
    {"conda": {"packages": [{"name": TEXT, "version": "1"}], "channels": [TEXT], "environment": TEXT}},
    {"pip": [TEXT]},
    {"pip": {"packages": ["a==1"], "index": TEXT}},
    {"pip": {"packages": ["a==1"], "extra_indexes": [TEXT]}},
    {"pip": {"packages": ["a==1"], "command": TEXT}},
    {"cran": [TEXT]},
    {"cran": {"packages": ["a1==1.0"], "snapshot": TEXT}},
    {"cran": {"packages": ["a1==1.0"], "repository": TEXT}},
    {"bioconductor": {"release": TEXT, "packages": ["limma"]}},
    *(
        {"github": {"repo": "a/bc", "ref": "v1", "name": "bc", **part}}
        for part in (
            {"repo": TEXT},
            {"ref": TEXT},
            {"name": TEXT},
            {"version": TEXT},
            {"subdir": TEXT},
            {"auth": TEXT},
        )
    ),
    *(
        {"url": {"url": URL, "name": "bc", "version": "1.0", **part}}
        for part in ({"url": TEXT}, {"name": TEXT}, {"version": TEXT}, {"sha256": TEXT})
    ),
    *(
        {"source": {"name": "a", "version": "1", "url": URL, **part}}
        for part in (
            {"name": TEXT},
            {"version": TEXT},
            {"url": TEXT},
            {"directory": TEXT},
            {"prepare": [TEXT]},
            {"configure": [TEXT]},
            {"make": [TEXT]},
            {"run": [TEXT]},
            {"url": "", "git": TEXT, "ref": "v1"},
            {"url": "", "git": URL, "ref": TEXT},
        )
    ),
    *(
        {"download": {"url": URL, **part}, "provides": []}
        for part in (
            {"url": TEXT, "to": "/a"},
            {"to": TEXT},
            {"extract": TEXT},
            {"extract": "/a", "strip": TEXT},
            {"run": [TEXT]},
            {"to": "/a", "url": {"linux/amd64": TEXT, "linux/arm64": URL}},
        )
    ),
    {"take": {"from": "debian", "path": TEXT, "to": "/a"}},
    {"take": {"from": "debian", "path": "/a", "to": TEXT}},
    {"take": {"from": "debian", "path": "/a", "to": "/b", "owner": TEXT}},
    {"take": {"from": TEXT, "path": "/a", "to": "/b"}},
    {"copy": {"files": ["a.txt"], "to": TEXT}},
    {"copy": {"files": [TEXT], "to": "/a/"}},
    {"copy": {"files": ["a.txt"], "to": "/a", "owner": TEXT}},
    {"env": {"A": TEXT, "B": "1"}},
    {"env": {"PATH": {"prepend": TEXT}}},
    {"env": {"X": {"append": TEXT, "prepend": TEXT}}},
    {"arg": [TEXT]},
    {"arg": {"A": TEXT}},
    {"label": {"a": TEXT, "b": "1"}},
    {"user": TEXT},
    {"workdir": TEXT},
    {"expose": [TEXT]},
    {"volume": [TEXT]},
    {"shell": ["/bin/sh", TEXT]},
    {"shell": [TEXT, "-c"]},
    {"run": [TEXT], "provides": []},
    {"run": ["true", TEXT, "true"], "provides": []},
    {"run": TEXT, "provides": []},
    {"run": ["true"], "provides": [TEXT]},
    {"group": [{"run": ["true"], "provides": []}, {"run": [TEXT], "provides": []}]},
]

WINDOWS_STEPS: list[dict[str, Any]] = [
    {"registry": {"key": TEXT, "name": TEXT, "value": TEXT}},
    {"certificate": {"url": TEXT}},
    {"certificate": {"url": URL, "store": TEXT}},
    {"download": {"url": URL, "to": TEXT}, "provides": []},
    {"download": {"url": URL, "extract": TEXT, "run": [TEXT]}, "provides": []},
    {"conda": {"packages": ["a=1"], "channels": [TEXT], "environment": TEXT}},
    {"env": {"A": TEXT, "B": "1"}},
    {"label": {"A": TEXT}},
    {"arg": {"A": TEXT}},
    {"user": TEXT},
    {"workdir": TEXT},
    {"copy": {"files": ["a.txt"], "to": TEXT}},
    {"take": {"from": "servercore", "path": TEXT, "to": "C:\\a"}},
    {"volume": [TEXT]},
    {"run": [TEXT], "provides": []},
    {"run": TEXT, "provides": []},
]

LAYERS: list[dict[str, Any]] = [
    {"variant": TEXT},
    {"description": TEXT},
    {"entrypoint": TEXT},
    {"entrypoint": [TEXT]},
    {"cmd": TEXT},
    {"cmd": ["a", TEXT]},
    {"args": {"A": TEXT}},
    {"args": {"A": "1", "B": TEXT}},
    {"healthcheck": {"command": TEXT}},
    {"healthcheck": {"command": [TEXT]}},
    {"healthcheck": {"command": "a", "interval": TEXT}},
    {"healthcheck": {"command": "a", "retries": TEXT}},
    {"stages": [{"name": TEXT, "from": "debian"}]},
    {"stages": [{"name": "a", "from": TEXT}]},
    {"private": [{"user": TEXT}, {"workdir": TEXT}, {"shell": ["/bin/sh", TEXT]}]},
    {"steps": [{"user": TEXT}], "private": [{"user": "root"}]},
    {"steps": [{"workdir": TEXT}], "private": [{"workdir": "/"}]},
]

PIECES = [
    "\n",
    "\r",
    "\r\n",
    "RUN evil",
    "USER x",
    "\\",
    "`",
    '"',
    "'",
    "$",
    "${",
    "$(",
    " ",
    "#",
    "# x",
    "&&",
    ";",
]
PIECES += [
    "<<EOF",
    "<<-'A'",
    "EOF",
    "[",
    "]",
    '["a"]',
    "--from=x",
    "/a",
    "a",
    "1",
    "\t",
    "\0",
    "\u2028",
    "\x85",
    "\ufeff",
]
PIECES += ["# escape=`", "|", "=", ",", "${{ '", "' }}", "\N{NO-BREAK SPACE}", "%", "C:\\"]
texts = st.one_of(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join),
    st.builds(lambda head, tail: f"/a{head}{tail}", st.sampled_from(PIECES), st.sampled_from(PIECES)),
    st.builds(lambda tail: f"https://x.example/{tail}", st.sampled_from(PIECES)),
    st.text(min_size=1, max_size=8),
)


def filled(data: Any, text: str) -> Any:
    """The data with the text in its place."""
    if data is TEXT:
        return text
    if isinstance(data, dict):
        return {key: filled(value, text) for key, value in data.items()}
    return [filled(each, text) for each in data] if isinstance(data, list) else data


def parent(node: str) -> str:
    """What FROM names; its own text is a name's and not of interest here."""
    return node and "parent"


def check(layer: dict[str, Any]) -> None:
    """The layer is refused with a problem, or its Dockerfile holds exactly its instructions."""
    try:
        images = resolved(minimal(**layer))
    except ManifestError:
        return
    for image in images.images.values():
        first, second = public(image, parent), private(image, parent)
        instructions = dockerfile.parse_string(first + second)
        expected = of_public(image) + of_private(image)
        assert [each.cmd.upper() for each in instructions] == expected, first + second
        for each in instructions:
            assert each.json or each.cmd.upper() not in ("VOLUME", "SHELL"), each.original


END = [{"user": "b"}, {"run": ["c"], "provides": []}]


def shown(data: dict[str, Any]) -> str:
    return str(data).replace(str(TEXT), "TEXT")[:60]


def alone_and_behind(piece: str) -> tuple[str, ...]:
    return piece, f"a {piece}"


@pytest.mark.parametrize("step", STEPS, ids=shown)
@given(text=texts)
@settings(max_examples=40)
def test_no_step_adds_an_instruction(step: dict[str, Any], text: str) -> None:
    check({"steps": [{"user": "a"}, filled(step, text), *END]})


@pytest.mark.parametrize("step", STEPS, ids=shown)
def test_no_piece_adds_an_instruction(step: dict[str, Any]) -> None:
    for piece in PIECES:
        for text in alone_and_behind(piece):
            check({"steps": [filled(step, text), *END]})


@pytest.mark.parametrize("shell", ["cmd", "powershell"])
@pytest.mark.parametrize("step", WINDOWS_STEPS, ids=shown)
@given(text=texts)
@settings(max_examples=30)
def test_no_step_of_windows_adds_an_instruction(step: dict[str, Any], shell: str, text: str) -> None:
    check({"from": "servercore", "steps": [{"shell": [shell]}, filled(step, text), *END]})


@pytest.mark.parametrize("shell", ["cmd", "powershell"])
@pytest.mark.parametrize("step", WINDOWS_STEPS, ids=shown)
def test_no_piece_adds_an_instruction_on_windows(step: dict[str, Any], shell: str) -> None:
    for piece in PIECES:
        for text in alone_and_behind(piece):
            check({"from": "servercore", "steps": [{"shell": [shell]}, filled(step, text), *END]})


@pytest.mark.parametrize("layer", LAYERS, ids=shown)
@given(text=texts)
@settings(max_examples=40)
def test_no_layer_adds_an_instruction(layer: dict[str, Any], text: str) -> None:
    check({"steps": END, "cmd": ["c"], "private": [{"env": {"A": "1"}}], **filled(layer, text)})


@pytest.mark.parametrize("layer", LAYERS, ids=shown)
def test_no_piece_of_a_layer_adds_an_instruction(layer: dict[str, Any]) -> None:
    for piece in PIECES:
        for text in alone_and_behind(piece):
            check({"steps": END, "cmd": ["c"], "private": [{"env": {"A": "1"}}], **filled(layer, text)})


def test_what_is_harmless_is_accepted() -> None:
    for step in ({"user": "a"}, {"run": ["a b"], "provides": []}, {"env": {"A": "b", "B": "1"}}):
        images = resolved(minimal(steps=[step, *END]))
        assert len(images.images["base:1"].public) == 1 + len(END)
