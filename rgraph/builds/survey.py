"""What is there already, and what is to be built: images whose content nobody holds, and what those need."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from rgraph.errors import UsageError
from rgraph.image import Image


class Held(Struct, frozen=True):
    """An image whose content is there."""

    reference: str
    """What a Dockerfile names it by."""
    digest: str = ""
    """Of a registry; empty if only an engine holds it."""
    image_id: str = ""
    name: str = ""
    """Its tag, without a digest."""


class Survey(Struct, frozen=True):
    """What a run has to do."""

    held: Mapping[str, Held]
    build: tuple[str, ...]
    """Ids in order of waves."""
    added: tuple[str, ...]
    """Those of them that nobody chose: what is chosen needs them."""


def survey(
    images: Mapping[str, Image],
    chosen: Sequence[str],
    excluded: Collection[str],
    look: Callable[[Sequence[str]], Mapping[str, Held]],
) -> Survey:
    """What of the chosen images is to be built; `images` are all, in order of waves.

    `look` says which of some images are there. It is asked about an image that was not chosen only if one
    that is to be built needs it. Raises UsageError if such an image is not there either, and was left out
    on purpose.
    """
    held: dict[str, Held] = {}
    lacking: set[str] = set()
    wanted, asked = list(chosen), set(chosen)
    while wanted:
        found = look(wanted)
        held.update(found)
        missing = [id for id in wanted if id not in found]
        lacking.update(missing)
        wanted = list(
            dict.fromkeys(id for each in missing for id in _parents(images[each]) if id not in asked)
        )
        asked.update(wanted)
    added = [id for id in images if id in lacking and id not in set(chosen)]
    for id in added:
        if id in excluded:
            user = next(each for each in images if each in lacking and id in _parents(images[each]))
            what = f"`{user}` is made from `{id}`, which was left out and is nowhere to be found"
            raise UsageError(what, f"leave `{user}` out, too, or do not leave out `{id}`")
    return Survey(held, tuple(id for id in images if id in lacking), tuple(added))


def _parents(image: Image) -> Iterable[str]:
    return [edge.to for edge in image.edges if not edge.external]
