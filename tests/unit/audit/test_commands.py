"""Reading the text of shells: programs, words, what runs them, what feeds them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgraph.audit.text.commands import Command, read_commands, reads_program


def programs(text: str, windows: bool = False) -> list[str]:
    return [" ".join(command.words) for command in read_commands(text, windows)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("apt-get update && apt-get install -y curl", ["apt-get update", "apt-get install -y curl"]),
        ("a; b & c | d || e |& f\ng", ["a", "b", "c", "d", "e", "f", "g"]),
        ("a # b; c", ["a"]),
        ("a#b", ["a#b"]),
        ("echo 'a; b' \"c && d\" e\\;f", ["echo a; b c && d e;f"]),
        ("a \\\n  b", ["a b"]),
        ("a>x 2>&1 <y &>z 3>w b", ["a b"]),
        ("if a; then b; elif ! c; then d; else e; fi", ["a", "b", "c", "d", "e"]),
        ("for p in x y; do a $p; done", ["for p in x y", "a $p"]),
        ("case $x in y) a;; *) b;; esac", ["case $x in y", "a", "*", "b", "esac"]),
        ("(a; b) | { c; }", ["a", "b", "c"]),
        ("a $(b $(c)) `d`", ["c", "b $(c)", "d", "a $(b $(c)) `d`"]),
        ('a "x $(b; c) y"', ["b", "c", "a x $(b; c) y"]),
        ("a $((1 + (2 * 3))) ${x:-y z} b", ["a $((1 + (2 * 3))) ${x:-y z} b"]),
        ("$(case $x in y) a;; esac)", ["case $x in y", "a", "esac", "$(case $x in y) a;; esac)"]),
        ("a <(b) >(c)", ["b", "c", "a <(b) >(c)"]),
        ("'a", ["a"]),
        ('a "b', ["a b"]),
        ("a $(b", ["b", "a $(b"]),
    ],
)
def test_a_text_gives_its_simple_commands(text: str, expected: list[str]) -> None:
    assert programs(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sh -c 'a; b'", ["sh -c a; b", "a", "b"]),
        ("bash -exc \"bash -lc 'a'\"", ["bash -exc bash -lc 'a'", "bash -lc a", "a"]),
        ("eval a b", ["eval a b", "a b"]),
        ("su - joe -c 'a b'", ["su - joe -c a b", "a b"]),
        ("find / -name x -exec a {} +", ["find / -name x -exec a {} +", "a {} +"]),
        ("<<EOF\na\nb\nEOF", ["", "a", "b"]),
        ("bash <<-'X'\n\ta\n\tX\nb", ["bash", "a", "b"]),
        ("<<EOF\n#!/usr/bin/env python3\nimport a\nEOF", [""]),
        ("cat <<EOF > /x && b\na\nEOF\nc", ["cat", "b", "c"]),
        ('["/bin/sh", "-c", "a && b"]', ["/bin/sh -c a && b", "a", "b"]),
        ("--mount=type=cache,target=/x --network=none a", ["a"]),
        ("a \\\n# comment\n\n  b \\\n  && c", ["a b", "c"]),
    ],
)
def test_scripts_within_are_read(text: str, expected: list[str]) -> None:
    assert programs(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$x = iwr https://a; iex $x", ["iwr https://a", "iex $x"]),
        ("a 'b; c' \"d | e\" # f", ["a b; c d | e"]),
        ("a `\n  b", ["a b"]),
        ("powershell -Command \"a 'b'; c\"", ["powershell -Command a 'b'; c", "a b", "c"]),
        ("cmd /c a ^\n b && c", ["cmd /c a b", "a b", "c"]),
        ("$c.DownloadFile('x', 'y')", ["$c.DownloadFile x y"]),
    ],
)
def test_windows_texts_are_read_too(text: str, expected: list[str]) -> None:
    assert programs(text, windows=True) == expected


def test_what_runs_a_command_is_kept_apart() -> None:
    text = "X=1 sudo -E -u joe env Y=2 nice -n 5 timeout 3 /usr/bin/pip3 install a"
    (command,) = read_commands(text)
    assert command.words == ("/usr/bin/pip3", "install", "a")
    assert command.program == "pip3"
    assert command.wrappers == ("sudo", "env", "nice", "timeout")
    assert command.variables == (("X", "1"), ("Y", "2"))


def test_commands_of_one_pipeline_have_one_number() -> None:
    numbers = [
        command.pipeline for command in read_commands("a | b | (c) | d; e | f && bash -c 'g | h'", first=7)
    ]
    assert numbers == [7, 7, 7, 7, 8, 8, 9, 10, 10]


def command(text: str) -> Command:
    return read_commands(text)[-1]


def test_options_and_arguments_are_told_apart() -> None:
    curl = command("curl -fsSLo file -H x --retry 3 --user=a:b -- https://a -b")
    assert curl.letters("oH") == "fsSLoH"
    assert curl.option("--retry") == "3"
    assert curl.option("--user") == "a:b"
    assert curl.option("--proxy") is None
    assert curl.has("--user")
    assert not curl.has("--retry-delay")
    assert curl.positionals(frozenset({"-H", "--retry"})) == ("file", "https://a", "-b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sh", True),
        ("bash -ex -o pipefail", True),
        ("bash -s -- --yes", True),
        ("bash -", True),
        ("bash x.sh", False),
        ("bash -c 'a'", False),
        ("python3.11 - --version", True),
        ("python3 -c 'a'", False),
        ("python3 -m json.tool", False),
        ("perl -ne 'a'", False),
        ("R --no-save", True),
        ("Rscript -e 'a'", False),
        ("tar -xz", False),
    ],
)
def test_an_interpreter_may_run_what_comes_in(text: str, expected: bool) -> None:
    assert reads_program(read_commands(text)[0]) == expected


SHELL_TEXT = st.text(alphabet="ab -$(){}`'\"\\\n;&|<>#=!c1E[]@^,", max_size=200)


@given(SHELL_TEXT, st.booleans())
def test_any_text_can_be_read(text: str, windows: bool) -> None:
    for each in read_commands(text, windows):
        assert all(isinstance(word, str) for word in each.words)
        each.letters("x")
        each.positionals()
        reads_program(each)


@given(
    st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20), min_size=1, max_size=5)
)
def test_quoted_words_come_back(words: list[str]) -> None:
    import shlex

    text = shlex.join(["echo", *words])
    assert [command.words for command in read_commands(text)] == [("echo", *words)]


@pytest.mark.parametrize(
    "part",
    [
        "$(",
        "`",
        '"',
        "'",
        "${",
        "$((",
        "<<a ",
        "<(",
        "(",
        "\\\n",
        "case x in ",
        "--a=b ",
        "sh -c '",
        '"$(',
        "[",
        "a|",
        "#",
    ],
)
@pytest.mark.parametrize("windows", [False, True])
def test_reading_takes_linear_time(part: str, windows: bool) -> None:
    start = time.perf_counter()
    read_commands(part * (60_000 // len(part)), windows)
    assert time.perf_counter() - start < 5
