"""Siblings that differ in one pin: images of one layer, and images of one kind on the same parent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from rgraph.audit.interface import Finding, Rule
from rgraph.audit.licensing.facts import few
from rgraph.audit.relations.naming import Said, fits, names_of, plain_name, said_in
from rgraph.audit.relations.owners import Owners
from rgraph.audit.subject import Subject, plain_purl
from rgraph.inventory import Declared
from rgraph.versions import version_key

SIBLING_DRIFT = Rule(
    "RG307", "sibling-drift", "warning", "Images that should be alike have a component in different versions."
)

_Key = tuple[str, str, str, str, str]
"""Type, namespace, name, distribution (of debs), and how it is pinned."""

_Pins = Mapping[str, list[Declared]]
"""Image id -> how its own steps declare a component."""


class _Group(Struct, frozen=True):
    """Siblings that have a component, by what they have of it."""

    called: str
    """As messages call them."""
    name: str
    """What waivers may name."""
    pins: _Pins
    by_version: dict[str, list[str]]
    """Version, or several -> image ids; what is right first."""


def check(subject: Subject) -> Iterator[Finding]:
    """Findings of RG307: layers first; of what they name, other groups say nothing again."""
    names, owners = _Names(subject), Owners(subject.catalog)
    for key, pins in _pinned(subject).items():
        shown = {id: _shown(declared) for id, declared in pins.items()}
        if len(set(shown.values())) > 1:
            for group in _drifted(subject, names, pins, shown):
                yield _finding(subject, owners, key, group)


def _pinned(subject: Subject) -> dict[_Key, dict[str, list[Declared]]]:
    """All pins of images' own steps, by component."""
    found: dict[_Key, dict[str, list[Declared]]] = {}
    for brought in subject.components:
        declared = brought.declared
        component = declared.component
        if declared.version:
            pin = "version" if component.version else component.pinned_by.partition(" ")[0]
            for id in brought.bringers:
                if id in subject.images:
                    # Each distribution has its own versions of its packages.
                    of = subject.inventory.distribution(id) if component.type == "deb" else ""
                    key = component.type, component.namespace, component.name, of, pin
                    found.setdefault(key, {}).setdefault(id, []).append(declared)
    return found


def _shown(declared: list[Declared]) -> str:
    if len(declared) == 1:
        return declared[0].version
    return " and ".join(sorted({each.version for each in declared}, key=version_key))


def _drifted(subject: Subject, names: _Names, pins: _Pins, shown: Mapping[str, str]) -> Iterator[_Group]:
    """The groups of siblings that differ in a component."""
    layers: dict[str, list[str]] = {}
    parents: dict[tuple[str, str], list[str]] = {}
    for id in subject.in_order(pins):
        image = subject.images[id]
        layers.setdefault(image.layer, []).append(id)
        parents.setdefault((image.kind, image.parent.to), []).append(id)
    behind: set[str] = set()
    for layer, ids in layers.items():
        if found := _differing(names, pins, shown, ids):
            behind.update(id for group in list(found.values())[1:] for id in group)
            yield _Group(f"the images of `{layer}`", layer, pins, found)
    for (kind, parent), ids in parents.items():
        left = [id for id in ids if id not in behind]
        several = len({subject.images[id].layer for id in left}) > 1
        if several and (found := _differing(names, pins, shown, left)):
            yield _Group(f"the images of kind {kind} on `{parent}`", parent, pins, found)


def _differing(
    names: _Names, pins: _Pins, shown: Mapping[str, str], ids: list[str]
) -> dict[str, list[str]] | None:
    """What some images have, what most have first; of as many, the newest. None if they do not differ."""
    if len({shown[id] for id in ids}) < 2:
        return None
    found: dict[str, list[str]] = {}
    for id in ids:
        if not names.tell(id, pins[id]):
            found.setdefault(shown[id], []).append(id)
    order = sorted(found, key=lambda each: (len(found[each]), version_key(each)), reverse=True)
    return {each: found[each] for each in order} if len(found) > 1 else None


class _Names:
    """Whether the names of images say versions: that explains a difference."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._said: dict[str, tuple[Said, ...]] = {}

    def tell(self, id: str, pins: Iterable[Declared]) -> bool:
        """Whether an image's names say all versions of a component."""
        if id not in self._said:
            self._said[id] = said_in(names_of(self._subject.images[id], self._subject.catalog))
        return all(_tells(self._said[id], each) for each in pins)


def _tells(said: Iterable[Said], declared: Declared) -> bool:
    version, name = declared.component.version, plain_name(declared.component.name)
    # A version with a dot under any name: `mpi4.1.0` is Open MPI's.
    return bool(version) and any(
        (each.name == name or "." in each.version) and fits(each.version, version) for each in said
    )


def _finding(subject: Subject, owners: Owners, key: _Key, group: _Group) -> Finding:
    (most, their_ids), *others = group.by_version.items()
    least, ids = others[-1]
    first = group.pins[ids[0]][0]
    rest = ", and ".join(f"{version} in {few(f'`{id}`' for id in each)}" for version, each in others)
    what = f"`{first.name}` ({key[0]}) is {most} in {len(their_ids)} of {group.called}, but {rest}"
    help = "give them one version, or let the names tell the difference"
    there = group.pins[their_ids[0]][0].place
    place = owners.seen_from(subject.catalog.layers[subject.images[ids[0]].layer], first.place)
    related = {there: f"{most} comes from here"}
    related[first.place] = f"{least} comes from here" if there != first.place else "both come from here"
    also = tuple((each, how) for each, how in related.items() if each != place)
    images = subject.in_order(id for _, each in others for id in each)
    name = plain_purl(first.purl)
    return Finding(SIBLING_DRIFT, place, what, name, help, images, (group.name,), also)
