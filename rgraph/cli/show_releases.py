"""Releases, their notes and differences, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from msgspec import structs, to_builtins

from rgraph.cli.common import bold, columns, count, json_lines, named, printable
from rgraph.release.changes import Change, ExternalChange
from rgraph.release.cut import Cut
from rgraph.release.differences import Item
from rgraph.release.import_cfg import IMPORT
from rgraph.release.notes import Fixed, ImageNote
from rgraph.release.record import RECORD, Record, RecordedImage, encode, pretty
from rgraph.release.state import Stand
from rgraph.release.tests_to_run import TESTS
from rgraph.releasing import Listed, Side, Told
from rgraph.render.release_notes import NOTES, counts, single, summary, whole

_FOLDER = "generated/releases/{}/"


def cut_json(made: Cut | None) -> str:
    """A release that was cut, or none, for programs."""
    if made is None:
        return json.dumps({"schema": 1, "tag": None, "images": {}})
    tag = made.release.tag
    images = {id: list(entry.references) for id, entry in made.release.images.items()}
    return json.dumps({"schema": 1, "tag": tag, "folder": _FOLDER.format(tag), "images": images}, indent=2)


def cut_text(made: Cut) -> str:
    """A release that was cut, for people."""
    rows = [(planned.image.id, planned.state, ", ".join(planned.tags)) for planned in made.images]
    table = columns(rows, ("image", "state", "tags"))
    return f"{table}\n\nrelease {made.release.tag}: {count(len(rows), 'image')}"


def list_json(releases: Sequence[Listed]) -> Iterator[str]:
    """Releases for programs, one a line."""
    entries = (
        {
            "tag": each.tag,
            "date": each.date,
            "build": each.built,
            "retag": each.retagged,
            "recorded": each.recorded,
            "promoted": each.promoted,
        }
        for each in releases
    )
    return json_lines({"schema": 1}, {"releases": entries})


def list_text(releases: Sequence[Listed]) -> str:
    """Releases for people, in the order of their cuts."""
    rows = [
        (
            each.tag,
            each.date,
            str(len(each.built)),
            str(len(each.retagged)),
            "yes" if each.promoted else "no",
            named((*each.built, *each.retagged)) + ("" if each.recorded else " (no release.json)"),
        )
        for each in releases
    ]
    return columns(rows, ("release", "date", "built", "retagged", "promoted", "images"))


def record_json(record: Record, digests: Mapping[str, str]) -> str:
    """A release for programs: its `release.json`, and the digests of its images once they are known."""
    if not digests:
        return encode(record).decode().rstrip("\n")
    return pretty({**structs.asdict(record), "digests": digests}).decode().rstrip("\n")


def record_text(record: Record, digests: Mapping[str, str]) -> str:
    """What a release wrote down, for people; with digests once they are known."""
    heads = ("wave", "image", "state", "from", "tags", "tests", *(["digest"] if digests else []))
    rows = [
        (
            *(str(each.wave), each.id, each.state, each.source, _short(each), str(len(each.tests))),
            *([digests.get(each.id, "")] if digests else []),
        )
        for each in record.images
    ]
    folder, after = _FOLDER.format(record.tag), f", after {record.previous}" if record.previous else ""
    return "\n".join(
        [
            bold(f"release {record.tag} of {printable(record.catalogue.name)}, {record.date}{after}"),
            f"build {record.build}: {count(len(rows), 'image')} of {len(record.catalogue.images)}",
            f"in {folder}: {RECORD}, {IMPORT}, {TESTS}, {NOTES}",
            "",
            columns(rows, heads),
        ]
    )


def _short(image: RecordedImage) -> str:
    references = (*image.references.fixed, *image.references.floating)
    return ", ".join(each.rpartition(":")[2] for each in references)


def notes_text(told: Told) -> str:
    """Notes in Markdown, as a cut writes them; without the line break at their end."""
    if not told.image:
        return whole(told.notes, told.shown).rstrip("\n")
    found = (*told.notes.images, *told.notes.removed)
    return single(found[0], told.notes, told.shown).rstrip("\n") if found else _same(told)


def _same(told: Told) -> str:
    return f"{told.image} did not change: {_label(told.before)} -> {_label(told.after)}"


def told_json(told: Told) -> Iterator[str]:
    """A difference for programs, an image a line."""
    notes = told.notes
    head = {
        "schema": 1,
        "before": to_builtins(told.before),
        "after": to_builtins(told.after),
        "same": notes.same,
    }
    return json_lines(
        head,
        {
            "images": (_image(each, told) for each in notes.images),
            "removed": (_image(each, told) for each in notes.removed),
            "components": (
                {**_change(each.change), "by": each.by, "images": each.images} for each in notes.components
            ),
            "externals": ({**_external(each), "images": images} for each, images in notes.externals),
            "fixes": ({**_fixed(each.fixed), "by": each.by, "images": each.images} for each in notes.fixes),
        },
    )


def _image(note: ImageNote, told: Told) -> dict[str, object]:
    return {
        "id": note.id,
        "became": note.became,
        "before": to_builtins(note.before),
        "after": to_builtins(note.after),
        "tags": told.shown.tags.get(note.id, ()),
        "direct": [_change(each) for each in note.direct],
        "inherited": [
            {"by": each.by, "changes": [_change(change) for change in each.changes]}
            for each in note.inherited
        ],
        "externals": [_external(each) for each in note.externals],
        "parents": note.parents,
        "fixes": [{**_fixed(each), "by": each.by} for each in note.fixes],
        "holds": [{"by": by, "components": parts} for by, parts in note.holds],
    }


def _change(change: Change) -> dict[str, object]:
    return {
        "change": change.kind,
        "name": change.name,
        "type": change.type,
        "before": _item(change.before),
        "after": _item(change.after),
    }


def _item(item: Item | None) -> dict[str, object] | None:
    if item is None:
        return None
    part = item.part
    return {"purl": part.purl, "version": part.version, "license": part.license, "by": item.by}


def _external(change: ExternalChange) -> dict[str, object]:
    return {"name": change.name, "before": change.before or None, "after": change.after or None}


def _fixed(fixed: Fixed) -> dict[str, object]:
    return {"id": fixed.id, "name": fixed.name, "version": fixed.version}


def diff_text(told: Told) -> str:
    """A difference for people: advisories, components, Externals, images."""
    notes = told.notes
    head = f"{_label(told.before)} -> {_label(told.after)}: {counts(notes) or 'no images'}"
    if told.image and not (notes.images or notes.removed):
        return _same(told)
    tables = (_advisories(told), _components(told), _externals(told), _images(told))
    return "\n\n".join([bold(head), *filter(None, tables)])


def _label(side: Side) -> str:
    return printable(side.name) or side.kind


_Row = tuple[str, ...]


def _table(heads: _Row, rows: Sequence[_Row], told: Told, leave_out: Sequence[int] = ()) -> str:
    """A table; of one image without the columns that would name it again."""
    left = leave_out if told.image else ()

    def kept(row: _Row) -> _Row:
        return tuple(printable(cell) for index, cell in enumerate(row) if index not in left)

    return columns([kept(row) for row in rows], kept(heads)) if rows else ""


def _reached(ids: Sequence[str], told: Told) -> str:
    return named(ids, told.notes.same + len(told.notes.images))


def _advisories(told: Told) -> str:
    rows = [
        (each.fixed.id, f"{each.fixed.name} {each.fixed.version}".strip(), _reached(each.images, told))
        for each in told.notes.fixes
    ]
    return _table(("fixes", "by", "images"), rows, told, [2])


def _components(told: Told) -> str:
    rows = []
    for each in told.notes.components:
        change = each.change
        before, after = (_version(item, change) for item in (change.before, change.after))
        name = f"{change.name} ({change.type})"
        rows.append((change.kind, name, before, after, named(each.by), _reached(each.images, told)))
    heads = ("change", "component", "before", "after", "brought by", "images")
    return _table(heads, rows, told, [5])


def _version(item: Item | None, change: Change) -> str:
    if item is None:
        return "-"
    part = item.part
    versions = {each.part.version for each in (change.before, change.after) if each}
    text = part.purl if change.kind == "changed" and len(versions) == 1 else part.version or "no version"
    return f"{text}, {part.license or 'licence not known'}" if change.relicensed else text


def _externals(told: Told) -> str:
    rows = [
        (each.name, each.before or "-", each.after or "-", _reached(images, told))
        for each, images in told.notes.externals
    ]
    return _table(("External", "before", "after", "images"), rows, told, [3])


def _release(stand: Stand | None) -> str:
    return "-" if stand is None else stand.tag or "not released"


def _images(told: Told) -> str:
    rows = [
        (note.became, note.id, *(_release(stand) for stand in (note.before, note.after)))
        for note in (*told.notes.images, *told.notes.removed)
    ]
    summaries = [summary(note, str) for note in (*told.notes.images, *told.notes.removed)]
    complete = [(*row, text) for row, text in zip(rows, summaries, strict=True)]
    return _table(("state", "image", "before", "after", "what changed"), complete, told)
