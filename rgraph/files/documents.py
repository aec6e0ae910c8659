"""Single files that a command is told to write or compare: schemas, the reference."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rgraph.files.record import write_record
from rgraph.files.transaction import UNCHANGED, WriteError
from rgraph.files.tree import reason


def stale(texts: Mapping[Path, str]) -> dict[Path, str]:
    """Those files that do not hold their text, each with what is wrong: `missing` or `differs`."""
    return {
        file: "differs" if file.exists() else "missing"
        for file, text in texts.items()
        if _content(file) != text.encode()
    }


def write(texts: Mapping[Path, str]) -> list[Path]:
    """Makes the files hold their texts; those that had to be written. Raises WriteError."""
    written = list(stale(texts))
    for file in written:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WriteError(f"cannot write {file}: {reason(error)}", UNCHANGED) from error
        write_record(file, texts[file].encode())
    return written


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
