"""Dockerfiles to stages: what BuildKit refuses is refused, with the line and what to mend."""

from __future__ import annotations

import time

import pytest

from rgraph.errors import Problem
from rgraph.importing.model import ParsedFile
from rgraph.importing.parsing import MAX_INSTRUCTION, MAX_LINES, instructions_of, parse, text_but_comments

NBSP = "\u00a0"


def parsed(text: str) -> ParsedFile:
    made = parse("Dockerfile", text)
    assert isinstance(made, ParsedFile), made
    return made


def problems(text: str) -> tuple[Problem, ...]:
    made = parse("x/Dockerfile", text)
    assert not isinstance(made, ParsedFile)
    return made


def test_stages_and_arguments() -> None:
    made = parsed(
        "# syntax=docker/dockerfile:1\n"
        "# escape=\\\n"
        "# a comment\n"
        'ARG A=1 B="x y"\n'
        "ARG C\n"
        "\n"
        "FROM --platform=$BUILDPLATFORM go:${A} AS Build\n"
        "RUN one \\\n"
        "  # within\n"
        "    two\n"
        "from build\n"
        "ONBUILD RUN x\n"
    )
    assert (made.syntax, made.escape, made.lines) == ("docker/dockerfile:1", "\\", 7)
    assert made.args == (("A", "1", 4), ("B", '"x y"', 4), ("C", None, 5))
    first, second = made.stages
    assert (first.name, first.source, first.platform, first.line) == ("Build", "go:${A}", "$BUILDPLATFORM", 7)
    assert [(each.keyword, each.words, each.line, each.end) for each in first.instructions] == [
        ("RUN", ("one     two",), 8, 10)
    ]
    assert (second.name, second.source, second.index) == ("", "build", 1)
    assert [(each.keyword, each.onbuild, each.words) for each in second.instructions] == [
        ("ONBUILD", "RUN", ("x",))
    ]


def test_the_escape_directive_of_windows() -> None:
    made = parsed("# escape=`\r\nFROM windows/servercore:1809\r\nRUN dir C:\\ `\r\n  C:\\x\r\n")
    assert made.escape == "`"
    assert made.stages[0].instructions[0].words == ("dir C:\\   C:\\x",)


def test_here_documents_keep_their_bodies() -> None:
    made = parsed("FROM x\nRUN <<A cat <<-B\none\nA\n\ttwo\n\tB\nCOPY <<EOF /x\nthree\nEOF\nUSER u\n")
    run, copy, user = made.stages[0].instructions
    assert run.heredocs == (("A", "one\n"), ("B", "\ttwo\n"))
    assert copy.heredocs == (("EOF", "three\n"),)
    assert (user.keyword, user.line) == ("USER", 10)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('CMD ["a", "b"] # run it', ('["a", "b"] # run it',)),
        ('ENTRYPOINT [ "a" ] x', ('[ "a" ] x',)),
        ('RUN [ "a" ] && b', ('[ "a" ] && b',)),
        ('RUN --mount=type=cache,target="/x y" ["a"] \\\n # why\n  b', ('["a"]   b',)),
        ('HEALTHCHECK --interval=5s CMD ["a"] || x', ("CMD", '["a"] || x')),
        ('ONBUILD CMD ["a"] x', ('["a"] x',)),
        ('COPY ["a", "b"] c', ('["a",', '"b"]', "c")),
        ('VOLUME ["/a"] /b', ('["/a"]', "/b")),
    ],
)
def test_an_array_with_something_behind_it_is_none(text: str, words: tuple[str, ...]) -> None:
    (made,) = parsed(f"FROM x\n{text}\n").stages[0].instructions
    assert (made.json, made.words) == (False, words)


@pytest.mark.parametrize(
    "text",
    ['CMD ["a"]  ', f'CMD ["a"]{NBSP}', 'cmd [ "a" ]', 'ONBUILD RUN ["a"]', 'RUN --network=none ["a"]'],
)
def test_an_array_that_is_all_of_an_instruction(text: str) -> None:
    (made,) = parsed(f"FROM x\n{text}\n").stages[0].instructions
    assert (made.json, made.words) == (True, ("a",))


@pytest.mark.parametrize("name", ["docker/dockerfile:1", "docker.io/docker/dockerfile:1.7.0"])
def test_frontends_whose_files_can_be_read(name: str) -> None:
    assert parsed(f"# syntax={name}\nFROM x\n").syntax == name


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"FROM x\n# caf\xe9\nRUN a\n", "FROM x\n# caf\ufffd\nRUN a\n"),
        (b"FROM x\nRUN a \\\n  # \xe9\n  b\n", "FROM x\nRUN a \\\n  # \ufffd\n  b\n"),
        (b"FROM x\nRUN a # \xe9\n", None),
        (b"FROM x\nRUN <<E\n# \xe9\nE\n", None),
        (b"FROM x\nCOPY <<E \\\n# \xe9\n /x\nE\n", None),
    ],
)
def test_comments_need_not_be_utf8(raw: bytes, text: str | None) -> None:
    assert text_but_comments(raw) == text


@pytest.mark.parametrize(
    ("text", "line", "what", "help"),
    [
        (f"FROM x\nRUN a \\{NBSP}\n  b{NBSP}\\{NBSP}\n  c\n", 3, "`b<U+00A0>", "line 2 does not continue"),
        (f"FROM x\nENV{NBSP}A{NBSP}1\n", 2, "`ENV<U+00A0>A", "the line holds U+00A0 (no-break space)"),
        ("FROM x\nRUN a \\\n  b\n  # why\n  c \\\n  d\n", 5, "`c`", "Then line 3 must end in `\\`"),
        ("FROM x\nRNU y\n", 2, "`RNU` is no instruction", "did you mean `RUN`?"),
        ("RUN y\nFROM x\n", 1, "RUN stands before the first FROM", "only ARG may"),
        ("ARG A\n", 1, "holds no FROM", "is it a Dockerfile?"),
        ("", 1, "holds no instruction", "is it a Dockerfile?"),
        ("# only this\n", 1, "holds no instruction", "is it a Dockerfile?"),
        ("FROM x AS\n", 1, "FROM needs", ""),
        ("FROM x y z\n", 1, "FROM needs", ""),
        ("FROM x\nRUN\n", 2, "RUN needs", ""),
        ("FROM x\nCOPY a\n", 2, "COPY needs", ""),
        ('FROM x\nSHELL ["bash"] x\n', 2, "SHELL needs a list", "write `SHELL"),
        ("#syntax=my/frontend:1\nFROM x\n", 1, "the frontend `my/frontend:1`", "docker/dockerfile:1"),
        ("#!/x\n# syntax=docker/dockerfile:1-labs\nFROM x\n", 2, "dockerfile:1-labs`", "without `labs`"),
        ("FROM x\nSHELL bash\n", 2, "SHELL needs a list", "write `SHELL"),
        ("FROM x\nHEALTHCHECK curl x\n", 2, "HEALTHCHECK needs", ""),
        ("FROM x\nONBUILD FROM y\n", 2, "ONBUILD takes no FROM", "another instruction"),
        ("FROM x\nONBUILD\n", 2, "ONBUILD takes no", "another instruction"),
        ("FROM x\nUSER a\nENV A\n", 3, "ENV must have two arguments", "write NAME=VALUE"),
        ("FROM x\nRUN <<EOF\na\n", 2, "unterminated heredoc", "stand alone"),
        ("FROM x\nRUN a\x00b\n", 2, "U+0000", "binary"),
        ("FROM x\nRUN \x1b[1m\n", 2, "U+001B", "binary"),
        ("# escape=x\nFROM x\n", 1, "`escape` says `x`", "backtick"),
        (f"FROM x\nRUN {'a' * 70_000}\n", 2, "more than 65,535 bytes", "part it"),
        ("FROM x\n" + "RUN a\n" * MAX_LINES, 1, f"more than {MAX_LINES:,}", ""),
        ("FROM x\nRUN a" + " \\\n a" * (MAX_INSTRUCTION + 1) + "\n", 2, f"more than {MAX_INSTRUCTION}", ""),
    ],
)
def test_what_is_refused(text: str, line: int, what: str, help: str) -> None:
    first = problems(text)[0]
    assert first.place.file == "x/Dockerfile"
    assert (first.place.line, what in first.what, help in first.help) == (line, True, True), first


def test_all_problems_are_told_and_the_rest_of_a_line_only_once() -> None:
    found = problems("FROM x\nRUN a\n  b \\\n  c\n  d\nUSER u\nBOGUS\n")
    assert [each.place.line for each in found] == [3, 7]


@pytest.mark.parametrize(
    "text",
    [
        "FROM x\nRUN a" + " \\\n a" * (MAX_INSTRUCTION - 10) + "\n",
        "FROM x\nRUN <<A\n" + "x\n" * (MAX_INSTRUCTION - 10) + "A\n",
        "FROM x\n" + "RUN a\n" * (MAX_LINES - 10),
        "FROM x\nRUN " + "<<A " * 4000 + "\n" + "A\n" * 4000,
        "FROM x\nRUN " + "(" * 30_000 + ")" * 30_000 + "\n",
        "FROM x\nRUN <<A\n" + "x\n" * (MAX_INSTRUCTION - 10),
    ],
    ids=["continued", "heredoc", "many", "heredocs", "nested", "unterminated"],
)
def test_the_limits_bound_the_time(text: str) -> None:
    start = time.process_time()
    parse("Dockerfile", text)
    assert time.process_time() - start < 5


def test_a_rendered_text_with_another_escape() -> None:
    made = instructions_of("RUN a `\n  b\n", "`")
    assert [each.words for each in made] == [("a   b",)]
    with pytest.raises(ValueError, match="two arguments"):
        instructions_of("ENV A")
