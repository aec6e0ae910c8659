"""What a build did, as text and as JSON."""

from __future__ import annotations

from rgraph.building import Done
from rgraph.builds.record import BuiltImage
from rgraph.cli.common import columns, printable, shortened

SCHEMA = 1
_LONGEST = 100
"""Characters of a reason in the table; its log has all of it."""


def build_json(done: Done) -> str:
    """For programs."""
    import msgspec

    images = [
        {"id": id, "wave": done.waves[id], **msgspec.structs.asdict(image), "log": _log(done, image)}
        for id, image in done.images.items()
    ]
    value = {
        "schema": SCHEMA,
        "number": done.number,
        "pushed": done.pushed,
        "folder": str(done.folder),
        "well": done.is_well,
        "images": images,
        "problems": done.problems,
        "failure": str(done.failure) if done.failure else None,
    }
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def build_text(done: Done) -> str:
    """For people: a table of all images, and the counts."""
    rows = [
        (
            id,
            image.state,
            f"{image.seconds:.1f} s" if image.seconds else "-",
            (image.digest or image.image_id)[:19] or "-",
            _reference(image) if image.is_there else printable(shortened(image.reason))[:_LONGEST],
        )
        for id, image in done.images.items()
    ]
    table = columns(rows, ("image", "state", "time", "digest", "reference or reason")) if rows else ""
    logs = [
        f"  {id}: {_log(done, image)}"
        for id, image in done.images.items()
        if image.log and not image.is_there and image.state != "skipped"
    ]
    parts = [table, "\n".join(["logs:", *logs]) if logs else "", _summary(done)]
    return "\n\n".join(part for part in parts if part)


def _summary(done: Done) -> str:
    states = [image.state for image in done.images.values()]
    counts = [
        f"{states.count(state):,} {word}"
        for state, word in (
            ("built", "built"),
            ("present", "there already"),
            ("failed", "failed"),
            ("timeout", "took too long"),
            ("skipped", "skipped"),
        )
        if state in states
    ]
    return f"build {done.number}: {', '.join(counts) or 'nothing to build'}"


def _reference(image: BuiltImage) -> str:
    return image.reference


def _log(done: Done, image: BuiltImage) -> str:
    return str(done.folder / image.log) if image.log else ""
