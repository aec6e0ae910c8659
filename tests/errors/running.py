"""Runs the program within the tests' own process, as a person would see it."""

from __future__ import annotations

import gc
import io
import os
import shutil
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from rgraph.cli.main import main

COMMON = Path(__file__).parent / "common"
"""A small catalogue that is right; cases are laid over it."""


class Result(NamedTuple):
    """What a run left behind."""

    code: int
    out: str
    err: str


def run(root: Path, *arguments: str) -> Result:
    """Runs `rgraph` with the arguments, in the folder `root`."""
    out, err = io.StringIO(), io.StringIO()
    # typer reads the terminal's width from the environment when it wraps help.
    settings = {"COLUMNS": "100", "TERM": "dumb"}
    with (
        chdir(root),
        redirect_stdout(out),
        redirect_stderr(err),
        patch.object(sys, "argv", ["rgraph", *arguments]),
        patch.dict(os.environ, settings),
    ):
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        finally:
            gc.enable()
    return Result(code, out.getvalue(), err.getvalue())


def catalogue(target: Path, *overlays: Path) -> Path:
    """The common catalogue in a new folder `target`, with other files laid over it."""
    for folder in (COMMON, *overlays):
        shutil.copytree(folder / "manifests", target / "manifests", dirs_exist_ok=True)
    return target


def written(root: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path; a link is its target."""
    return {
        path.relative_to(root).as_posix(): os.readlink(path).encode()
        if path.is_symlink()
        else path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }
