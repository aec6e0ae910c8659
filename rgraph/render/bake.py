"""docker-bake.json: one solve builds the whole chain, each image upon the target of its parent.

Source: buildx, "Bake file reference" (`contexts` with `target:`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

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
    names = target_names(view.resolved.images)
    targets = {names[id]: _target(view, image, names) for id, image in view.resolved.images.items()}
    kinds: dict[str, list[str]] = {}
    for id, image in view.resolved.images.items():
        kinds.setdefault(image.kind, []).append(names[id])
    groups = {
        "default": {"targets": _default(view, names)},
        "all": {"targets": list(targets)},
        **{kind: {"targets": each} for kind, each in sorted(kinds.items())},
    }
    document = {"group": groups, "target": targets}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _default(view: View, names: dict[str, str]) -> list[str]:
    """All images of one operating system: no builder has both. Linux, if there are any for it."""
    images = view.resolved.images
    linux = [names[id] for id, image in images.items() if image.state.os == "linux"]
    return linux or list(names.values())


def _target(view: View, image: Image, names: dict[str, str]) -> dict[str, object]:
    contexts = {
        view.reference(edge.to): f"target:{names[edge.to]}" for edge in image.edges if not edge.external
    }
    address = view.address(image)
    target: dict[str, object] = {
        "context": f"generated/{image.folder}",
        "dockerfile": COMBINED,
        "tags": [f"{address}:{tag}" for tag in image.floating_tags],
        "platforms": list(image.state.platforms),
    }
    if contexts:
        target["contexts"] = contexts
    secrets = sorted(
        {name for step in (*image.public, *image.private) for name in _SECRET.findall(step.text)}
    )
    if secrets:
        target["secret"] = [f"id={name},env={name}" for name in secrets]
    return target
