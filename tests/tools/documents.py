"""The examples in README.md and docs/: found, run, and brought up to date. So is the table of audit rules.

An example is a fence of the language `console`: commands behind `$ `, each followed by what it
prints. All examples of a document run in one shell, from top to bottom, in a folder that holds a
fresh copy of `manifests/`. HTML comments right above a fence, one a line, say what is special:

    <!-- keep: REGEX -->        only these lines are shown; others become one line `...`
    <!-- first: N -->           only the first N lines are shown
    <!-- exit: N -->            the last command of the fence ends with this code, not with 0
    <!-- as: COMMAND -->        this is run in place of the command that is shown
    <!-- not run: REASON -->    the fence is left as it is
    <!-- file: PATH -->         above a fence of another language: its text is written to this file
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.tools.rules import with_rules

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ("docs/manifests.md",)
"""Documents that are made by rgraph, with examples that are tested there."""

_FENCE = re.compile(r"```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOTES = re.compile(r"(?:^<!-- .*? -->\n)*\Z", re.MULTILINE)
_NOTE = re.compile(r"<!-- (keep|first|exit|as|not run|file): (.*?) -->")
_END = "== end of command"


@dataclass
class Command:
    """A command of an example."""

    line: str
    """As shown."""
    shown: list[str] = field(default_factory=list)
    """What the document says that it prints."""


@dataclass
class Example:
    """A fence with its notes."""

    language: str
    text: str
    start: int
    """Where its text starts in the document."""
    notes: dict[str, str]

    @property
    def is_run(self) -> bool:
        """Whether its commands are run."""
        return self.language == "console" and "not run" not in self.notes

    @property
    def commands(self) -> list[Command]:
        """Its commands."""
        found: list[Command] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append(Command(line[2:]))
            else:
                found[-1].shown.append(line)
        return found

    def cut(self, lines: list[str]) -> list[str]:
        """The part of an output that is shown."""
        if "first" in self.notes:
            number = int(self.notes["first"])
            return [*lines[:number], "..."] if len(lines) > number else lines
        if "keep" not in self.notes:
            return lines
        found: list[str] = []
        for line in lines:
            if re.search(self.notes["keep"], line):
                found.append(line)
            elif found[-1:] != ["..."]:
                found.append("...")
        return found


@dataclass
class Result:
    """What a command did."""

    lines: list[str]
    code: int


def documents() -> list[str]:
    """Paths of all documents with examples, relative to the project."""
    found = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
    return [path for path in found if path not in GENERATED]


def examples(text: str) -> list[Example]:
    """The fences of a document."""
    found = []
    for match in _FENCE.finditer(text):
        above = _NOTES.search(text[: match.start()])
        notes = dict(_NOTE.findall(above.group())) if above else {}
        found.append(Example(match[1], match[2], match.start(2), notes))
    return found


def run(document: list[Example], folder: Path) -> list[Result]:
    """Runs the examples of a document in an empty folder; one result for each command, in order."""
    shutil.copytree(ROOT / "manifests", folder / "manifests")
    # A reader's ledger is what the project ships; a release of ours must not change the examples.
    (folder / "manifests" / "releases.jsonl").unlink(missing_ok=True)
    _install(folder / ".venv" / "bin" / "rgraph")
    made = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", "".join(_script(document))],
        cwd=folder,
        env={
            "PATH": f"{folder}/.venv/bin:{os.environ['PATH']}",
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "LC_ALL": "C.UTF-8",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=True,
    )
    *outputs, rest = re.split(rf"{_END} (\d+)\n", made.stdout)
    if rest:
        raise RuntimeError(f"the shell ended early: {rest}")
    return [
        Result([line.rstrip() for line in output.splitlines()], int(code))
        for output, code in zip(outputs[::2], outputs[1::2], strict=True)
    ]


def _install(program: Path) -> None:
    program.parent.mkdir(parents=True)
    python = shlex.quote(sys.executable)
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {python} -m rgraph "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)


def _script(document: list[Example]) -> Iterator[str]:
    for example in document:
        if "file" in example.notes:
            path = shlex.quote(example.notes["file"])
            yield f"cat >{path} <<'== end of file'\n{example.text}== end of file\n"
        if example.is_run:
            for command in example.commands:
                yield f"{{ {example.notes.get('as', command.line)}\n}} 2>&1\necho '{_END}' $?\n"


def refreshed(text: str) -> str:
    """A document with what its commands print now."""
    found = examples(text)
    with tempfile.TemporaryDirectory() as folder:
        results = iter(run(found, Path(folder)))
    parts, last = [], 0
    for example in found:
        if example.is_run:
            lines: list[str] = []
            for command in example.commands:
                lines += [f"$ {command.line}", *example.cut(next(results).lines)]
            parts += [text[last : example.start], "".join(f"{line}\n" for line in lines)]
            last = example.start + len(example.text)
    return "".join([*parts, text[last:]])


def main(chosen: list[str]) -> None:
    """Refreshes documents: those that are named, else all."""
    for name in chosen or documents():
        path = ROOT / name
        old = path.read_text(encoding="utf-8")
        new = with_rules(refreshed(old))
        if new != old:
            path.write_text(new, encoding="utf-8")
            sys.stderr.write(f"changed {name}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
