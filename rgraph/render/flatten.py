"""One self-contained Dockerfile of an image: its whole chain, from the External up."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rgraph.image import Image, Rendered
from rgraph.render.dockerfile import before_from, commands, joined
from rgraph.resolve import Resolved
from rgraph.steps.interface import PARENT


class _Flattener:
    """Collects the stages that the image needs, each once, before those that use them."""

    def __init__(self, resolved: Resolved, private: bool) -> None:
        self._resolved = resolved
        self._private = private
        self._names: dict[str, str] = {}
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
        texts: list[str] = []
        for image in chain:
            texts += [f"# {image.id}", *self._texts(image)]
        self._names[id] = _stage_name(id)
        root = self._resolved.catalog.externals[first].reference
        self.blocks += [f"FROM {root}" + (f" AS {self._names[id]}" if named else ""), *texts]

    def _chain(self, id: str) -> list[Image]:
        chain = [self._resolved.images[id]]
        while not chain[0].parent.external:
            chain.insert(0, self._resolved.images[chain[0].parent.to])
        return chain

    def _texts(self, image: Image) -> list[str]:
        self.args.update(dict.fromkeys(before_from(image)))
        names: dict[str, str] = {}
        for stage in image.stages:
            source = names.get(stage.source) or self.name(stage.source)
            names[stage.name] = _stage_name(f"{image.id}:{stage.name}")
            self.blocks += [f"FROM {source} AS {names[stage.name]}", *self._linked(stage.steps, image, names)]
        texts = [*self._linked(image.public, image, names), *commands(image)]
        if image.private and self._private:
            texts += [*self._linked(image.private, image, names), *image.restore]
        elif image.private:
            self.hidden.append(image.id)
        return texts

    def _linked(self, steps: Sequence[Rendered], image: Image, names: dict[str, str]) -> list[str]:
        return [self._link(step, image, names) for step in steps]

    def _link(self, step: Rendered, image: Image, names: dict[str, str]) -> str:
        text = step.text
        for source in step.source.step.sources():
            text = text.replace(PARENT.format(source), names.get(source) or self.name(source))
        for file in step.source.step.files():
            # The build context is generated/, as the files of several images are needed.
            text = re.sub(rf"(?<= ){re.escape(file)}(?= )", f"{image.folder}/{file}", text)
            self.files.add(f"{image.folder}/{file}")
        return text


def _stage_name(id: str) -> str:
    return re.sub(r"[^a-z0-9_.-]", "-", id.lower().replace(":", "-"))


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
