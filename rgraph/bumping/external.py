"""Another tag of an External: the one pin of a catalogue that is no component's."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct, field, structs

from rgraph.bumping.interface import Ask, Edit, Left, Refusal
from rgraph.bumping.written import token
from rgraph.catalog import Catalog, External
from rgraph.errors import Problems, UsageError
from rgraph.manifest.document import convert
from rgraph.manifest.external import ExternalsManifest
from rgraph.names import Bad, ImageReference, reference
from rgraph.resolve import Resolved
from rgraph.suggest import listed


class Retagged(Struct):
    """What another tag of an External asks for."""

    name: str
    direct: tuple[str, ...]
    """Images that stand upon it or copy from it, in order."""
    edits: list[Edit] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def find_external(catalog: Catalog, name: str, only: str) -> str:
    """The External that a name means: its own, that of its repository, or the last part of that; empty if
    there is none. `only` is the tag that it must have, if one is said. Raises UsageError if it is several.
    """
    found = []
    for each, external in catalog.externals.items():
        repository, tag = _parts(external)
        if name in (each, repository, repository.rpartition("/")[2]) and only in ("", tag):
            found.append(each)
    if name in found or len(found) == 1:
        return name if name in found else found[0]
    if found:
        raise UsageError(f"`{name}` is {len(found)} Externals", f"name one of {listed(found)}")
    return ""


def _parts(external: External) -> tuple[str, str]:
    made = reference(external.manifest.reference)
    return (made.name, made.tag) if isinstance(made, ImageReference) else ("", "")


def retag(resolved: Resolved, name: str, ask: Ask, ids: Sequence[str] | None) -> Retagged:
    """The edit that gives an External another tag, or why there can be none."""
    catalog = resolved.catalog
    external = catalog.externals[name]
    made = reference(external.manifest.reference)
    users = [id for id, image in resolved.images.items() if any(edge.to == name for edge in image.edges)]
    found = Retagged(name, tuple(users))
    if not isinstance(made, ImageReference) or made.tag == ask.new:
        found.direct = ()
        return found
    if isinstance(bad := reference(structs.replace(made, tag=ask.new).text()), Bad):
        raise UsageError(bad.what, bad.help)
    place = external.place.at("reference")
    refusal = _forbidden(external, made, ask, users, ids)
    if refusal is not None:
        found.refusals.append(refusal)
    if made.tag:
        found.edits.append(Edit(place.file, place.path, len(made.name) + 1, made.tag, ask.new))
    if external.digest and not made.digest:
        why = "its digest is in the lock, which has none of the new tag: run `rgraph lock`"
        found.left.append(Left(place, why, found.direct))
    if external.manifest.end_of_life:
        why = f"`{external.manifest.end_of_life}` was said of `{made.tag}`: see whether it holds"
        found.left.append(Left(external.place.at("end_of_life"), why, found.direct))
    return found


def _forbidden(
    external: External, made: ImageReference, ask: Ask, users: Sequence[str], ids: Collection[str] | None
) -> Refusal | None:
    place, images = external.place.at("reference"), tuple(users)
    if made.digest:
        return Refusal(place, "the reference has a digest, which is one image's", "edit it yourself", images)
    if not made.tag:
        return Refusal(place, "the reference has no tag to change", "write one", images)
    if ask.is_downgrade(made.tag):
        what = f"`{ask.new}` is older than `{made.tag}`"
        return Refusal(place, what, "`--downgrade` if you mean it", images)
    others = () if ids is None else tuple(id for id in users if id not in frozenset(ids))
    if others:
        what = "the External is shared with images that are not selected"
        return Refusal(place, what, "select them too, or make another External for the selected ones", others)
    said = _said(external, made.tag, ask.new)
    if said is not None:
        path, what = said
        help = "make another External of it, and name that one in `from`; or edit all of it yourself"
        return Refusal(external.place.at(*path) if path else external.place, what, help, images)
    return None


def _said(external: External, old: str, new: str) -> tuple[tuple[str | int, ...], str] | None:
    """What an External says of itself that is true of one tag: where, and as a sentence."""
    written = external.manifest
    for index, purl in enumerate(written.provides):
        if "@" in purl:
            return ("provides", index), f"`{purl}` is what `{old}` brings: of `{new}` it is not known"
    if written.os_version:
        return ("os_version",), f"`{written.os_version}` is what `{old}` is: of `{new}` it is not known"
    for name, value in written.capabilities.items():
        if not isinstance(value, bool):
            what = f"`{name}: {value}` is what `{old}` has: of `{new}` it is not known"
            return ("capabilities", name), what
    for number in re.findall(r"[0-9]+(?:\.[0-9]+)+", old):
        if number not in new and token(number).search(external.name):
            return (), f"`{external.name}` is named for `{old}`"
        if number not in new and token(number).search(written.distribution):
            return ("distribution",), f"`{written.distribution}` is what `{old}` is"
    return None


def judge_retagged(before: Catalog, documents: Mapping[str, Any], name: str, new: str) -> tuple[Refusal, ...]:
    """Why edited documents must not be written; nothing if only the External's tag is another."""
    problems = Problems()
    here = before.externals[name]
    made = reference(here.manifest.reference)
    wanted = structs.replace(made, tag=new).text() if isinstance(made, ImageReference) else ""
    for file, data in documents.items():
        manifest = convert(file, data, problems)
        externals = manifest.externals if isinstance(manifest, ExternalsManifest) else {}
        for each, external in before.externals.items():
            if external.place.file == file:
                reference_ = wanted if each == name else external.manifest.reference
                if each not in externals or externals[each].reference != reference_:
                    return (Refusal(external.place, f"`{each}` would change too", "edit it yourself"),)
    return tuple(Refusal(each.place, f"then {each.what}", each.help) for each in problems)
