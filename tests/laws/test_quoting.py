"""Laws of quoting: a text comes out as it went in, through a real shell and a real parser."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import dockerfile  # type: ignore[import-not-found]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgraph.names import Platform
from rgraph.steps.fetching import Fetch, fetch_commands
from rgraph.steps.image_settings import Env, Label
from rgraph.steps.interface import Dialect, Run
from rgraph.steps.shells import instruction_value, json_array, run, word

ESCAPES: dict[Dialect, str] = {"posix": "\\", "cmd": "`"}
NASTY = "ab \\\"'`$#&|;<>(){}[]*?!~=%\t^,@\N{NO-BREAK SPACE}é\N{GRINNING FACE}"
texts = st.one_of(st.text(NASTY, max_size=12), st.text(max_size=20)).filter(str.isprintable)
plain = texts.filter(lambda text: "$" not in text)


def shell(script: str) -> bytes:
    """What /bin/sh prints."""
    return subprocess.run(["/bin/sh", "-c", script], check=True, capture_output=True).stdout


@given(st.lists(plain, min_size=1, max_size=40))
@settings(max_examples=25, deadline=None)
def test_a_word_of_the_shell_gives_the_text_back(items: list[str]) -> None:
    assert (
        shell("printf '%s\\n' " + " ".join(map(word, items)))
        == "".join(f"{each}\n" for each in items).encode()
    )


@given(st.lists(texts, min_size=1, max_size=40))
@settings(max_examples=25, deadline=None)
def test_a_dollar_that_names_nothing_stays(items: list[str]) -> None:
    """Of `$` the shell replaces names only: no command substitution, no arithmetic."""
    script = "a=A b=B ab=AB; set -f; printf '%s\\n' " + " ".join(map(word, items))
    assert shell(script) == "".join(f"{replaced(each)}\n" for each in items).encode()


def replaced(text: str) -> str:
    """`$NAME` and `${NAME}` replaced, for the names that NASTY can spell; all others are unset."""
    found, index = "", 0
    values = {"a": "A", "b": "B", "ab": "AB"}
    while index < len(text):
        rest = text[index:]
        if rest[0] == "$" and len(rest) > 1:
            braced = rest[1] == "{"
            start = 2 if braced else 1
            end = start
            while end < len(rest) and rest[end].isascii() and (rest[end].isalnum() or rest[end] == "_"):
                end += 1
            name = rest[start:end]
            closed = not braced or rest[end : end + 1] == "}"
            if name and not name[0].isdigit() and closed:
                found += values.get(name, "")
                index += end + braced
                continue
        found += rest[0]
        index += 1
    return found


def unquoted(value: str, escape: str) -> str:
    """A word of an instruction, without variables: as BuildKit's shell lexer reads double quotes."""
    if not value.startswith('"'):
        assert not set(value) & {escape, '"', "'", " "}
        return value
    assert value.endswith('"')
    found, index, inner = "", 0, value[1:-1]
    while index < len(inner):
        if inner[index] == escape and inner[index + 1 : index + 2] in ('"', "$", escape):
            index += 1
        else:
            assert inner[index] not in ('"', "$")
        found += inner[index]
        index += 1
    return found


@pytest.mark.parametrize("dialect", ["posix", "cmd"])
@given(values=st.lists(plain, min_size=1, max_size=6))
@settings(max_examples=100)
def test_a_value_survives_the_parser(dialect: Dialect, values: list[str]) -> None:
    head = "# escape=`\n" if dialect == "cmd" else ""
    pairs = tuple((f"N{number}", value) for number, value in enumerate(values))
    for step in (Env(pairs), Label(pairs)):
        commands = dockerfile.parse_string(f"{head}FROM a\n{step.render(dialect)}\nUSER b\n")
        assert [command.cmd.upper() for command in commands] == ["FROM", type(step).__name__.upper(), "USER"]
        found = commands[1].value
        assert found[0::2] == tuple(name for name, _ in pairs)
        assert [unquoted(each, ESCAPES[dialect]) for each in found[1::2]] == values


@given(texts)
@settings(max_examples=100)
def test_two_dollars_are_one(text: str) -> None:
    doubled = text.replace("$", "$$")
    assert unquoted(instruction_value(doubled, "posix"), "\\") == text


@given(st.lists(texts, min_size=1, max_size=5))
@settings(max_examples=100)
def test_the_exec_form_is_read_as_such(items: list[str]) -> None:
    command = dockerfile.parse_string(f"FROM a\nVOLUME {json_array(tuple(items))}\n")[1]
    assert command.json
    assert list(command.value) == items


@given(st.lists(st.lists(plain, min_size=1, max_size=4), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_commands_of_a_run_reach_the_shell_whole(lists: list[list[str]]) -> None:
    commands = tuple("printf '%s\\n'\n" + "\n".join(map(word, items)) for items in lists)
    parsed = dockerfile.parse_string(f"FROM a\n{run(Run(commands), 'posix')}\nUSER b\n")
    assert [each.cmd.upper() for each in parsed] == ["FROM", "RUN", "USER"]
    assert shell(parsed[1].value[0]) == "".join(f"{each}\n" for items in lists for each in items).encode()


@pytest.mark.parametrize("first", ["false", "false; false", "false || false", "test -e /nowhere"])
@pytest.mark.parametrize(
    "then",
    [
        "true",
        "true; true",
        "false || true",
        "true & wait",
        "true &",
        "true;",
        "echo ';' '||'",
        "if true; then false || true; fi; true || true",
        "if true; then true; fi",
        "false | true",
        "! false",
        "for x in a b; do true; done",
    ],
)
@pytest.mark.parametrize("last", ["true", "true || true", "true; true"])
def test_the_first_failure_ends_the_build(first: str, then: str, last: str) -> None:
    text = run(Run((first, then, last)), "posix")
    parsed = dockerfile.parse_string(f"FROM a\n{text}\n")[1]
    made = subprocess.run(["/bin/sh", "-c", parsed.value[0]], check=False, capture_output=True)
    assert made.returncode != 0


@pytest.mark.parametrize(
    ("command", "joined"),
    [
        ("a || b", "{ a || b; }"),
        ("a; b;", "{ a; b; }"),
        ("a &", "{ a & }"),
        ("a | b", "a | b"),
        ("a 2>&1", "a 2>&1"),
        ("a && b", "a && b"),
        ("echo 'x; y' \\;", "echo 'x; y' \\;"),
        ("if a; then b; fi", "if a; then b; fi"),
        ("for x in *; do if a; then b; fi; done", "for x in *; do if a; then b; fi; done"),
        ("if a; then b; fi; c", "{ if a; then b; fi; c; }"),
        ("case $x in a) b ;; esac", "case $x in a) b ;; esac"),
    ],
)
def test_only_what_needs_braces_has_them(command: str, joined: str) -> None:
    assert run(Run(("first", command)), "posix") == f"RUN first \\\n    && {joined}"
    assert run(Run((command,)), "posix") == f"RUN {command}"


@pytest.mark.parametrize(("machine", "content", "succeeds"), [("x86_64", "a", True), ("x86_64", "b", False)])
@pytest.mark.parametrize("other", ["", "0" * 64])
def test_a_checksum_is_checked_whatever_others_have(
    machine: str, content: str, succeeds: bool, other: str, tmp_path: Path
) -> None:
    """The downloader and `uname` are stood in for; the rest is what the image's shell would run."""
    checksum = hashlib.sha256(b"a").hexdigest()
    sources = ((Platform("linux/amd64"), "https://x.example/a", checksum),)
    more = ((Platform("linux/arm64"), "https://x.example/b", other),)
    commands = fetch_commands(Fetch((*sources, *more), "curl"), '"$FILE"', "posix")
    text = run(Run((f"FILE={tmp_path}/f", *commands)), "posix")
    script = dockerfile.parse_string(f"FROM a\n{text}\n")[1].value[0]
    stand_in = f"uname() {{ echo {machine}; }}; curl() {{ printf {content} > {tmp_path}/f; }}; "
    made = subprocess.run(["/bin/sh", "-c", stand_in + script], check=False, capture_output=True)
    assert (made.returncode == 0) == succeeds
