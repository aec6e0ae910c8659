"""Release notes as values: what can be said of the difference of two states, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final, Literal

from msgspec import Struct

from rgraph.release.changes import CONTENT, Change, ExternalChange, changes, external_changes
from rgraph.release.differences import Difference, ImageDifference, Item
from rgraph.release.record import Part
from rgraph.release.shadows import held, shadowed
from rgraph.release.state import Holding, Stand, State

Became = Literal["new", "changed", "returned", "retagged", "unknown", "removed"]
"""What became of an image. `returned`: to content that it had before the release it is compared with;
`retagged`: it has the same content, and was given tags; `unknown`: it has other content, and a record is
missing that would say which; `removed`: the catalogue has it no more."""


class Fixed(Struct, frozen=True, order=True):
    """An advisory that a new pin says it is there for."""

    id: str
    name: str
    version: str
    by: str


class Inherited(Struct, frozen=True):
    """What an image or External hands on."""

    by: str
    changes: tuple[Change, ...]


class ImageNote(Struct, frozen=True):
    """What is said of one image."""

    id: str
    became: Became
    before: Stand | None
    after: Stand | None
    direct: tuple[Change, ...] = ()
    """What its own steps bring otherwise. Of a new image this and the next are empty: all is new."""
    inherited: tuple[Inherited, ...] = ()
    """By image or External, in the order of their names."""
    externals: tuple[ExternalChange, ...] = ()
    """Externals that it stands on or takes from, also by way of its parents."""
    parents: tuple[str, ...] = ()
    """Images that it stands on or takes from that have other content, too."""
    fixes: tuple[Fixed, ...] = ()
    """Of a new image those of all its pins."""
    holds: tuple[tuple[str, tuple[Part, ...]], ...] = ()
    """Of a new image: its components, by who brings them; itself first."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes of its components."""
        return (*self.direct, *(change for each in self.inherited for change in each.changes))

    @property
    def silent(self) -> bool:
        """Whether it has other content, but neither other components nor other Externals."""
        return self.became in ("changed", "returned") and not (self.changes or self.externals)


class Spread(Struct, frozen=True):
    """A change of a component, whoever brings it."""

    change: Change
    """As it is where it comes first."""
    by: tuple[str, ...]
    """Images and Externals that bring it, in the order in which they are met."""
    images: tuple[str, ...]
    """Images that it reached, in order."""


class Cure(Struct, frozen=True):
    """An advisory that a new pin says it is there for, whoever brings it."""

    fixed: Fixed
    by: tuple[str, ...]
    images: tuple[str, ...]


class Notes(Struct, frozen=True):
    """What is said of a release, or of all from one to another."""

    before: str
    """The release that it is compared with; empty if there is none before it."""
    after: str
    """The release; empty for the catalogue as it is now."""
    images: tuple[ImageNote, ...]
    """The new, changed and returned ones, by wave and id."""
    removed: tuple[ImageNote, ...]
    """By id."""
    same: int
    """Images that are as they were."""

    @property
    def components(self) -> tuple[Spread, ...]:
        """Each change once: upgrades first, then the rest as CONTENT has it; by name."""
        found: dict[tuple[object, ...], tuple[Change, dict[str, None], dict[str, None]]] = {}
        for note in self.images:
            for change in note.changes:
                parts = (each.part if each else None for each in (change.before, change.after))
                _, by, images = found.setdefault((change.kind, *parts), (change, {}, {}))
                by[change.by] = images[note.id] = None
        # Images come by wave: the one that brings a component comes before those that inherit it.
        spread = [Spread(change, tuple(by), tuple(ids)) for change, by, ids in found.values()]
        return tuple(sorted(spread, key=lambda each: (CONTENT.index(each.change.kind), each.change.place)))

    @property
    def externals(self) -> tuple[tuple[ExternalChange, tuple[str, ...]], ...]:
        """Each External that another reference stands for, or that is new or gone, with the images."""
        found: dict[ExternalChange, list[str]] = {}
        for note in self.images:
            for change in note.externals:
                found.setdefault(change, []).append(note.id)
        return tuple((change, tuple(found[change])) for change in sorted(found))

    @property
    def fixes(self) -> tuple[Cure, ...]:
        """Each advisory with each pin for it."""
        found: dict[tuple[str, str, str], tuple[Fixed, dict[str, None], dict[str, None]]] = {}
        for note in self.images:
            for fixed in note.fixes:
                _, by, images = found.setdefault((fixed.id, fixed.name, fixed.version), (fixed, {}, {}))
                by[fixed.by] = images[note.id] = None
        cures = (Cure(fixed, tuple(by), tuple(images)) for fixed, by, images in found.values())
        return tuple(sorted(cures, key=lambda each: _advisory(each.fixed)))


def notes(
    before: State,
    after: State,
    difference: Difference,
    earlier: Collection[str] = (),
    released: Collection[str] = (),
) -> Notes:
    """The notes of the difference of two states.

    `earlier` are the releases up to that of `before`; `released` the images of the release itself, also
    those that have the content that they had.
    """
    images = []
    for id, holding in after.images.items():
        if id in difference:
            images.append(_note(before, after, id, difference, earlier))
        elif id in released:
            images.append(ImageNote(id, "retagged", holding.stand, holding.stand))
    removed = (
        ImageNote(id, "removed", change.before, None)
        for id, change in difference.items()
        if change.after is None
    )
    same = len(after.images) - len(images)
    return Notes(before.tag, after.tag, tuple(images), tuple(removed), same)


def only(told: Notes, id: str) -> Notes:
    """What notes say of one image."""
    images = tuple(each for each in told.images if each.id == id)
    removed = tuple(each for each in told.removed if each.id == id)
    return Notes(told.before, told.after, images, removed, 0 if images or removed else 1)


def _note(
    before: State, after: State, id: str, difference: Difference, earlier: Collection[str]
) -> ImageNote:
    change, holding = held(before, after, id, difference[id]), after.images[id]
    if change.unknown:
        return ImageNote(id, "unknown", change.before, change.after)
    if change.before is None:
        return _first(after, id, change, holding)
    told = [each for each in changes(change) if each.kind in CONTENT]
    inherited: dict[str, list[Change]] = {}
    for each in told:
        inherited.setdefault(each.by, []).append(each)
    return ImageNote(
        id,
        "returned" if change.after and change.after.tag in earlier else "changed",
        change.before,
        change.after,
        tuple(inherited.pop(id, ())),
        tuple(Inherited(by, tuple(inherited[by])) for by in sorted(inherited)),
        external_changes(change),
        tuple(each for each in dict.fromkeys(holding.parents) if _has_changed(each, difference)),
        tuple(sorted({fixed for each in told for fixed in _fixed(each)}, key=_advisory)),
    )


def _has_changed(id: str, difference: Difference) -> bool:
    return id in difference and difference[id].after is not None


def _first(after: State, id: str, change: ImageDifference, holding: Holding) -> ImageNote:
    holds = tuple((name, after.parts[name]) for name in holding.bringers if after.parts[name])
    fixing = [(by, part) for by, parts in holds for part in parts if part.fixes]
    hidden = shadowed(after, id, {part.name for _, part in fixing})
    fixes = {
        Fixed(advisory, part.name, part.version, by)
        for by, part in fixing
        if Item(part, by) not in hidden
        for advisory in part.fixes
    }
    ordered = tuple(sorted(fixes, key=_advisory))
    return ImageNote(id, "new", None, change.after, fixes=ordered, holds=holds)


def _fixed(change: Change) -> Iterable[Fixed]:
    assert change.after is not None or not change.fixed, "what is gone fixes nothing"
    if change.after is not None:
        part = change.after.part
        for id in change.fixed:
            yield Fixed(id, part.name, part.version, change.after.by)


_NUMBER = re.compile(r"[0-9]+")


def _advisory(fixed: Fixed) -> tuple[str, tuple[int, ...], Fixed]:
    """By kind, then year and number as numbers."""
    kind = fixed.id.partition("-")[0]
    # Not int() of anything longer: Python refuses to read thousands of digits.
    numbers = tuple(int(each) for each in _NUMBER.findall(fixed.id) if len(each) < 20)
    return kind, numbers, fixed


_PAGES: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "CVE": (re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}"), "https://nvd.nist.gov/vuln/detail/{}"),
    "GHSA": (
        re.compile(r"GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}"),
        "https://github.com/advisories/{}",
    ),
    "USN": (re.compile(r"USN-[0-9]{1,6}-[0-9]{1,3}"), "https://ubuntu.com/security/notices/{}"),
}
"""Kind of an advisory's id -> its grammar (CVE Record Format; GitHub's "About GHSA IDs"; Ubuntu's security
notices), and the page about it."""


def page_of(advisory: str) -> str:
    """The address of the page about an advisory; empty for an id of a kind that is not known."""
    known = _PAGES.get(advisory.partition("-")[0])
    return known[1].format(advisory) if known and known[0].fullmatch(advisory) else ""
