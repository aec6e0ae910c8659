"""The shipped catalogue with random damage: it is right, or it is refused in words."""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path

import pytest

from rgraph.app import Workspace
from rgraph.errors import ManifestError

MUTANTS = 12
TOKENS = (
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "'",
    '"',
    "-",
    "|",
    "#",
    "&",
    "*",
    "!",
    "%",
    "@",
    "`",
    "~",
    "\t",
    "\u00a0",
)
WORDS = (
    "true",
    "null",
    "[]",
    "{}",
    "''",
    "[a]",
    "{a: b}",
    "${{ x }}",
    "${{ device }}",
    "${{ [] }}",
    "5",
    "base:cpu",
    "x" * 300,
)


def mutant(text: str, chance: random.Random) -> str:
    """A text with one to three changes."""
    lines = text.split("\n")
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines))
        line = lines[at]
        match chance.randrange(9):
            case 0:
                del lines[at : at + chance.randint(1, 3)]
            case 1:
                lines.insert(at, line)
            case 2:
                other = chance.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
            case 3:
                lines[at] = line[2:] if line.startswith("  ") else f"  {line}"
            case 4:
                place = chance.randrange(len(line) + 1)
                lines[at] = line[:place] + chance.choice(TOKENS) + line[place:]
            case 5:
                place = chance.randrange(len(line) + 1)
                lines[at] = line[:place] + line[place + chance.randint(1, 4) :]
            case 6:
                key, colon, _ = line.partition(":")
                lines[at] = f"{key}{colon} {chance.choice(WORDS)}" if colon else line
            case 7:
                key, colon, rest = line.partition(":")
                lines[at] = f"{key[: len(key) - 1]}{colon}{rest}"
            case _:
                words = line.split(" ")
                chance.shuffle(words)
                lines[at] = " ".join(words)
        if not lines:
            lines = [""]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def shipped(repo_root: Path) -> dict[str, bytes]:
    top = repo_root / "manifests"
    return {p.relative_to(top).as_posix(): p.read_bytes() for p in sorted(top.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("seed", range(6))
def test_mutants(seed: int, shipped: dict[str, bytes]) -> None:
    chance = random.Random(seed)
    names = [name for name in shipped if name.endswith(".yaml")]
    outcomes = set()
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder) / "manifests"
        for name, content in shipped.items():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_bytes(content)
        for _ in range(MUTANTS):
            name = chance.choice(names)
            (top / name).write_text(mutant(shipped[name].decode(), chance), encoding="utf-8")
            try:
                workspace = Workspace(Path(folder))
                workspace.states()
                outcomes.add("right")
            except ManifestError as error:
                outcomes.update("nothing said" for problem in error.problems if not problem.what)
                outcomes.add("refused")
            (top / name).write_bytes(shipped[name])
        shutil.rmtree(top)
    assert "refused" in outcomes
    assert outcomes <= {"refused", "right"}
