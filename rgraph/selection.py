"""Selectors: texts such as `+r-base:*,kind:framework` to sets of image ids.

The grammar is dbt's: a space unites, a comma intersects, `+` before takes what an image needs,
`+` behind what needs it.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from rgraph.errors import UsageError
from rgraph.expressions import as_text
from rgraph.graph import closure, reverse
from rgraph.image import Image
from rgraph.suggest import did_you_mean


class Selectable(Struct, frozen=True):
    """What selectors look at."""

    images: Mapping[str, Image]
    states: Callable[[], Mapping[str, str]]
    """Image id -> build, reuse or retag; asked for only if a selector needs it."""
    components: Callable[[], Mapping[str, frozenset[str]]]
    """Image id -> names, `name@version` and purls of all its components; asked for only if needed."""
    modified: Collection[str] | None = None
    """Ids of the images that differ from those of an earlier revision; None if there is none."""


_METHOD = re.compile(r"(axis|component|kind|path|state):(.*)", re.DOTALL)


def select(selectable: Selectable, selectors: Sequence[str], exclude: Sequence[str] = ()) -> list[str]:
    """Ids of the selected images, in the order of `selectable.images`. No selector selects all.

    Raises UsageError for a selector that cannot match anything by its form, or names no image.
    """
    chosen = _union(selectable, selectors) if selectors else set(selectable.images)
    chosen -= _union(selectable, exclude)
    return [id for id in selectable.images if id in chosen]


def under(images: Mapping[str, Image], folders: str) -> set[str]:
    """Ids of the images in folders below `generated/`, separated by `;` (`base;base-gpu/*`).

    Raises UsageError if no folder is named, or one has no image.
    """
    named = [part for part in map(str.strip, folders.split(";")) if part]
    if not named:
        raise UsageError(f"`{folders}` names no folder", "write `--path 'base;base-gpu/*'`")
    return set[str]().union(*(_by_path(images, folder) for folder in named))


def _union(selectable: Selectable, selectors: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for selector in selectors:
        if not selector.strip():
            raise UsageError("an empty selector", "name an image, for instance `+r-base:cpu`")
        for group in selector.split():
            found |= _intersection(selectable, group)
    return found


def _intersection(selectable: Selectable, group: str) -> set[str]:
    parts = [_one(selectable, part) for part in group.split(",")]
    return set.intersection(*parts)


def _one(selectable: Selectable, text: str) -> set[str]:
    needs, core, users = text.startswith("+"), text.strip("+"), len(text) > 1 and text.endswith("+")
    if not core:
        raise UsageError(f"`{text}` is no selector", "name an image, for instance `+r-base:cpu`")
    external = _on_external(selectable.images, core)
    if external and not users:
        raise UsageError(f"`{core}` is an External, not an image", f"`{core}+` names what needs it")
    found = external or _matching(selectable, core)
    graph = {
        id: [edge.to for edge in image.edges if not edge.external] for id, image in selectable.images.items()
    }
    return (
        found
        | (closure(found, graph) if needs else set())
        | (closure(found, reverse(graph)) if users else set())
    )


def _matching(selectable: Selectable, core: str) -> set[str]:
    method = _METHOD.fullmatch(core)
    if method is None:
        return _by_id(selectable.images, core)
    name, value = method.groups()
    images = selectable.images
    match name:
        case "kind":
            if value not in ("base", "r", "framework"):
                raise UsageError(f"there is no kind `{value}`", "one of base, r, framework")
            return {id for id, image in images.items() if image.kind == value}
        case "path":
            return _by_path(images, value)
        case "axis":
            return _by_axis(images, value)
        case "state":
            return _by_state(selectable, value)
        case _:
            return _by_component(selectable.components(), value)


def _on_external(images: Mapping[str, Image], name: str) -> set[str]:
    """Images that stand on an External or take from it; none if it is no External's name."""
    if ":" in name or any(image.layer == name for image in images.values()):
        return set()
    return {
        id for id, image in images.items() if any(edge.external and edge.to == name for edge in image.edges)
    }


def _by_id(images: Mapping[str, Image], pattern: str) -> set[str]:
    whole = pattern if ":" in pattern else f"{pattern}:*"
    found = {whole} & images.keys() or {id for id in images if fnmatch.fnmatchcase(id, whole)}
    if not found:
        layers = sorted({image.layer for image in images.values()})
        layer = pattern.split(":")[0]
        known = (
            [id for id in images if id.startswith(f"{layer}:")]
            if ":" in pattern and layer in layers
            else layers
        )
        raise UsageError(
            f"no image is called `{pattern}`", did_you_mean(pattern, known) or "`rgraph list` shows all"
        )
    return found


def _by_path(images: Mapping[str, Image], value: str) -> set[str]:
    pattern = value.removeprefix("./").rstrip("/")
    pattern = "*" if pattern in ("generated", ".") else pattern.removeprefix("generated/")
    found = {
        id
        for id, image in images.items()
        if fnmatch.fnmatchcase(image.folder, pattern) or fnmatch.fnmatchcase(image.folder, f"{pattern}/*")
    }
    if not found:
        raise UsageError(f"no image has its folder in `{value}`", "folders are those below generated/")
    return found


def _by_axis(images: Mapping[str, Image], value: str) -> set[str]:
    name, equals, wanted = value.partition("=")
    axes = sorted({axis for image in images.values() for axis in image.row})
    if name not in axes or not equals:
        raise UsageError(
            f"`axis:{value}` names no axis", did_you_mean(name, axes) or "write `axis:device=gpu`"
        )
    found = {
        id
        for id, image in images.items()
        if name in image.row
        and not isinstance(image.row[name], list)
        and fnmatch.fnmatchcase(as_text(image.row[name]), wanted)
    }
    if not found:
        raise UsageError(
            f"no image has `{wanted}` on the axis `{name}`", "`rgraph list --format json` shows the rows"
        )
    return found


def _by_state(selectable: Selectable, value: str) -> set[str]:
    if value == "modified" and selectable.modified is not None:
        return set(selectable.modified)
    if value not in ("build", "reuse", "retag"):
        help = "it needs `--since REV`" if value == "modified" else "one of build, reuse, retag"
        raise UsageError(f"there is no state `{value}`", help)
    return {id for id, state in selectable.states().items() if state == value}


def _by_component(components: Mapping[str, frozenset[str]], pattern: str) -> set[str]:
    found = {
        id for id, names in components.items() if any(fnmatch.fnmatchcase(name, pattern) for name in names)
    }
    if not found:
        known = sorted(
            {name for names in components.values() for name in names if "@" not in name and ":" not in name}
        )
        raise UsageError(f"no image holds a component `{pattern}`", did_you_mean(pattern, known))
    return found
