"""Reading the text of a RUN: what is understood, and what is refused."""

from __future__ import annotations

import pytest

from rgraph.importing.shell import Opaque, Pipeline, Simple, Subshell, read
from rgraph.importing.shell_tokens import NotUnderstood


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("a b", ["a b"]),
        ("a   b &&\t c", ["a b", "c"]),
        ("a 'b  c' && d", ["a 'b  c'", "d"]),
        ('a "b && c" && d', ['a "b && c"', "d"]),
        (r"a b\ c\&\&d", [r"a b\ c\&\&d"]),
        ("a;", ["a"]),
        ("set -e; a; b c;", ["a", "b c"]),
        ("set -eux; a && b", ["a", "b"]),
        ("a $(b && c || d) && e", ["a $(b && c || d)", "e"]),
        ("a `b` && c", ["a `b`", "c"]),
        ("a ${X:-b && c} && d", ["a ${X:-b && c}", "d"]),
        ("a 2>&1 >b && c", ["a 2>& 1 > b", "c"]),
        ("foo#bar", ["foo#bar"]),
        ("a\u00a0b", ["a\u00a0b"]),
    ],
)
def test_commands_are_parted(text: str, commands: list[str]) -> None:
    assert [each.text for each in read(text).commands] == commands


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("X=1 a b", Simple),
        ("X=1", Simple),
        ("( a && b )", Subshell),
        ("a | b", Pipeline),
        ("if a; then b; fi", Opaque),
        ("for x in a b; do c && d; done", Opaque),
        ("case $x in a) b;; esac", Opaque),
        ("{ a; b; }", Opaque),
        ("( a; b )", Opaque),
        ("( a || b )", Opaque),
        ("( a ) | b", Opaque),
    ],
)
def test_each_command_has_its_kind(text: str, kind: type) -> None:
    (command,) = read(text).commands
    assert type(command) is kind


@pytest.mark.parametrize(
    "text",
    [
        "a; b",
        "a && b || c && d",
        "a || b",
        "a & b",
        "a # b",
        "a 'b",
        'a "b',
        "a \\",
        "a << EOF",
        "a <<< b",
        "[[ -f a ]] && b",
        "((A=1)) && b",
        "a <(b) && c",
        "a |& b && c",
        "a &>> b && c",
        "a $[1] && b",
        "A+=1 && b",
        "A[1]=1 && b",
        "set -e; set +e; b",
        "set -e; a | eval b; c",
        "! a && b",
        "f() { a; } && f",
        "f() ( a ) && f",
        "function f { a; }",
        "a {b,c}",
        "a $'b'",
        "a && ",
        "a ) && b",
        "( a && b",
        "if a; then b",
        "set -e; if a; then b; fi",
        "set -e; a && b; c",
        "set -o pipefail; a",
        "a $(b",
        "a\nb",
        "a \x00",
        "a " * 60_000,
        "(" * 3000 + "a" + ")" * 3000,
        "a " + "${X:-" * 3000 + "}" * 3000,
    ],
)
def test_the_rest_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstood):
        read(text)


def test_words_are_read_as_the_shell_does() -> None:
    (command,) = read(r"""a 'b $c' "d\"e\f" g\ h i"j"k ~l m~n""").commands
    assert isinstance(command, Simple)
    assert [word.literal for word in command.words] == ["a", "b $c", 'd"e\\f', "g h", "ijk", None, "m~n"]
