"""Makes advisories in OSV format, to measure with: about packages that are given, none of them true.

    python tests/benchmarks/advisories.py DIR COUNT

writes DIR/advisories.zip, about the components of the catalogue in DIR, and prints how many those are.
Equal arguments give equal bytes. An advisory has what real ones have: an alias, a text of some hundred
words, one to three ranges, in every second case the versions enumerated, and references. Four of five
are about versions below 1.0, as most real ones are about versions that nobody installs any more.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

_WORDS = (
    "a",
    "crafted",
    "file",
    "lets",
    "an",
    "attacker",
    "write",
    "beyond",
    "the",
    "buffer",
    "as",
    "its",
    "user",
)
_SENTENCE = f"{' '.join(_WORDS)}. "
_DAY = (2026, 1, 1, 0, 0, 0)
"""Zips hold dates."""


def write_zip(path: Path, count: int, packages: Sequence[tuple[str, str]], seed: int = 0) -> None:
    """Writes a zip of `count` advisories, spread evenly over packages: ecosystem and name as in OSV."""
    random = Random(seed)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(count):
            ecosystem, name = packages[number % len(packages)]
            # In every second round, one of ten says what the round before says, under another id.
            round, again = divmod(number, len(packages))
            alias = again + (round - (round % 2 and number % 10 == 9)) * len(packages)
            made = advisory(number, alias, (ecosystem, name), random)
            archive.writestr(
                zipfile.ZipInfo(f"{made['id']}.json", _DAY), json.dumps(made, indent=2), zipfile.ZIP_DEFLATED
            )


def advisory(number: int, alias: int, package: tuple[str, str], random: Random) -> dict[str, Any]:
    """One advisory; those of the same alias are one vulnerability."""
    ecosystem, name = package
    affected: dict[str, Any] = {
        "package": {"ecosystem": ecosystem, "name": name},
        "ranges": [_interval(random) for _ in range(random.choice((1, 1, 1, 2, 3)))],
    }
    if random.random() < 0.5:
        affected["versions"] = [_version(random) for _ in range(random.randrange(5, 60))]
    return {
        "schema_version": "1.7.0",
        "id": f"MADE-UP-{number:06d}",
        "modified": "2026-01-01T00:00:00Z",
        "published": "2026-01-01T00:00:00Z",
        "aliases": [f"CVE-0000-{alias:06d}"],
        "summary": f"{name}: {' '.join(random.choices(_WORDS, k=8))}",
        "details": _SENTENCE * random.randrange(5, 30),
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
        "affected": [affected],
        "references": [
            {"type": "WEB", "url": f"https://advisories.example/{number}/{part}"} for part in range(4)
        ],
    }


def _interval(random: Random) -> dict[str, Any]:
    major = random.choice(("0", "0", "0", "0", str(random.randrange(1, 10))))
    low, high = sorted((random.randrange(100), random.randrange(100)))
    events = [{"introduced": "0" if low < 50 else f"{major}.{low}"}]
    if random.random() < 0.9 or major == "0":
        events.append({"fixed": f"{major}.{high + 1}"})
    return {"type": "ECOSYSTEM", "events": events}


def _version(random: Random) -> str:
    return f"0.{random.randrange(20)}.{random.randrange(10)}"


ECOSYSTEMS = {"deb": "Ubuntu:22.04:LTS", "pypi": "PyPI", "cran": "CRAN", "bioconductor": "Bioconductor"}
"""Types of purls that advisories can be about -> their ecosystem."""


def packages(directory: Path) -> list[tuple[str, str]]:
    """Ecosystem and name of every component of a catalogue that advisories can be about."""
    from rgraph import app

    workspace = app.Workspace(directory)
    found = {
        (each.component.type, each.component.name)
        for id in workspace.resolved.images
        for each in workspace.inventory.own(id)
    }
    return sorted((ECOSYSTEMS[type], name) for type, name in found if type in ECOSYSTEMS)


if __name__ == "__main__":
    catalogue, number = Path(sys.argv[1]), int(sys.argv[2])
    named = packages(catalogue)
    write_zip(catalogue / "advisories.zip", number, named)
    print(len(named))
