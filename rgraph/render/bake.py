"""docker-bake.json: one solve builds the whole chain, each image upon the target of its parent.

Source: buildx, "Bake file reference" (`contexts` with `target:`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from rgraph.image import Image
from rgraph.render.view import View
from rgraph.render_names import COMBINED

_SECRET = re.compile(r"--mount=type=secret,id=([A-Za-z_][A-Za-z0-9_]*)")


def target_names(ids: Iterable[str]) -> dict[str, str]:
    """Image id -> name of its target. Bake admits letters, digits, `_` and `-` only; ids that would
    meet get a part of their hash.
    """
    plain = {id: re.sub(r"[^A-Za-z0-9_-]", "_", id) for id in ids}
    count: dict[str, int] = {}
    for name in plain.values():
        count[name] = count.get(name, 0) + 1
    return {
        id: name if count[name] == 1 else f"{name}-{hashlib.sha256(id.encode()).hexdigest()[:8]}"
        for id, name in plain.items()
    }


def bake_json(view: View) -> str:
    """The bake file. Paths are relative to the catalogue's folder, where bake is to be run.

    Targets have floating tags only: a release's tag is never pushed a second time.
    """
    images = view.resolved.images
    document = bake_document(view, images, {id: image.floating_tags for id, image in images.items()})
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def bake_document(
    view: View,
    images: Mapping[str, Image],
    tags: Mapping[str, Sequence[str]],
    contexts: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """A bake file of some images, each with the tags that are given.

    `contexts` says of other images (by id) what takes their place; the rest is pulled by its reference.
    """
    names = target_names(images)
    places = {**(contexts or {}), **{id: f"target:{name}" for id, name in names.items()}}
    targets = {names[id]: _target(view, image, places, tags[id]) for id, image in images.items()}
    kinds: dict[str, list[str]] = {}
    for id, image in images.items():
        kinds.setdefault(image.kind, []).append(names[id])
    groups = {
        "default": {"targets": _default(images, names)},
        "all": {"targets": list(targets)},
        **{kind: {"targets": each} for kind, each in sorted(kinds.items())},
    }
    # Bake refuses a `target` without any; a file of empty groups builds nothing.
    return {"group": groups, "target": targets} if targets else {"group": groups}


def _default(images: Mapping[str, Image], names: Mapping[str, str]) -> list[str]:
    """All images of one operating system: no builder has both. Linux, if there are any for it."""
    linux = [names[id] for id, image in images.items() if image.state.os == "linux"]
    return linux or list(names.values())


def _target(view: View, image: Image, places: Mapping[str, str], tags: Sequence[str]) -> dict[str, object]:
    contexts = {view.reference(edge.to): places[edge.to] for edge in image.edges if edge.to in places}
    address = view.address(image)
    target: dict[str, object] = {
        "context": f"generated/{image.folder}",
        "dockerfile": COMBINED,
        "tags": [f"{address}:{tag}" for tag in tags],
        "platforms": list(image.state.platforms),
    }
    if contexts:
        target["contexts"] = contexts
    if secrets := secrets_of(image):
        target["secret"] = [f"id={name},env={name}" for name in secrets]
    return target


def secrets_of(image: Image) -> list[str]:
    """Ids of the build secrets that an image's own steps mount, sorted."""
    return sorted({name for step in (*image.public, *image.private) for name in _SECRET.findall(step.text)})
