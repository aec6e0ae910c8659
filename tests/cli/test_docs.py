"""README.md and docs/ are true: their commands run and print what is shown, their links lead somewhere.

After a change that is meant, `tests/tools/refresh-docs` writes the new outputs.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest
from typer import Typer
from typer.main import get_command

from rgraph.cli.main import app
from tests.tools.documents import ROOT, Example, documents, examples, run

NOT_RUN = {
    "README.md": ["make test"],
}
"""Commands that are shown and not run: one would run this very test."""

RUN_OTHERWISE = {
    "README.md": {"make plan": "rgraph plan --date 20261121"},
}
"""Commands in whose place another one is run: one sets up an environment from the network first."""

# What may change for good reasons while the documents stay true: numbers of things, hashes, widths
# of columns, lines of manifests (the positions of errors stay).
_COUNTED = "external|image|file|layer|recipe|wave|component|to build|to reuse|to retag"
_LOOSE = (
    (rf"\b\d[\d,]*(?= (?:more )?(?:{_COUNTED})s?\b)", "N"),
    (r"sha256:[0-9a-f]{8,}", "sha256:HASH"),
    (r"(\.yaml):\d+(?![\d:])", r"\1:LINE"),
    (r"(?<=\S) {2,}", "  "),
)


def _loose(line: str) -> str:
    for pattern, replacement in _LOOSE:
        line = re.sub(pattern, replacement, line)
    return line.rstrip()


def _read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def _run_examples(document: str) -> list[Example]:
    return [example for example in examples(_read(document)) if example.is_run]


@pytest.mark.parametrize("document", [name for name in documents() if _run_examples(name)])
def test_commands_print_what_a_document_shows(document: str, tmp_path: Path) -> None:
    found = examples(_read(document))
    results = iter(run(found, tmp_path))
    for example in found:
        if not example.is_run:
            continue
        commands = example.commands
        for number, command in enumerate(commands, start=1):
            result = next(results)
            expected = int(example.notes.get("exit", "0")) if number == len(commands) else 0
            shown = "\n".join(result.lines)
            assert result.code == expected, f"{document}: `{command.line}` ended with {result.code}:\n{shown}"
            now = [_loose(line) for line in example.cut(result.lines)]
            then = [_loose(line) for line in command.shown]
            difference = "\n".join(difflib.unified_diff(then, now, "shown", "printed", lineterm=""))
            assert not difference, (
                f"{document}: `{command.line}` prints something else:\n{difference}\n"
                "If that is meant: tests/tools/refresh-docs, and read the text around it"
            )


def test_most_commands_are_run() -> None:
    left_out: dict[str, list[str]] = {}
    replaced: dict[str, dict[str, str]] = {}
    for document in documents():
        for example in examples(_read(document)):
            lines = [command.line for command in example.commands] if example.language == "console" else []
            if "not run" in example.notes:
                left_out.setdefault(document, []).extend(lines)
            if "as" in example.notes:
                replaced.setdefault(document, {}).update(dict.fromkeys(lines, example.notes["as"]))
    assert (left_out, replaced) == (NOT_RUN, RUN_OTHERWISE)


@pytest.mark.parametrize("document", documents())
def test_an_example_shows_what_it_keeps(document: str) -> None:
    """A pattern that matches nothing would let any output pass."""
    for example in _run_examples(document):
        if "keep" in example.notes:
            for command in example.commands:
                assert set(command.shown) - {"..."}, f"{document}: nothing of `{command.line}` is shown"


@pytest.mark.parametrize("document", ["README.md", "docs/selectors.md", "docs/tags.md"])
def test_manifests_that_a_document_shows_are_tried(document: str) -> None:
    shown = [example for example in examples(_read(document)) if example.language == "yaml"]
    assert all("file" in example.notes for example in shown)


@pytest.mark.parametrize("document", [*documents(), "CONTRIBUTING.md"])
def test_links_lead_somewhere(document: str) -> None:
    text = re.sub(r"^```.*?^```$", "", _read(document), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if "://" in path:
            continue
        file = (ROOT / document).parent / path if path else ROOT / document
        assert file.exists(), f"{document} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {_anchor(heading) for heading in headings}, f"{document} links to {target}"


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _commands(program: Typer) -> dict[str, set[str]]:
    """Command -> its options."""
    found: dict[str, set[str]] = {}
    todo = [("rgraph", get_command(program))]
    while todo:
        name, command = todo.pop()
        found[name] = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
        for each, inner in getattr(command, "commands", {}).items():
            todo.append((f"{name} {each}", inner))
    return found


@pytest.mark.parametrize("document", [*documents(), "CONTRIBUTING.md"])
def test_commands_and_options_in_the_text_exist(document: str) -> None:
    known = _commands(app)
    for text in re.findall(r"`(rgraph (?:-C \S+ )?[a-z-][^`]*)`", _read(document)):
        words = re.sub(r"^rgraph -C \S+", "rgraph", text).split()
        length = 3 if " ".join(words[:3]) in known else 2
        command = " ".join(words[:length])
        if words[1].startswith("-"):
            command, length = "rgraph", 1
        assert command in known, f"{document}: there is no `{text}`"
        options = {word.partition("=")[0] for word in words[length:] if word.startswith("-")}
        assert options <= known[command], f"{document}: `{text}`"


def test_every_command_is_documented() -> None:
    text = "\n".join(map(_read, documents()))
    groups = {"rgraph", "rgraph release"}
    missing = [name for name in _commands(app) if name not in groups and f"`{name}" not in text]
    assert not missing


def test_every_document_is_in_the_index() -> None:
    index = _read("docs/README.md")
    pages = [path.name for path in (ROOT / "docs").glob("*.md") if path.name != "README.md"]
    assert [page for page in pages if f"({page})" not in index] == []
