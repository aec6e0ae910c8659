"""Quoting and joining; what BuildKit makes of verbatim texts is asked of its own parser."""

from __future__ import annotations

import shlex

import dockerfile  # type: ignore[import-not-found]
import pytest

from rgraph.steps.interface import Dialect, Run
from rgraph.steps.shells import (
    argument,
    dialect_of,
    instruction_value,
    json_array,
    powershell_text,
    run,
    unsafe_command,
    unsafe_verbatim,
    word,
)


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        (("/bin/sh", "-c"), "posix"),
        (("/bin/bash", "-o", "pipefail", "-c"), "posix"),
        (("cmd", "/S", "/C"), "cmd"),
        (("C:\\Windows\\System32\\CMD.EXE", "/C"), "cmd"),
        (("powershell", "-Command"), "powershell"),
        (("pwsh.exe", "-Command", "$ErrorActionPreference = 'Stop';"), "powershell-strict"),
        (("fish",), None),
        ((), None),
    ],
)
def test_dialects(shell: tuple[str, ...], expected: Dialect | None) -> None:
    assert dialect_of(shell) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a b", "'a b'"),
        ("it's", "'it'\"'\"'s'"),
        ("$HOME/x", '"$HOME/x"'),
        ("${HOME}/x y", '"${HOME}/x y"'),
        ("$(evil)", '"\\$(evil)"'),
        ("${x:-`y`}", '"\\${x:-\\`y\\`}"'),
        ("`evil`", "'`evil`'"),
        ('$A"; evil', '"$A\\"; evil"'),
        ("\\", "'\\'"),
        ("", "''"),
        ("<<EOF", "'<<EOF'"),
    ],
)
def test_words(text: str, expected: str) -> None:
    assert word(text) == expected
    assert len(shlex.split(expected)) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "'plain'"),
        ("it's", "'it''s'"),
        ("a\u2019; evil; \u2018", "'a\u2019\u2019; evil; \u2018\u2018'"),
        ("$env:TEMP\\x", '"$env:TEMP\\x"'),
        ("$NAME", '"$NAME"'),
        ("${env:A}b", '"${env:A}b"'),
        ("$(evil)", '"`$(evil)"'),
        ("$A$(evil)", '"$A`$(evil)"'),
        ("$A`n", '"$A``n"'),
        ('$A"; evil', '"$A`"; evil"'),
        ("$A\u201d; evil", '"$A`\u201d; evil"'),
        ("100$", '"100`$"'),
    ],
)
def test_powershell(text: str, expected: str) -> None:
    assert powershell_text(text) == expected


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        ("posix", "numpy==1.0", "numpy==1.0"),
        ("posix", "a>1", "'a>1'"),
        ("powershell", "C:\\x", "C:\\x"),
        ("powershell", "a b", "'a b'"),
        ("cmd", "C:\\x", "C:\\x"),
        ("cmd", "a b", '"a b"'),
        ("cmd", "a b\\", '"a b\\\\"'),
        ("cmd", "a & b", '"a & b"'),
        ("cmd", 'a"&b', '^"a\\^"^&b^"'),
        ("cmd", "%PATH%", '^"^%PATH^%^"'),
    ],
)
def test_arguments(dialect: Dialect, text: str, expected: str) -> None:
    assert argument(dialect, text) == expected


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        ("posix", "plain", "plain"),
        ("posix", "$A:/x", "$A:/x"),
        ("posix", "a b", '"a b"'),
        ("posix", 'a"b\\', '"a\\"b\\\\"'),
        ("posix", "$$x", '"\\$x"'),
        ("posix", "", '""'),
        ("cmd", "C:\\x", '"C:\\x"'),
        ("cmd", 'a"b`', '"a`"b``"'),
    ],
)
def test_values_of_instructions(dialect: Dialect, text: str, expected: str) -> None:
    assert instruction_value(text, dialect) == expected


def test_the_exec_form_is_json() -> None:
    assert json_array(("a b", 'c"d', "\u00e9\\")) == '["a b", "c\\"d", "\u00e9\\\\"]'


def test_commands_of_posix_are_joined() -> None:
    made = run(Run(("a\nb", "c", "d"), ("--mount=type=secret,id=X",)), "posix")
    parsed = dockerfile.parse_string(f"FROM x\n{made}\nUSER y\n")
    assert [each.cmd for each in parsed] == ["FROM", "RUN", "USER"]
    assert made.startswith("RUN --mount=type=secret,id=X ")
    assert " ".join(parsed[1].value[0].split()) == "a b && c && d"


def test_commands_of_windows_are_joined() -> None:
    for dialect, shell in (("cmd", None), ("powershell", "powershell"), ("powershell-strict", "powershell")):
        made = run(Run(("a\nb", "c")), dialect)  # type: ignore[arg-type]
        parsed = dockerfile.parse_string(f"# escape=`\nFROM x\n{made}\nUSER y\n")
        assert [each.cmd for each in parsed] == ["FROM", "RUN", "USER"]
        assert ("$ErrorActionPreference" in made) is (dialect == "powershell")
        assert ("exit $LASTEXITCODE" in made) is (shell is not None)


def test_powershell_in_cmd_goes_as_a_list() -> None:
    made = run(Run(("New-Item 'a\"b'",), powershell=True), "cmd")
    parsed = dockerfile.parse_string(f"# escape=`\nFROM x\n{made}\n")
    assert parsed[1].json
    assert parsed[1].value[:3] == ("powershell", "-NoProfile", "-Command")
    assert parsed[1].value[3].endswith("New-Item 'a\"b'")


def test_a_verbatim_text_stays_as_it_is() -> None:
    assert run(Run(("a \\\n  b",), verbatim=True), "posix") == "RUN a \\\n  b"


@pytest.mark.parametrize(
    "command",
    [
        "make",
        "echo 'a # b'",
        'echo "a \\" b"',
        "echo a#b",
        "${#x}",
        "echo \\'",
        "cat <<< x",
        "echo '<<EOF'",
        "a\\\\b",
    ],
)
def test_commands_that_may_stand_in_a_list(command: str) -> None:
    assert unsafe_command(command) is None


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("make # all", "holds a comment"),
        ("# all", "holds a comment"),
        ("make \\", "ends in a line continuation"),
        ("make `", "ends in a line continuation"),
        ("echo 'a", "has a quote that is not closed"),
        ('echo "a', "has a quote that is not closed"),
        ("echo it's", "has a quote that is not closed"),
        ("cat <<EOF", "opens a here-document"),
        ("cat <<-'E O' && x", "opens a here-document"),
    ],
)
def test_commands_that_may_not(command: str, reason: str) -> None:
    found = unsafe_command(command)
    assert found is not None
    assert found.startswith(reason)


VERBATIM = [
    "make",
    "make \\\n  install",
    "make \\\n# why\n  install",
    "make \\\n\n  install",
    "make \\  \n  install",
    "make\ninstall",
    "make \\",
    "make \\\n# the end",
    "make \\\n   ",
    "make \\\n\n# c\n",
    "cat <<EOF\nUSER x\nEOF",
    "cat <<EOF\nUSER x\n",
    "cat <<EOF\n\tEOF",
    "cat <<-EOF\n\tEOF",
    "cat <<EOF\nEOF\nUSER x",
    "cat << EOF\nUSER x\nEOF",
    "cat <<'E-F'\nx\nE-F",
    'cat <<E"O"F\nx\nEOF',
    'echo "x <<EOF"\nUSER x\nEOF',
    "echo it's <<EOF\nUSER x\nEOF",
    "echo $((1<<EOF))\nUSER x\nEOF",
    "cat <<<EOF\nUSER x\nEOF",
    "cat 3<<EOF\nUSER x\nEOF",
    "cat <<A > a; cat <<B\nA\nx\nB",
    "cat <<A; cat <<B\nB\nA",
    "cat <<EOF && make \\\n  install\nbody\nEOF",
    "# \\\nmake",
    "make; # \\",
    "--mount=type=cache,target=/x make",
    '["a", \\\n "b"]',
    "make\n\n",
]


@pytest.mark.parametrize("text", VERBATIM)
def test_verbatim_texts_are_one_instruction_or_refused(text: str) -> None:
    try:
        parsed = dockerfile.parse_string(f"FROM x\nRUN {text}\nLABEL after=y\n")
        one = [each.cmd for each in parsed] == ["FROM", "RUN", "LABEL"]
    except dockerfile.GoParseError:
        one = False
    assert (unsafe_verbatim(text, "\\") is None) is one


def test_the_reasons_against_a_verbatim_text() -> None:
    assert unsafe_verbatim("a\nb", "\\") == "goes on after the instruction's end, at `b`"
    assert (
        unsafe_verbatim("a \\", "\\")
        == "ends in a line continuation, which would swallow the next instruction"
    )
    assert unsafe_verbatim("a <<X\nb", "\\") == "has a here-document without its end `X`"
    assert unsafe_verbatim("a \\", "`") is None
    assert unsafe_verbatim("a `\n b", "`") is None
