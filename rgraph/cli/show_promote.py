"""What became of a promotion, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from rgraph.cli.common import bold, columns, count, json_lines, note, printable
from rgraph.promoting import Promoted
from rgraph.promotion.judging import Step
from rgraph.promotion.tested import Obstacle

_SHORT = 19
"""Characters of a digest that tell it from all others of a catalogue, `sha256:` included."""
_WORDS = {"there": "", "new": " (new)", "moves": " (moves)", "elsewhere": " (leads elsewhere by now)"}


def promoted_json(done: Promoted) -> Iterator[str]:
    """For programs: an image, and an obstacle, a line."""
    head = {
        "schema": 1,
        "release": done.release,
        "build": done.number,
        "dry_run": done.dry_run,
        "promoted": done.is_well and not done.dry_run,
        "changed": done.changes,
        "noted": done.is_noted,
        "deleted": done.deleted,
        "not_deleted": sorted(done.not_deleted),
    }
    lists = {
        "images": map(_image, done.verdict.steps),
        "failures": map(_obstacle, done.failures),
        "obstacles": map(_obstacle, done.verdict.obstacles),
        "remarks": map(_obstacle, done.verdict.remarks),
    }
    return json_lines(head, lists)


def _image(step: Step) -> dict[str, object]:
    return {
        "id": step.image.id,
        "fingerprint": step.image.fingerprint,
        "digest": step.digest,
        "source": step.source,
        "copied_to": step.copies,
        "references": [
            {"reference": tag.target.reference, "floating": tag.target.floating, "state": tag.state}
            for tag in step.tags
        ],
    }


def _obstacle(each: Obstacle) -> dict[str, object]:
    return {"image": each.image, "what": each.what, "help": each.help}


def promoted_text(done: Promoted) -> list[str]:
    """For people."""
    if done.failures:
        return ["\n".join([_obstacles(done.failures), "", *_deleted(done)])]
    if done.verdict.obstacles:
        number = count(len(done.verdict.obstacles), "obstacle")
        return ["\n".join([_obstacles(done.verdict.obstacles), "", f"{number}: nothing was promoted"])]
    rows = [
        (
            step.image.id,
            step.digest[:_SHORT],
            ", ".join(tag.target.reference.rpartition(":")[2] + _WORDS[tag.state] for tag in step.tags),
        )
        for step in done.verdict.steps
    ]
    return ["\n".join([columns(rows, ("image", "digest", "tags")), "", bold(_summary(done))])]


def _obstacles(found: tuple[Obstacle, ...]) -> str:
    lines = []
    for each in found:
        lines.append(f"{each.image}: {printable(each.what)}")
        if each.help:
            lines.append(f"  help: {printable(each.help)}")
    return "\n".join(lines)


def _deleted(done: Promoted) -> Iterator[str]:
    failed = count(len({each.image for each in done.failures}), "image")
    yield f"build {done.number}: {failed} failed, so nothing was promoted"
    if done.deleted:
        verb = "would be deleted" if done.dry_run else "were deleted"
        yield f"{count(len(done.deleted), 'tag')} of it in staging {verb}:"
        yield from (f"  {each}" for each in done.deleted)


def _summary(done: Promoted) -> str:
    images = count(len(done.verdict.steps), "image")
    if done.dry_run:
        what = "would be promoted" if done.changes else "has nothing left to promote"
        return f"release {done.release} {what}: {images} (nothing was written: --dry-run)"
    if done.changes or done.is_noted:
        return f"release {done.release} was promoted: {images}, digests in the ledger"
    return f"release {done.release} was promoted before: {images}, nothing to change"


def note_rest(done: Promoted) -> None:
    """On stderr: what is strange, and what could not be deleted."""
    for each in done.verdict.remarks:
        note(f"{each.image}: {each.what}" + (f" ({each.help})" if each.help else ""))
    for reference, error in done.not_deleted.items():
        note(f"{reference} was not deleted: {error.why}")
