"""Drafts and imported images for the tests of this folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rgraph.errors import Place
from rgraph.files.manifest_yaml import manifest_yaml
from rgraph.importing.drafts import Data, Draft
from rgraph.importing.model import ImportedImage, ParsedFile, SourceEdge, SourceImage, Step


def lines(data: Data) -> int:
    return manifest_yaml(data).count("\n")


def draft(key: str, steps: Sequence[Data] = (), **more: Any) -> Draft:
    """The draft of an image that is called after the last part of its key."""
    name = key.rpartition("/")[2]
    given: dict[str, Any] = {
        "key": key,
        "stem": name,
        "variant": "latest",
        "repository": key,
        "tags": ("${{ release }}", "latest"),
        "folder": key,
        "from_": "debian12",
        "steps": tuple(steps),
        **more,
    }
    return Draft(**given)


def image(
    name: str, steps: Sequence[Data | Step] = (), base: str = "debian:12", **more: Any
) -> ImportedImage:
    """An imported image; `base` is a reference, or with `kind="image"` the name of another."""
    external = more.get("kind", "external") == "external"
    given: dict[str, Any] = {
        "source": SourceImage(name, f"{name}/Dockerfile", name, {}, "", (), (), {}, Place(name)),
        "file": ParsedFile(f"{name}/Dockerfile", "\\", "", (), ()),
        "parsed": 0,
        "from_": base,
        "kind": "external",
        "edges": (SourceEdge(name, base, "from", external, 1),),
        "stages": (),
        "steps": tuple(
            step if isinstance(step, Step) else Step(step, (at,)) for at, step in enumerate(steps)
        ),
        "args": {},
        "entrypoint": None,
        "cmd": None,
        "healthcheck": None,
        "repository": name,
        "variant": "latest",
        "tags": ("latest",),
        "folder": name,
        "platforms": (),
        **more,
    }
    return ImportedImage(**given)
