"""Release notes in Markdown, for each image and for the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from rgraph.release.changes import Change, ExternalChange
from rgraph.release.differences import Item
from rgraph.release.notes import Became, Fixed, ImageNote, Notes, Spread, page_of
from rgraph.release.record import Part, Record, RecordedImage, date_of
from rgraph.render.templating import table, template

NOTES: Final = "notes.md"
IMAGE_NOTES: Final = "notes/{folder}.md"

_FEW = 3
"""Images that are named where there are more; the rest is counted."""
_NONE = "-"

_COUNTED: Final[Mapping[Became, str]] = {
    "new": "{} new",
    "changed": "{} changed",
    "returned": "{} back to earlier content",
    "retagged": "{} with other tags only",
    "unknown": "{} of which no earlier record is there",
}


class About(Struct, frozen=True):
    """What notes show of a release beside what they say."""

    name: str
    """Of the catalogue."""
    tags: Mapping[str, tuple[str, ...]]
    """Image id -> the references that it was given, with the registry."""
    pages: Mapping[str, str]
    """Image id -> path of its own notes, beside those of the whole."""
    first: str = ""
    """The first of the releases that they are about, where they are about several."""


def about_releases(records: Sequence[Record], *, pages: bool = False) -> About:
    """What notes of some releases show of them, in the order of their cuts, at least one.

    `pages`: whether the notes of the images are to be linked, which stand beside those of one release.
    """
    last = records[-1]
    return About(
        last.catalogue.name,
        {image.id: _addresses(record, image) for record in records for image in record.images},
        {image.id: page(image.folder) for image in last.images} if pages else {},
        records[0].tag if len(records) > 1 else "",
    )


def about_now(name: str) -> About:
    """What notes of a catalogue show that was not released: its images have no tags yet."""
    return About(name, {}, {})


def _addresses(record: Record, image: RecordedImage) -> tuple[str, ...]:
    registry = record.catalogue.registry
    references = (*image.references.fixed, *image.references.floating)
    return tuple(f"{registry}/{each}" if registry else each for each in references)


def page(folder: str) -> str:
    """Path of the notes of an image, within the folder of a release."""
    return IMAGE_NOTES.format(folder=folder)


def whole(notes: Notes, shown: About) -> str:
    """The notes of a release, or of all from one to another."""
    return _rendered(
        "release.md.j2",
        title=_title(notes, shown),
        compared=_compared(notes, shown),
        name=code(shown.name),
        before=notes.before,
        date=date_of(notes.after) if notes.after else "",
        counts=counts(notes),
        fixes=[f"{_fix(each.fixed)}, in {_few(each.images)}" for each in notes.fixes],
        components=_components(notes.components),
        externals=_externals(notes.externals),
        images=table(
            ("image", "tags", "what changed"),
            [
                (_linked(note, shown), _codes(shown.tags.get(note.id, ())), summary(note, code))
                for note in notes.images
            ],
        )
        if notes.images
        else "",
        removed=[code(note.id) for note in notes.removed],
    )


def single(note: ImageNote, notes: Notes, shown: About) -> str:
    """The notes of one image."""
    return _rendered(
        "release-image.md.j2",
        id=note.id,
        title=_title(notes, shown),
        before=note.before.tag if note.before else "",
        compared=notes.before,
        after=note.after.tag if note.after else "",
        became=note.became,
        silent=note.silent,
        tags=[code(each) for each in shown.tags.get(note.id, ())],
        parents=_codes(note.parents),
        fixes=[
            _fix(fixed) + (f", of {code(fixed.by)}" if fixed.by != note.id else "") for fixed in note.fixes
        ],
        own=_own(note.direct),
        inherited=[(code(each.by), _own(each.changes)) for each in note.inherited],
        externals=_externals([(change, ()) for change in note.externals]),
        holds=[(code(by), by == note.id, _held(parts)) for by, parts in note.holds],
    )


def code(text: str) -> str:
    """A text that means nothing to Markdown, on one line; it may stand in a cell of a table.

    In a code span nothing is markup but backticks (CommonMark 6.1) and, in a table, `|` and the
    backslash before it; a text with one of them is written in numeric references, which are never markup
    (CommonMark 2.5).
    """
    plain = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    if not plain:
        return _NONE
    if not any(each in plain for each in "`|\\"):
        return f"`{plain}`"
    return "".join(each if each.isalnum() or each == " " else f"&#{ord(each)};" for each in plain)


def _rendered(layout: str, /, **values: object) -> str:
    return f"{template(layout).render(**values).strip()}\n"


def _title(notes: Notes, shown: About) -> str:
    if not notes.after:
        return "The catalogue as it is now"
    return f"Releases {shown.first} to {notes.after}" if shown.first else f"Release {notes.after}"


def _compared(notes: Notes, shown: About) -> str:
    if notes.before:
        return f"Compared with {notes.before}"
    return "From the first release on" if shown.first or not notes.after else "The first release"


def counts(notes: Notes) -> str:
    """How many images became what, in words."""
    became = [note.became for note in notes.images]
    found = [text.format(became.count(key)) for key, text in _COUNTED.items() if key in became]
    if notes.removed:
        found.append(f"{len(notes.removed)} no longer there")
    if notes.same:
        found.append(f"{notes.same} as before")
    return ", ".join(found)


def _linked(note: ImageNote, shown: About) -> str:
    path = shown.pages.get(note.id)
    return f"[{code(note.id)}]({path})" if path else code(note.id)


def summary(note: ImageNote, shown: Callable[[str], str]) -> str:
    """What became of an image, in a few words; `shown` writes a name as it may stand there."""
    before, after = (each.tag if each else "" for each in (note.before, note.after))
    match note.became:
        case "new":
            number = sum(len(parts) for _, parts in note.holds)
            return f"new, {_counted(number, 'component', 'components')}"
        case "unknown":
            return f"not known: the record of {before} is missing"
        case "removed":
            return "no longer in the catalogue"
        case "retagged":
            return f"tags only: its content is that of {after}"
    inherited = [change.name for each in note.inherited for change in each.changes]
    parts = (
        ("component of its own", "components of its own", [change.name for change in note.direct]),
        ("inherited component", "inherited components", inherited),
        ("External", "Externals", [each.name for each in note.externals]),
    )
    told = [f"{_counted(len(names), *kinds)}{_named(names, shown)}" for *kinds, names in parts if names]
    text = "; ".join(told) or "no component and no External"
    return f"back to {after}: {text}" if note.became == "returned" else text


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _named(names: Sequence[str], shown: Callable[[str], str]) -> str:
    """The names, if they are few."""
    found = dict.fromkeys(names)
    return f" ({', '.join(map(shown, found))})" if len(found) <= _FEW else ""


def _fix(fixed: Fixed) -> str:
    page = page_of(fixed.id)
    id = f"[{fixed.id}]({page})" if page else code(fixed.id)
    return f"{id}: {code(' '.join(text for text in (fixed.name, fixed.version) if text))}"


def _components(spreads: Iterable[Spread]) -> str:
    rows = [(*_cells(each.change), _few(each.by), _few(each.images)) for each in spreads]
    return table(("change", "component", "before", "after", "brought by", "images"), rows) if rows else ""


def _own(changes: Iterable[Change]) -> str:
    rows = [_cells(change) for change in changes]
    return table(("change", "component", "before", "after"), rows) if rows else ""


def _cells(change: Change) -> tuple[str, str, str, str]:
    before, after = change.before, change.after
    elsewhere = bool(before and after and before.part.version == after.part.version)
    return (
        change.kind,
        f"{code(change.name)} ({change.type})",
        _state(before, change.relicensed, elsewhere and change.kind == "changed"),
        _state(after, change.relicensed, elsewhere and change.kind == "changed"),
    )


def _state(item: Item | None, license: bool, purl: bool) -> str:
    if item is None:
        return _NONE
    part = item.part
    text = code(part.purl if purl else part.version or "no version declared")
    return f"{text}, licence {code(part.license or 'not known')}" if license else text


def _held(parts: Iterable[Part]) -> str:
    rows = [
        (code(each.name), code(each.version or "no version declared"), code(each.license or "not known"))
        for each in parts
    ]
    return table(("component", "version", "licence"), rows)


def _externals(changes: Iterable[tuple[ExternalChange, Sequence[str]]]) -> str:
    told = list(changes)
    rows = [(code(each.name), code(each.before), code(each.after)) for each, _ in told]
    if not any(ids for _, ids in told):
        return table(("External", "before", "after"), rows) if rows else ""
    spread = [(*row, _few(ids)) for row, (_, ids) in zip(rows, told, strict=True)]
    return table(("External", "before", "after", "images"), spread)


def _few(ids: Sequence[str]) -> str:
    if len(ids) <= _FEW + 1:
        return _codes(ids)
    return f"{_codes(ids[:_FEW])} and {len(ids) - _FEW} more"


def _codes(texts: Sequence[str]) -> str:
    return ", ".join(map(code, texts))
