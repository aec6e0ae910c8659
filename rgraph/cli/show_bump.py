"""A bump and the outdated pins, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from rgraph.bumping import Left, Refusal
from rgraph.cli.common import columns, count, json_lines, named, printable, shortened
from rgraph.errors import Place
from rgraph.files.reader import locate
from rgraph.outdated import Row
from rgraph.upkeep import Bumped, Checked

Positions = Mapping[Place, tuple[int, int, str]]


def bump_json(root: Path, done: Bumped) -> Iterator[str]:
    """For programs."""
    at = locate(root, [*(each.place for each in done.refusals), *(each.place for each in done.left)])
    edits = [
        {"file": each.file, "line": each.line, "column": each.column, "from": each.old, "to": each.new}
        for each in done.changes
    ]
    refusals = [
        {**_position(each.place, at), "what": each.what, "help": each.help, "images": each.images}
        for each in _in_order(done.refusals, at)
    ]
    left = [
        {**_position(each.place, at), "why": each.why, "images": each.images}
        for each in _in_order(done.left, at)
    ]
    head = {"schema": 1, "component": done.what, "version": done.version, "written": done.written}
    lists: dict[str, Iterable[object]] = {
        "edits": edits,
        "direct": done.direct,
        "above": done.above,
        "refusals": refusals,
        "left": left,
        "put_back": done.put_back,
    }
    return json_lines(head, lists)


Placed = TypeVar("Placed", Refusal, Left)


def _in_order(found: Sequence[Placed], at: Positions) -> list[Placed]:
    return sorted(found, key=lambda each: (each.place.file, at[each.place][:2]))


def _position(place: Place, at: Positions) -> dict[str, object]:
    line, column, _ = at[place]
    return {"file": place.file, "line": line, "column": column}


def bump_text(root: Path, done: Bumped, *, dry_run: bool) -> str:
    """For people: the edits, the images, what was refused and what was left alone."""
    at = locate(root, [*(each.place for each in done.refusals), *(each.place for each in done.left)])
    # Without this the edits that follow would read as made.
    lines = (
        ["nothing was written; what would have been edited, and what forbids it:"] if done.refusals else []
    )
    lines += [f"{each.file}:{each.line}:{each.column}: {each.old} -> {each.new}" for each in done.changes]
    lines += [
        f"{_where(each.place, at)}: left alone: {printable(each.why)}{_images(each.images)}"
        for each in _in_order(done.left, at)
    ]
    lines += _refusals(done.refusals, at)
    if done.direct:
        lines += ["", f"{count(len(done.direct), 'image')} directly:", *(f"  {id}" for id in done.direct)]
    if done.above:
        lines += [f"{count(len(done.above), 'image')} above:", *(f"  {id}" for id in done.above)]
    lines += ["", _summary(done, dry_run)]
    return "\n".join(lines).lstrip("\n")


def _refusals(refusals: Sequence[Refusal], at: Positions) -> list[str]:
    lines = []
    for each in _in_order(refusals, at):
        told = not each.images or (len(each.images) == 1 and f"`{each.images[0]}`" in each.what)
        images = "" if told else _images(each.images)
        lines.append(f"{_where(each.place, at)}: refused: {printable(shortened(each.what))}{images}")
        if each.help:
            lines.append(f"  help: {shortened(each.help)}")
    return lines


def _images(ids: Sequence[str]) -> str:
    return f" ({named(ids)})" if ids else ""


def _where(place: Place, at: Positions) -> str:
    line, column, _ = at[place]
    return f"{place.file}:{line}:{column}"


def _summary(done: Bumped, dry_run: bool) -> str:
    what = f"{done.what} {done.version}"
    if done.refusals:
        return f"{what}: refused, nothing was written"
    if not done.changes:
        return f"{what}: every pin has it already, nothing to do"
    files = count(len({each.file for each in done.changes}), "file")
    verb = "would be edited" if dry_run else "edited"
    return f"{what}: {count(len(done.changes), 'place')} in {files} {verb}"


def outdated_json(root: Path, found: Checked) -> Iterator[str]:
    """For programs, a pin a line."""
    at = locate(root, [place for row in found.rows for place in row.pinned.places])
    entries = [
        {
            "purl": row.pinned.purl,
            "name": row.pinned.component.name,
            "ecosystem": row.pinned.component.type,
            "version": row.pinned.component.version,
            "newest": row.newest,
            "state": row.state,
            "remark": row.remark,
            "places": [_position(place, at) for place in row.pinned.places],
            "images": row.pinned.images,
        }
        for row in found.rows
    ]
    return json_lines({"schema": 1}, {"pins": entries, "failures": [str(each) for each in found.failures]})


def outdated_text(root: Path, found: Checked) -> str:
    """For people: what is outdated, then what needs a remark, then the counts."""
    shown = [row for row in found.rows if row.state == "outdated" or row.remark]
    at = locate(root, [row.pinned.places[0] for row in shown])
    rows = [
        (
            printable(row.pinned.component.name),
            row.pinned.component.type,
            printable(row.pinned.component.version),
            printable(row.newest) or "-",
            _where(row.pinned.places[0], at) + _more(row),
            f"{len(row.pinned.images):,}",
            row.remark or "-",
        )
        for row in sorted(shown, key=lambda row: row.state != "outdated")
    ]
    heads = ("component", "ecosystem", "pinned", "newest", "where", "images", "remark")
    states = [row.state for row in found.rows]
    counts = ", ".join(
        f"{states.count(state):,} {state}" for state in ("outdated", "current", "unknown") if state in states
    )
    table = f"{columns(rows, heads)}\n\n" if rows else ""
    return f"{table}{count(len(states), 'pin')}: {counts or 'none to look up'}"


def _more(row: Row) -> str:
    others = len(row.pinned.places) - 1
    return f" (+{others})" if others else ""
