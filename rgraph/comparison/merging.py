"""Causes that are one change, or follow from others."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from rgraph.comparison.types import Cause
from rgraph.errors import Place


def merged(causes: Iterable[Cause]) -> list[Cause]:
    """The causes of an image, each once: a `use` of another recipe in the same place is one change, and
    the names of recipes that comments tell follow from what changed in them.
    """
    found = list(dict.fromkeys(causes))
    come = {each.new: each for each in found if _is_use(each) and each.change == "added"}
    gone = {each.old: each for each in found if _is_use(each) and each.change == "removed"}
    both = come.keys() & gone.keys()
    made = [_told(each, come, gone) if _is_use(each) and _place(each) in both else each for each in found]
    told = [each for each in made if (each.kind, each.what) != ("setting", "recipe")]
    return list(dict.fromkeys(told or made))


def _is_use(cause: Cause) -> bool:
    return cause.kind == "step" and cause.step == "use"


def _place(cause: Cause) -> Place | None:
    return cause.old if cause.change == "removed" else cause.new if cause.change == "added" else None


def _told(cause: Cause, come: dict[Place | None, Cause], gone: dict[Place | None, Cause]) -> Cause:
    place = _place(cause)
    before, after = (each[place].what.removeprefix("use ") for each in (gone, come))
    return structs.replace(
        cause, change="changed", what="use", before=before, after=after, old=place, new=place
    )
