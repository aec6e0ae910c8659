"""One golden message for each kind of error.

A case is a folder: `manifests/` is laid over common/, `arguments` is the command (else `check`), and
`expected.txt` is all that stands on stderr. `RGRAPH_WRITE_EXPECTED=1` writes it; read what it wrote.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.errors.running import COMMON, catalogue, run, written

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / "rgraph"
CASES = sorted(path.name for path in HERE.iterdir() if (path / "manifests").is_dir() and path != COMMON)


@pytest.mark.parametrize("case", CASES)
def test_message(case: str, tmp_path: Path) -> None:
    root = catalogue(tmp_path, HERE / case)
    before = written(root)
    arguments = HERE / case / "arguments"
    result = run(root, *shlex.split(arguments.read_text() if arguments.exists() else "check"))
    expected = HERE / case / "expected.txt"
    if os.environ.get("RGRAPH_WRITE_EXPECTED"):
        expected.write_text(result.err, encoding="utf-8")
    assert result.err == expected.read_text(encoding="utf-8")
    assert result.out == ""
    assert result.code == 2
    assert written(root) == before


def test_common_is_right(tmp_path: Path) -> None:
    assert run(catalogue(tmp_path), "check").code == 0


# How a text gets into a message: the name of what is called -> which argument is the text.
MAKERS = {
    "add": 1,
    "problem": 0,
    "_problem": 1,
    "Problem": 1,
    "Bad": 0,
    "UsageError": 0,
    "ExpressionError": 0,
    "_refuse": 0,
    "Fault": 0,
    "_add": 0,
}
# Shown by tests of their own: what a file system does, and what a run does to another one.
ELSEWHERE = (
    "building",
    "builds",
    "bumping/notations.py",
    "cli",
    "engines",
    "files/public_copy.py",
    "files/releases.py",
    "history.py",
    "ledger.py",
    "locking.py",
    "promoting.py",
    "promotion",
    "release",
    "releasing.py",
    "relocking.py",
    "render/pipelines.py",
    "schema",
    "files/folder_lock.py",
    "files/import_tree.py",
    "files/import_writing.py",
    "files/init.py",
    "importer",
    "importing",
    "files/record.py",
)
# Kept for what cannot happen now: a newer parser's words, a package that nobody looked at before.
NOT_REACHED = (
    # Shown by tests of their own, too: they need a run that was killed, and Externals of one repository.
    "`{}` is {} Externals",
    "a `rgraph bump` was killed while it wrote: manifests may be half edited",
    "not YAML: {}",
    "the package holds a line break or another character that does not print",
)
ELSEWHERE_TOO = (
    "files/tree.py",
    "files/reader.py",
    "files/writer.py",
    "files/transaction.py",
    # Most are findings of RG706, a table of them is in tests/unit/files; what ends a run has cases here, too.
    "files/advisories.py",
    "files/advisory.py",
    "init_template",
)


def template(node: ast.expr) -> str | None:
    """A text with `{}` for its values; None if the expression is no text of its own."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            texts = template(left), template(right)
            return None if None in texts else f"{texts[0]}{texts[1]}"
    return None


def branches(node: ast.expr) -> list[ast.expr]:
    """Both sides of `a if b else c`."""
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def templates(source: str) -> Iterator[str]:
    """The texts of all messages that a module makes."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        variables: dict[str, list[ast.expr]] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                variables.setdefault(node.targets[0].id, []).append(node.value)
        for node in ast.walk(function):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                name = node.func.id if isinstance(node.func, ast.Name) else name
                if name in MAKERS and len(node.args) > MAKERS[name]:
                    argument = node.args[MAKERS[name]]
                    found = variables.get(argument.id, []) if isinstance(argument, ast.Name) else [argument]
                    yield from filter(None, (template(each) for whole in found for each in branches(whole)))


def returned(source: str) -> Iterator[str]:
    """The reasons that `unsafe_command` and `unsafe_verbatim` give."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("unsafe_"):
            for each in ast.walk(node):
                if isinstance(each, ast.Return) and each.value is not None:
                    yield from filter(None, map(template, branches(each.value)))


def all_templates() -> list[tuple[str, str]]:
    """(module, text) of every message that a golden case should show."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE).as_posix()
        if module.startswith((*ELSEWHERE, *ELSEWHERE_TOO)):
            continue
        source = path.read_text(encoding="utf-8")
        texts = set(templates(source)) | (set(returned(source)) if module == "steps/shells.py" else set())
        found += [(module, text) for text in sorted(texts) if re.search(r"\w", text.replace("{}", ""))]
    return found


def shown(text: str, everything: str) -> bool:
    """Whether some line of the golden messages is made of the text."""
    pattern = ".*?".join(re.escape(part) for part in text.split("{}"))
    return re.search(pattern, everything) is not None


def test_the_messages_are_found_in_the_source() -> None:
    found = {text for _, text in all_templates()}
    assert {"a cycle: {}", "`{}` is not pinned", "has a quote that is not closed"} <= found
    assert len(found) > 120


def test_every_message_has_a_case() -> None:
    everything = "\n".join((HERE / case / "expected.txt").read_text(encoding="utf-8") for case in CASES)
    missing = [f"{module}: {text}" for module, text in all_templates() if not shown(text, everything)]
    missing = [each for each in missing if each.partition(": ")[2] not in NOT_REACHED]
    assert missing == []
