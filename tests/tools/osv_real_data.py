"""Compares rgraph's reading of real advisories with another one. Not part of the tests: the data is not ours.

    python -m tests.tools.osv_real_data FOLDER...

FOLDER is a checkout of a database in OSV format (JSON or YAML) that lists versions beside its ranges, as
pypa/advisory-database and RConsortium/r-advisory-database do. For each package, every version that any of
its advisories lists is judged by the ranges alone, and then

- compared with the list: what is listed must lie in the ranges, and what lies in them must be listed;
- compared with a second evaluation of the ranges, written here by another method.

The files are read here with PyYAML's own loader, so that the reading is compared, too. Prints the
numbers and each kind of difference with examples; exits with 1 if the two evaluations differ.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from msgspec import structs
from packaging.version import InvalidVersion, Version

from rgraph.advisories.interface import Advisories, Affected
from rgraph.advisories.judge import judge
from rgraph.advisories.naming import normal_name
from rgraph.files.advisories import read_advisories

DIFFER = "THE TWO EVALUATIONS DIFFER"
TYPES = {"PyPI": "pypi", "CRAN": "cran", "Bioconductor": "bioconductor"}


def main(folders: list[str]) -> int:
    """Judges all folders; the exit code."""
    differ = False
    for folder in folders:
        for line in _compared(Path(folder)):
            sys.stdout.write(f"{line}\n")
            differ = differ or DIFFER in line
    return int(differ)


def _compared(folder: Path) -> Iterator[str]:
    ours = read_advisories(folder)
    theirs = {entry["id"]: entry for entry in _load(folder)}
    yield f"{folder.name}: {ours.count} advisories, {ours.withdrawn} withdrawn, {len(ours.skipped)} skipped"
    yield from (f"  {problem.place.file}: {problem.what}" for problem in ours.skipped)
    live = {id for id, entry in theirs.items() if not entry.get("withdrawn")}
    read = {advisory.id for pairs in ours.by_package.values() for advisory, _ in pairs}
    alone = f"only by the other: {sorted(live - read)}; only by rgraph: {sorted(read - live)}"
    yield f"  read by both: {len(live & read)}; {alone}"
    found: dict[str, list[str]] = defaultdict(list)
    for kind, example in _differences(ours, theirs):
        found[kind].append(example)
    for kind, examples in sorted(found.items()):
        shown = "" if kind.startswith("agree") else ": " + "; ".join(examples[:6])
        yield f"  {len(examples):8} {kind}{shown}"


def _load(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts) or not path.is_file():
            continue
        if path.suffix in (".yaml", ".yml"):
            data = yaml.load(path.read_text(), Loader=yaml.CBaseLoader)  # text, as it stands
        elif path.suffix == ".json":
            data = json.loads(path.read_text())
        else:
            continue
        if isinstance(data, dict) and "id" in data and "affected" in data:
            yield data


def _differences(ours: Advisories, theirs: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for (ecosystem, name), statements in sorted(ours.by_package.items()):
        if ecosystem not in TYPES:
            continue
        universe = sorted({version for _, affected in statements for version in affected.versions})
        for advisory, affected in statements:
            written = [
                each
                for each in theirs[advisory.id]["affected"]
                if normal_name(ecosystem, each["package"]["name"]) == name
            ]
            for version in universe:
                kind = _judged(TYPES[ecosystem], affected, written, version)
                yield kind, f"{advisory.id} {name} {version}"


def _judged(type: str, affected: Affected, written: list[dict[str, Any]], version: str) -> str:
    ranges = tuple(each for each in affected.ranges if each.type != "GIT")
    if not ranges:
        return "no ranges but of commits: the list decides"
    verdict = judge(structs.replace(affected, versions=(), ranges=ranges), type, version)
    if verdict == "unknown":
        where = "listed" if version in affected.versions else "not listed"
        return f"not to be judged by ranges, {where}: a version that is none in {type}"
    if len(written) == 1 and _by_pairs(type, written[0], version) != (verdict == "affected"):
        return DIFFER
    if not affected.versions:
        return f"no list; by ranges {verdict}"
    listed = (
        version in affected.versions
        or judge(structs.replace(affected, ranges=()), type, version) == "affected"
    )
    if listed == (verdict == "affected"):
        return f"agree: {verdict}"
    return "listed, outside of all ranges" if listed else "inside a range, not listed"


def _by_pairs(type: str, written: dict[str, Any], version: str) -> bool:
    """The ranges as pairs of a beginning and the next end, each compared on its own."""
    key = _key(type, version)
    for part in written.get("ranges", ()):
        if part["type"] == "GIT":
            continue
        ends = [
            (_key(type, text), kind)
            for event in part["events"]
            for kind, text in event.items()
            if kind in ("fixed", "last_affected")
        ]
        for event in part["events"]:
            begin = event.get("introduced")
            if begin is None or (begin != "0" and key < _key(type, begin)):
                continue
            low = None if begin == "0" else _key(type, begin)
            after = [end for end in ends if low is None or end[0] >= low]
            if not after:
                return True
            end, kind = min(after, key=lambda each: each[0])
            if key < end or (kind == "last_affected" and key == end):
                return True
    return False


def _key(type: str, text: str) -> Any:
    if type == "pypi":
        try:
            return Version(text)
        except InvalidVersion:
            raise SystemExit(f"`{text}` is no version, but rgraph judged by it") from None
    return [int(part) for part in text.replace("-", ".").split(".")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
