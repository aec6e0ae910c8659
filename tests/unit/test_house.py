"""The rules of the house that import-linter cannot hold.

Its contracts in pyproject.toml say which module knows which. These say what a module of the core
does not touch, and how long its parts may be.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "rgraph"
EDGE = {"__main__.py", "app.py", "cli", "engines", "files", "importer"}
"""The rooms that may ask the clock, the environment and the disk."""
FILE_LINES = 450
FUNCTION_LINES = 60

IMPURE_NAMES = {"open", "input", "print", "exec", "eval", "breakpoint"}
IMPURE_ATTRIBUTES = {
    ("datetime", "now"),
    ("datetime", "today"),
    ("datetime", "utcnow"),
    ("date", "today"),
    ("os", "environ"),
    ("os", "getenv"),
}
DISK_METHODS = {
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "iterdir",
    "rglob",
    "is_file",
    "is_dir",
    "unlink",
    "mkdir",
}
"""Methods of `pathlib.Path`; package data is read by `importlib.resources`, see PACKAGE_DATA."""
PACKAGE_DATA = {"read_text", "read_bytes"}


def modules() -> list[Path]:
    """Every module of the package; what `rgraph init` copies is none."""
    return sorted(
        path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] != "init_template"
    )


def is_core(path: Path) -> bool:
    """Whether the module is values in, values out."""
    return path.relative_to(PACKAGE).parts[0] not in EDGE


def name_of(node: ast.expr) -> str:
    """The last name of `a`, `a.b`; empty for anything else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def impurities(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of everything in `source` that the core must not touch."""
    tree = ast.parse(source)
    reads_package_data = "importlib.resources" in source
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_NAMES:
                yield node.lineno, name
            case ast.Attribute(value=owner, attr=name) if (name_of(owner), name) in IMPURE_ATTRIBUTES:
                yield node.lineno, f"{name_of(owner)}.{name}"
            case ast.Call(func=ast.Attribute(attr=name)) if name in DISK_METHODS:
                if not (reads_package_data and name in PACKAGE_DATA):
                    yield node.lineno, name
            case ast.ImportFrom(module="os" | "time"):
                yield node.lineno, str(node.module)
            case ast.Import(names=names) if any(each.name.split(".")[0] in {"os", "time"} for each in names):
                yield node.lineno, "os or time"


def functions(source: str) -> Iterator[tuple[str, int, int]]:
    """Name, first line and number of lines of every function, without its decorators."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1


def test_there_is_a_core_to_look_at() -> None:
    assert "errors.py" in {path.name for path in modules() if is_core(path)}


def test_the_core_touches_neither_clock_nor_environment_nor_disk() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {name}"
        for path in modules()
        if is_core(path)
        for line, name in impurities(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import datetime\ndatetime.datetime.now()", "datetime.now"),
        ("from datetime import datetime as datetime\ndatetime.now(None)", "datetime.now"),
        ("from datetime import date\ndefault = date.today", "date.today"),
        ("from os import environ", "os"),
        ("import os.path", "os or time"),
        ("import time", "os or time"),
        ("os.environ['HOME']", "os.environ"),
        ("with open('x') as file: pass", "open"),
        ("from pathlib import Path\nPath('x').read_text()", "read_text"),
        ("print('x')", "print"),
    ],
)
def test_what_the_core_must_not_touch_is_found(source: str, name: str) -> None:
    assert name in {found for _, found in impurities(source)}


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import date\ndate.fromisoformat('2026-11-21')",
        "from importlib.resources import files\nfiles('rgraph').joinpath('x').read_text()",
        "reopen('x')\nself.time = 1",
    ],
)
def test_what_is_pure_is_left_alone(source: str) -> None:
    assert list(impurities(source)) == []


def test_files_have_one_subject() -> None:
    lengths = {
        str(path.relative_to(PACKAGE)): len(path.read_text(encoding="utf-8").splitlines())
        for path in modules()
    }
    assert {path: lines for path, lines in lengths.items() if lines > FILE_LINES} == {}


def test_functions_fit_on_a_screen() -> None:
    long = [
        f"{path.relative_to(PACKAGE)}:{line}: {name} has {lines} lines"
        for path in modules()
        for name, line, lines in functions(path.read_text(encoding="utf-8"))
        if lines > FUNCTION_LINES
    ]
    assert long == []


def test_a_long_function_is_found() -> None:
    source = "def f():\n" + "    x = 1\n" * FUNCTION_LINES
    assert list(functions(source)) == [("f", 1, FUNCTION_LINES + 1)]
