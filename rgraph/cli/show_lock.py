"""What became of the lock, as text and as JSON. No address is shown with what may be a secret in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import typer

from rgraph.cli.common import coloured, columns, count, json_lines, named, note, printable, shortened
from rgraph.engines.addresses import shown
from rgraph.engines.errors import CouldNotAskError
from rgraph.errors import Place, Problem
from rgraph.files.reader import locate
from rgraph.locking import Entry, Key
from rgraph.relocking import Compared, Outcome, Relocked, Verified

_SHORT = 19
"""Characters of a digest that tell it from all others of a catalogue, `sha256:` included."""


def lock_json(root: Path, done: Relocked) -> Iterator[str]:
    """For programs, an entry a line."""
    at = locate(root, [each.entry.place for each in done.outcomes])
    entries = [
        {
            **_identity(each.entry),
            "state": each.done,
            "was": each.entry.locked or None,
            "was_requested": each.entry.locked_for or None,
            "now": each.now or None,
            "why": _why(each) or None,
            **_position(each.entry.place, at),
            "images": each.entry.images,
        }
        for each in done.outcomes
    ]
    return json_lines({"schema": 1, "written": done.written}, {"entries": entries})


def lock_text(root: Path, done: Relocked) -> list[str]:
    """For people: what changed, what is not there, and the counts."""
    changed = [each for each in done.outcomes if each.done in ("added", "changed", "removed")]
    rows = [
        (each.done, _name(each.entry), _short(each.entry.locked), _short(each.now), _images(each.entry))
        for each in changed
    ]
    problems = [
        Problem(each.entry.place, why.what, why.help)
        for each in done.absent
        if (why := each.why) and not isinstance(why, CouldNotAskError)
    ]
    parts = []
    if rows:
        parts.append(columns(rows, ("state", "entry", "was", "is", "used by")))
    if problems:
        parts.append("\n".join(_problems(root, problems)))
    parts.append(_summary(done))
    return ["\n\n".join(parts)]


def _summary(done: Relocked) -> str:
    states = [each.done for each in done.outcomes]
    words = {
        "added": "added",
        "changed": "changed",
        "removed": "removed",
        "kept": "kept",
        "unused": "that nothing wants (--prune removes them)",
        "missing": "not there",
        "refused": "refused",
        "failed": "could not be asked for",
    }
    counts = [f"{states.count(state):,} {word}" for state, word in words.items() if state in states]
    verb = "written" if done.written else "nothing was written"
    return f"manifests/rgraph.lock: {verb}; {_entries(len(states))}: {', '.join(counts) or 'none'}"


def verified_json(root: Path, verified: Verified) -> Iterator[str]:
    """For programs, an entry and a problem a line."""
    at = locate(root, [each.place for each in verified.problems])
    entries = [
        {
            **_identity(each),
            "state": each.state,
            "locked": each.locked or None,
            "failure": str(verified.failures[each.key]) if each.key in verified.failures else None,
        }
        for each in verified.entries
    ]
    problems = [
        {**_position(each.place, at), "what": each.what, "help": each.help} for each in verified.problems
    ]
    return json_lines({"schema": 1}, {"entries": entries, "problems": problems})


def verified_text(root: Path, verified: Verified) -> list[str]:
    """For people: what is wrong, and the count."""
    unused = sum(entry.state == "unused" for entry in verified.entries)
    more = f", {unused:,} that nothing wants" if unused else ""
    problems, failures = len(verified.problems), len(verified.failures)
    said = f"{count(problems, 'problem')}" if problems else "" if failures else "all is well"
    asked = f"{failures:,} could not be asked for" if failures else ""
    how = ", ".join(filter(None, (said, asked)))
    lines = _problems(root, verified.problems)
    lines += [""] if lines else []
    return ["\n".join([*lines, f"manifests/rgraph.lock: {_entries(len(verified.entries))}{more}: {how}"])]


def stale_json(found: Compared) -> Iterator[str]:
    """For programs, an External a line."""
    entries = [
        {
            "external": each.external,
            "requested": each.requested,
            "locked": each.locked,
            "now": each.now or None,
            "images": each.images,
        }
        for each in found.stale
    ]
    unlocked = [
        {"external": each.name, "requested": each.requested, "images": each.images} for each in found.unlocked
    ]
    failures = [{"external": name, "why": str(error)} for (_, name), error in found.failures.items()]
    return json_lines(
        {"schema": 1, "compared": found.compared},
        {"stale": entries, "rebuild": found.rebuild, "unlocked": unlocked, "failures": failures},
    )


def stale_text(found: Compared, total: int) -> list[str]:
    """For people: the Externals that moved, then the images to rebuild."""
    rows = [
        (
            each.external,
            each.requested,
            _short(each.locked),
            _short(each.now) if each.now else "not there any more",
            named(each.images, total) or "-",
        )
        for each in found.stale
    ]
    parts = [columns(rows, ("external", "reference", "locked", "now", "images"))] if rows else []
    if found.rebuild:
        parts.append("\n".join(["to rebuild:", *(f"  {id}" for id in found.rebuild)]))
    asked = f", {len(found.failures):,} could not be asked for" if found.failures else ""
    images = count(len(found.rebuild), "image")
    result = f"{len(rows):,} stale{asked}, {images} to rebuild" if rows else f"none is stale{asked}"
    if not found.compared:
        result = f"nothing is known{asked}"
    parts.append(f"{count(found.compared, 'External')} compared: {result}")
    return ["\n\n".join(parts)]


def note_unlocked(found: Compared) -> None:
    """Says on stderr what could not be compared."""
    if found.unlocked:
        names = named([each.name for each in found.unlocked])
        note(f"{count(len(found.unlocked), 'External')} not in the lock, and so not compared: {names}")
        note("  help: run `rgraph lock`")


def note_failures(failures: Mapping[Key, CouldNotAskError]) -> None:
    """Says on stderr who could not be asked, and about what."""
    groups: dict[tuple[str, str], list[str]] = {}
    for (_, name), error in failures.items():
        groups.setdefault((str(error), error.help), []).append(shown(name))
    for (what, help), names in groups.items():
        about = f" ({named(names)})" if names != [what.split(": ")[0].removeprefix("cannot ask ")] else ""
        typer.echo(f"{coloured('error', 'red', err=True)}: {shortened(printable(what))}{about}", err=True)
        if help:
            typer.echo(f"  help: {shortened(help)}", err=True)


def _problems(root: Path, problems: Iterable[Problem]) -> list[str]:
    """A problem a line; help that is the same for several that follow each other is given once."""
    found = list(problems)
    at = locate(root, [each.place for each in found])
    lines = []
    for index, each in enumerate(found, start=1):
        line, column, _ = at[each.place]
        lines.append(f"{each.place.file}:{line}:{column}: {printable(shortened(each.what))}")
        if each.help and not any(following.help == each.help for following in found[index : index + 1]):
            lines.append(f"  help: {shortened(each.help)}")
    return lines


def _identity(entry: Entry) -> dict[str, object]:
    requested = shown(entry.requested) if entry.kind == "download" else entry.requested
    return {"kind": entry.kind, "name": shown(entry.name), "requested": requested}


def _position(place: Place, at: Mapping[Place, tuple[int, int, str]]) -> dict[str, object]:
    line, column, _ = at[place]
    return {"file": place.file, "line": line, "column": column}


def _why(outcome: Outcome) -> str:
    return (
        str(outcome.why)
        if isinstance(outcome.why, CouldNotAskError)
        else outcome.why.what
        if outcome.why
        else ""
    )


def _name(entry: Entry) -> str:
    return printable(shown(entry.name) if entry.kind == "download" else f"{entry.name} ({entry.requested})")


def _short(text: str) -> str:
    return f"{text[:_SHORT]}..." if text else "-"


def _images(entry: Entry) -> str:
    return named(entry.images) or "no image"


def _entries(number: int) -> str:
    return f"{number:,} entry" if number == 1 else f"{number:,} entries"
