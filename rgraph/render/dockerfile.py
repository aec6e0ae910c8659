"""Dockerfile, Dockerfile.private and Dockerfile.combined."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rgraph.image import Image, Stage
from rgraph.steps.image_settings import pairs
from rgraph.steps.interface import PARENT
from rgraph.steps.shells import json_array
from rgraph.texts import DOCKERFILE_HEADER, PRIVATE_HEADER

Refer = Callable[[str], str]
"""Image id or External -> reference."""


def public(image: Image, refer: Refer) -> str:
    """The public part: everything from FROM to the commands that the container starts with."""
    blocks = [_head(image), *before_from(image)]
    for stage in image.stages:
        texts = linked((step.text for step in stage.steps), image, refer)
        blocks += [f"FROM {platform_of(stage)}{_source(stage.source, image, refer)} AS {stage.name}", *texts]
    texts = linked((step.text for step in image.public), image, refer)
    blocks += [f"FROM {refer(image.parent.to)}", *texts, *commands(image)]
    return joined(blocks)


def platform_of(stage: Stage) -> str:
    """The flag of FROM that says a stage's platform, if it has one of its own."""
    return f"--platform={stage.platform} " if stage.platform else ""


def private(image: Image, refer: Refer) -> str:
    """The private part; it ends by giving back the user, shell and folder of the public one.

    It begins with an empty line: hadolint cannot read a comment right behind a here-document.
    """
    header = "\n" + PRIVATE_HEADER.format(id=image.id)
    if not image.private:
        return f"\n# {image.id} has no private part.\n"
    return joined([header, *linked((step.text for step in image.private), image, refer), *image.restore])


def before_from(image: Image) -> list[str]:
    """ARG instructions before FROM."""
    return [pairs("ARG", ((name, value),), image.state.dialect) for name, value in image.frame.args]


def commands(image: Image) -> list[str]:
    """ENTRYPOINT, CMD and HEALTHCHECK."""
    frame = image.frame
    found = [
        f"{keyword} {json_array(value) if isinstance(value, tuple) else value}"
        for keyword, value in (("ENTRYPOINT", frame.entrypoint), ("CMD", frame.cmd))
        if value is not None
    ]
    return [*found, f"HEALTHCHECK {frame.healthcheck}"] if frame.healthcheck else found


def joined(blocks: Iterable[str]) -> str:
    """Blocks to a text: an empty line around every block of more than one line."""
    text, previous = "", ""
    for block in blocks:
        if previous:
            apart = (
                "\n" in block or "\n" in previous or block.startswith(("FROM ", "#")) or _is_from(previous)
            )
            text += "\n\n" if apart else "\n"
        text += block
        previous = block
    return f"{text}\n"


def _is_from(block: str) -> bool:
    return block.startswith("FROM ")


def _head(image: Image) -> str:
    header = DOCKERFILE_HEADER.format(id=image.id)
    return f"# escape=`\n{header}" if image.state.os == "windows" else header


def _source(source: str, image: Image, refer: Refer) -> str:
    return source if any(stage.name == source for stage in image.stages) else refer(source)


def linked(texts: Iterable[str], image: Image, refer: Refer) -> Iterable[str]:
    """Texts of steps with the references of other images in place of their marks."""
    marks = {edge.to: refer(edge.to) for edge in image.edges}
    marks.update((stage.name, stage.name) for stage in image.stages)
    for text in texts:
        whole = text
        if "\0" in text:
            for source, reference in marks.items():
                whole = whole.replace(PARENT.format(source), reference)
        yield whole
