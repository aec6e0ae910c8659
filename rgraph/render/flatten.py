"""One self-contained Dockerfile of an image: its whole chain, from the External up."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import structs

from rgraph.image import Image, Rendered
from rgraph.render.dockerfile import before_from, commands, joined, platform_of
from rgraph.resolve import Resolved
from rgraph.steps.files import Copy
from rgraph.steps.interface import PARENT


class _Flattener:
    """Collects the stages that the image needs, each once, before those that use them."""

    def __init__(self, resolved: Resolved, private: bool) -> None:
        self._resolved = resolved
        self._private = private
        self._names: dict[str, str] = {}
        self._stages: dict[str, dict[str, str]] = {}
        self.args: dict[str, None] = {}
        self.blocks: list[str] = []
        self.files: set[str] = set()
        self.hidden: list[str] = []

    def name(self, node: str) -> str:
        """What FROM or COPY --from names: an External's reference, or the stage of an image, made now."""
        if ":" not in node:
            return self._resolved.catalog.externals[node].reference
        if node not in self._names:
            self.stage(node, named=True)
        return self._names[node]

    def stage(self, id: str, named: bool) -> None:
        """Appends the chain of an image as one stage."""
        chain = self._chain(id)
        first = chain[0].parent.to
        kept = _kept_commands(chain)
        texts: list[str] = []
        for image in chain:
            texts += [f"# {image.id}", *self._texts(image, kept)]
        self._names[id] = self._stage_name(id)
        root = self._resolved.catalog.externals[first].reference
        self.blocks += [f"FROM {root}" + (f" AS {self._names[id]}" if named else ""), *texts]

    def _chain(self, id: str) -> list[Image]:
        chain = [self._resolved.images[id]]
        while not chain[0].parent.external:
            chain.insert(0, self._resolved.images[chain[0].parent.to])
        return chain

    def _stage_name(self, id: str) -> str:
        plain = re.sub(r"[^a-z0-9_.-]", "-", id.lower())
        taken = {*self._names.values(), *(name for names in self._stages.values() for name in names.values())}
        name, number = plain, 2
        while name in taken:
            name, number = f"{plain}-{number}", number + 1
        return name

    def _texts(self, image: Image, kept: dict[str, str]) -> list[str]:
        self.args.update(dict.fromkeys(before_from(image)))
        if image.id not in self._stages:
            self._add_stages(image, self._stages.setdefault(image.id, {}))
        names = self._stages[image.id]
        own = [text for text in commands(image) if kept[text.split(" ")[0]] == image.id]
        texts = [*self._linked(image.public, image, names), *own]
        if image.private and self._private:
            texts += [*self._linked(image.private, image, names), *image.restore]
        elif image.private:
            self.hidden.append(image.id)
        return texts

    def _add_stages(self, image: Image, names: dict[str, str]) -> None:
        for stage in image.stages:
            source = names.get(stage.source) or self.name(stage.source)
            texts = self._linked(stage.steps, image, names)
            names[stage.name] = self._stage_name(f"{image.id}-{stage.name}")
            self.blocks += [f"FROM {platform_of(stage)}{source} AS {names[stage.name]}", *texts]

    def _linked(self, steps: Sequence[Rendered], image: Image, names: dict[str, str]) -> list[str]:
        return [self._link(step, image, names) for step in steps]

    def _link(self, step: Rendered, image: Image, names: dict[str, str]) -> str:
        text = step.text
        for source in step.source.step.sources():
            text = text.replace(PARENT.format(source), names.get(source) or self.name(source))
        copy = step.source.step
        if isinstance(copy, Copy):
            # The build context is generated/, as the files of several images are needed.
            files = tuple(f"{image.folder}/{file}" for file in copy.names)
            text = text.replace(copy.render("posix"), structs.replace(copy, names=files).render("posix"))
            self.files.update(files)
        return text


def _kept_commands(chain: Sequence[Image]) -> dict[str, str]:
    """Keyword -> the image whose ENTRYPOINT, CMD or HEALTHCHECK counts in the end.

    An image's ENTRYPOINT takes away the CMD of what it stands on (Dockerfile reference, "Understand
    how CMD and ENTRYPOINT interact").
    """
    kept = {"ENTRYPOINT": "", "CMD": "", "HEALTHCHECK": ""}
    for image in chain:
        if image.frame.entrypoint is not None:
            kept.update(ENTRYPOINT=image.id, CMD="")
        if image.frame.cmd is not None:
            kept["CMD"] = image.id
        if image.frame.healthcheck:
            kept["HEALTHCHECK"] = image.id
    return kept


def flatten(resolved: Resolved, id: str, private: bool) -> str:
    """A Dockerfile that needs no image of the catalogue. Private parts are left out unless asked for."""
    flattener = _Flattener(resolved, private)
    flattener.stage(id, named=False)
    image = resolved.images[id]
    head = [
        *(["# escape=`"] if image.state.os == "windows" else []),
        f"# {id} with all that it stands on. Made by `rgraph show {id} --flatten`.",
    ]
    if flattener.files:
        head.append("# Build it in generated/, whose files it copies.")
    if flattener.hidden:
        head.append(f"# Without the private parts of {', '.join(flattener.hidden)}.")
    return joined(["\n".join(head), *flattener.args, *flattener.blocks])
