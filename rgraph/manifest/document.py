"""A manifest as plain data (dict, list, str, bool, None) becomes one of the written types."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from rgraph.errors import Place, Problems
from rgraph.expressions import names_of
from rgraph.manifest.catalog import CatalogManifest
from rgraph.manifest.compatibility import CompatibilityManifest
from rgraph.manifest.components import ComponentsManifest
from rgraph.manifest.external import ExternalsManifest
from rgraph.manifest.layer import LayerManifest, RecipeManifest
from rgraph.manifest.step import STEP_KINDS, Step
from rgraph.manifest.waivers import WaiversManifest
from rgraph.suggest import did_you_mean, listed

Manifest = (
    LayerManifest
    | ExternalsManifest
    | RecipeManifest
    | CatalogManifest
    | ComponentsManifest
    | CompatibilityManifest
    | WaiversManifest
)
"""One manifest as written."""

KINDS: Final[dict[str, type[Manifest]]] = {
    "base": LayerManifest,
    "r": LayerManifest,
    "framework": LayerManifest,
    "recipe": RecipeManifest,
    "catalog": CatalogManifest,
    "externals": ExternalsManifest,
    "components": ComponentsManifest,
    "compatibility": CompatibilityManifest,
    "waivers": WaiversManifest,
}
"""`kind` of a manifest -> its written type."""


def convert(document_file: str, data: object, problems: Problems) -> Manifest | None:
    """The manifest that the data of a file says. None if anything is wrong with it, which is noted."""
    kind_type = _type_of(document_file, data, problems)
    if kind_type is None:
        return None
    try:
        return msgspec.convert(data, kind_type, dec_hook=_decode)
    except msgspec.ValidationError as error:
        # Late: only wrong manifests need it.
        from rgraph.manifest.explain import explain

        explain(document_file, data, kind_type, str(error), problems)
        return None


def _type_of(file: str, data: object, problems: Problems) -> type[Manifest] | None:
    if not isinstance(data, dict):
        problems.add(Place(file), "a manifest is a mapping", "begin with `kind:`")
        return None
    if "kind" not in data:
        problems.add(Place(file), "the key `kind` is missing", f"`kind` is one of {listed(KINDS)}")
        return None
    kind = data["kind"]
    if isinstance(kind, str) and kind in KINDS:
        return KINDS[kind]
    shown = f"unknown kind `{kind[:40]}`" if isinstance(kind, str) else "`kind` is not text"
    meant = did_you_mean(kind, KINDS) if isinstance(kind, str) else ""
    problems.add(Place(file, ("kind",)), shown, meant or f"`kind` is one of {listed(KINDS)}")
    return None


def _decode(kind: type, data: Any) -> Any:
    """A step of its mapping: called by msgspec for each type that it does not know."""
    if kind is not Step or type(data) is not dict:
        raise ValueError("not a step")
    found = [key for key in data if key in STEP_KINDS]
    if len(found) != 1:
        raise ValueError("not one kind of step")
    key = found[0]
    written = msgspec.convert(data, STEP_KINDS[key], dec_hook=_decode)
    return Step(
        key,
        getattr(written, key),
        written.when,
        getattr(written, "provides", None),
        getattr(written, "with_", {}),
        names_in(data),
    )


def convert_step(data: object) -> Step:
    """One step of its data. Raises msgspec.ValidationError if it is none."""
    return msgspec.convert(data, Step, dec_hook=_decode)


def names_in(data: object) -> tuple[str, ...]:
    """The names that the expressions anywhere in some data use, sorted."""
    # Most data has none, and its text in one piece is found sooner than walked through.
    if "${{" not in repr(data):
        return ()
    found: set[str] = set()
    _collect(data, found)
    return tuple(sorted(found)) if found else ()


def _collect(data: object, found: set[str]) -> None:
    if isinstance(data, str):
        if "${{" in data:
            found |= names_of(data)
    elif isinstance(data, dict):
        for value in data.values():
            _collect(value, found)
    elif isinstance(data, list):
        for item in data:
            _collect(item, found)
