from __future__ import annotations

import textwrap
from typing import Any

import pytest

from rgraph.errors import Problems
from rgraph.files.manifest_yaml import WIDTH, NotWritable, lines_of, manifest_yaml
from rgraph.files.yaml_nodes import load


def written(data: dict[str, Any], **more: Any) -> str:
    return manifest_yaml(data, **more)


def read(text: str) -> object:
    problems = Problems()
    data = load("x.yaml", text.encode(), problems)
    assert not list(problems)
    return data


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"a": "b"}, "a: b\n"),
        ({"a": "true"}, 'a: "true"\n'),
        ({"a": True, "b": None, "c": "", "d": {}, "e": []}, 'a: true\nb:\nc: ""\nd: {}\ne: []\n'),
        ({"a": "1.10", "b": "2019-10-10", "c": "yes"}, "a: 1.10\nb: 2019-10-10\nc: yes\n"),
        ({"a": "x: y"}, 'a: "x: y"\n'),
        ({"a": 'say "x"'}, 'a: say "x"\n'),
        ({"a": '"x"'}, "a: '\"x\"'\n"),
        ({"a": "it's"}, "a: it's\n"),
        ({"a": "${{ x }}"}, 'a: "${{ x }}"\n'),
        ({"a": ["b", "c d"]}, 'a: [b, "c d"]\n'),
        ({"a": {"b": "c", "d": "e f"}}, 'a: {b: c, d: "e f"}\n'),
        ({"steps": [{"user": "root"}]}, "steps:\n  - user: root\n"),
        ({"steps": [{"use": "a", "when": False}]}, "steps:\n  - {use: a, when: false}\n"),
        (
            {"matrix": {"include": [{"a": "b"}, {"a": "c"}]}},
            "matrix:\n  include:\n    - {a: b}\n    - {a: c}\n",
        ),
        ({"a": "one\ntwo\n"}, "a: |\n  one\n  two\n"),
        ({"a": "one\n\n  two"}, "a: |-\n  one\n\n    two\n"),
        ({"a": "  one\ntwo\n\n\n"}, "a: |2+\n    one\n  two\n\n\n"),
        ({"a": "\none"}, 'a: "\\none"\n'),
        ({"a": "one\t"}, 'a: "one\\t"\n'),
    ],
)
def test_style(data: dict[str, Any], text: str) -> None:
    assert written(data) == text
    assert read(text) == data


def test_scripts_are_literal_blocks() -> None:
    step = {"run": "set -e; \\\nmake 'a: b' # really", "provides": []}
    assert written({"steps": [step]}) == textwrap.dedent("""\
        steps:
          - run: |-
              set -e; \\
              make 'a: b' # really
            provides: []
        """)


def test_long_lists_fill_lines() -> None:
    packages = [f"package{number}" for number in range(30)]
    text = written({"steps": [{"apt": {"packages": packages}}]})
    lines = text.splitlines()
    assert len(lines) == 6
    assert lines[2].startswith("      packages: [package0, package1, ")
    assert lines[3].startswith(" " * 17 + "package")
    assert max(map(len, lines)) <= WIDTH
    assert read(text) == {"steps": [{"apt": {"packages": packages}}]}


def test_long_texts_are_folded() -> None:
    data = {"steps": [{"run": ["apt-get install " + " ".join(["thing"] * 40), "true"], "provides": []}]}
    text = written(data)
    assert "      - >-\n        apt-get install thing" in text
    assert max(map(len, text.splitlines())) <= WIDTH
    assert read(text) == data


def test_what_cannot_be_broken_is_long() -> None:
    data = {"a": "word" * 50, "b": "two  " * 40 + "x"}
    assert written(data).count("\n") == 2
    assert read(written(data)) == data


def test_long_expressions_are_broken_within_their_quotes() -> None:
    data = {"packages": ["curl", f"${{{{ '{' '.join(['thing'] * 40)}' | split(' ') if x }}}}", "git"]}
    text = written(data)
    assert max(map(len, text.splitlines())) <= WIDTH
    assert read(text) == data


def test_comments() -> None:
    data = {"kind": "base", "steps": [{"user": "root"}, {"apt": ["curl"]}], "cmd": ["sh"]}
    comments = {
        (): "Of two lines.\nThe second.",
        ("steps", 1): "needed\u2028here",
        ("steps", 1, "apt", 0): "why",
        ("cmd",): "at last",
    }
    text = written(data, comments=comments)
    assert text == textwrap.dedent("""\
        # Of two lines.
        # The second.
        kind: base
        steps:
          - user: root
          # needed here
          - apt:
              # why
              - curl
        # at last
        cmd: [sh]
        """)
    assert read(text) == data


@pytest.mark.parametrize("text", ["a\u00a0b", "a\rb", "\x07", "\ufeffa", "\u202e"])
def test_what_nobody_sees_is_refused(text: str) -> None:
    for data in ({"a": text}, {"a": [text]}, {text: "a"}, {"a": f"x\n{text}"}):
        with pytest.raises(NotWritable, match=r"U\+[0-9A-F]{4}"):
            written(data)


@pytest.mark.parametrize("data", [{"a": 1}, {"a": [1.5]}, {1: "a"}, {"a\nb": "c"}])
def test_only_plain_data(data: dict[str, Any]) -> None:
    with pytest.raises(NotWritable):
        written(data)


def test_lines_of() -> None:
    assert lines_of({"a": "b", "c": "d\ne\n"}) == 4


def test_a_text_of_any_length_takes_no_time() -> None:
    data = {"a": "word " * 500_000 + "x", "b": ["word " * 500_000 + "x"]}
    assert read(written(data)) == data


def test_long_rows_are_broken() -> None:
    row: dict[str, Any] = {f"axis{number}": f"value{number}" for number in range(12)}
    data = {"matrix": {"include": [row, {"a": ["b", "c"]}, {**row, "gpu": True}]}}
    text = written(data)
    lines = text.splitlines()
    assert lines[2].startswith("    - {axis0: value0, axis1: value1, ")
    assert lines[3].startswith("       axis")
    assert max(map(len, lines)) <= WIDTH
    assert read(text) == data
