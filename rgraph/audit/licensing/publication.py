"""What people see of an image: that restrictions on use are shown, and that private content is not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct, structs

from rgraph.audit.interface import Finding, Rule
from rgraph.audit.relations.owners import Owners
from rgraph.audit.subject import Subject
from rgraph.audit.text.spelling import spellings
from rgraph.errors import Place
from rgraph.image import Frame, Image, ImageStep
from rgraph.render_names import LICENSE, NOTICES
from rgraph.steps.files import Copy

RESTRICTION_NOT_SHOWN = Rule(
    "RG205", "restriction-not-shown", "error", "A README does not show a restriction on the use of its image."
)
PRIVATE_IN_PUBLIC = Rule(
    "RG206", "private-in-public", "error", "The public part of an image holds something that is private."
)


def check(subject: Subject) -> Iterator[Finding]:
    """Findings of RG205 and RG206."""
    yield from _not_shown(subject)
    yield from _Publication(subject).findings()


def _not_shown(subject: Subject) -> Iterator[Finding]:
    """One finding for each layer: one `rgraph generate` mends all its READMEs."""
    found: dict[str, list[tuple[str, str]]] = {}
    for id, image in subject.images.items():
        restrictions = subject.inventory.restrictions(id)
        if restrictions:
            text = _words(subject.readmes.get(id, ""))
            missing = [each for each in restrictions if _words(each) not in text]
            if missing:
                found.setdefault(image.layer, []).append((id, missing[0]))
    for layer, entries in found.items():
        id, restriction = entries[0]
        more = f", and {len(entries) - 1} more of `{layer}`," if len(entries) > 1 else ""
        there = "does not show" if subject.readmes.get(id) else "is missing, and with it"
        what = f"the README of `{id}`{more} {there} the restriction on use: {_words(restriction)}"
        place = subject.images[id].place
        images = tuple(each for each, _ in entries)
        yield Finding(RESTRICTION_NOT_SHOWN, place, what, layer, "run `rgraph generate`", images)


def _words(text: str) -> str:
    """A text without line breaks, and without the marks of a quotation in Markdown."""
    return " ".join(re.sub(r"(?m)^[ \t]*>", " ", text).split())


class _Secret(Struct, frozen=True):
    """A text that must not be published."""

    text: str
    why: str
    pattern: re.Pattern[str]


class _Publication:
    """Everything that is published, and what of it should not be."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._secrets = _secrets(subject)
        self._owners = Owners(subject.catalog)
        self._files: dict[str, tuple[_Secret, ...]] = {}

    def findings(self) -> Iterator[Finding]:
        """One for each place and text."""
        found: dict[tuple[Place, str], list[str]] = {}
        for place, what, ids in (*self._of_steps(), *self._of_frames()):
            found.setdefault((place, what), []).extend(ids)
        for (place, what), ids in found.items():
            images = self._subject.in_order(ids)
            name = self._owners.name(place)
            yield Finding(PRIVATE_IN_PUBLIC, place, what, name, "move it to `private`", images)
        for name, external in self._subject.catalog.externals.items():
            images = self._subject.above(name)
            for secret in self._in(external.manifest.reference) if images else ():
                what = f"the reference of `{name}`, which FROM and COPY publish, holds {secret.why}"
                help = "name it by a registry that people pull from"
                place = external.place.at("reference")
                yield Finding(PRIVATE_IN_PUBLIC, place, what, name, help, images)

    def _of_steps(self) -> Iterator[tuple[Place, str, list[str]]]:
        # Not `subject.steps`: it tells one part of a step that is private here and public there.
        distinct: dict[int, tuple[ImageStep, str, list[str]]] = {}
        for id, image in self._subject.images.items():
            stages = (rendered for stage in image.stages for rendered in stage.steps)
            for rendered in (*stages, *image.public):
                entry = distinct.setdefault(_same(rendered), (rendered.source, rendered.text, []))
                entry[2].append(id)
        for step, text, ids in distinct.values():
            if isinstance(step.step, Copy):
                yield from self._notices(step, step.step, ids)
            for place, what in self._of_step(step, text):
                yield place, what, ids

    def _notices(self, step: ImageStep, copy: Copy, ids: list[str]) -> Iterator[tuple[Place, str, list[str]]]:
        copied = [name for name in copy.names if name in (LICENSE, NOTICES)]
        verb = "are" if len(copied) > 1 else "is"
        what = f"{' and '.join(f'`{name}`' for name in copied)} {verb} copied in the public part"
        for id in ids if copied else ():
            # A recipe that copies them is right where it is used in the private part.
            layer = self._subject.catalog.layers[self._subject.images[id].layer]
            place = self._owners.seen_from(layer, structs.replace(step.place, word=copied[0]))
            yield place, what, [id]

    def _of_step(self, step: ImageStep, text: str) -> Iterator[tuple[Place, str]]:
        if isinstance(step.step, Copy):
            for name in step.step.names:
                place = structs.replace(step.place, word=name)
                for secret in self._in_file(name):
                    yield place, f"the file `{name}`, copied in the public part, holds {secret.why}"
        for secret in self._in(_SECRET_MOUNT.sub("", text)):
            place = next((each.place for each in step.members if self._is_at(each, secret)), step.place)
            yield structs.replace(place, word=secret.text), f"the public part holds {secret.why}"

    def _is_at(self, member: ImageStep, secret: _Secret) -> bool:
        rendered = member.step.render("posix")
        text = rendered if isinstance(rendered, str) else "\n".join(rendered.commands)
        return any(map(secret.pattern.search, spellings(text)))

    def _of_frames(self) -> Iterator[tuple[Place, str, list[str]]]:
        distinct: dict[int, tuple[Image, list[str]]] = {}
        for id, image in self._subject.images.items():
            distinct.setdefault(_same(image.frame), (image, []))[1].append(id)
        for image, ids in distinct.values():
            for key, text in _frame_texts(image.frame):
                for secret in self._in(text):
                    yield image.place.at(key), f"`{key}` holds {secret.why}", ids

    def _in(self, text: str) -> tuple[_Secret, ...]:
        found = spellings(text)
        return tuple(each for each in self._secrets if any(map(each.pattern.search, found)))

    def _in_file(self, name: str) -> tuple[_Secret, ...]:
        if name not in self._files:
            content = self._subject.catalog.files.get(name, b"")
            self._files[name] = self._in(content.decode(errors="replace"))
        return self._files[name]


_SECRET_MOUNT = re.compile(r"--mount=type=secret\S*")
"""It names a build secret, and holds none."""


def _secrets(subject: Subject) -> tuple[_Secret, ...]:
    settings = subject.catalog.settings
    found = {text: f"`{text}`, which the policy calls private" for text in settings.policy.private if text}
    staging = settings.staging
    # Who stages below the address that people pull from hides nothing.
    if staging and not f"{settings.registry}/".startswith(f"{staging}/"):
        found.setdefault(staging, f"the staging registry `{staging}`")
    return tuple(
        _Secret(text, why, re.compile(re.escape(text), re.IGNORECASE)) for text, why in found.items()
    )


def _same(shared: object) -> int:
    """Images share steps and frames, and the catalogue keeps them alive."""
    return id(shared)


def _frame_texts(frame: Frame) -> Iterator[tuple[str, str]]:
    yield "args", " ".join(f"{name}={value}" for name, value in frame.args)
    for key, command in (("entrypoint", frame.entrypoint), ("cmd", frame.cmd)):
        yield key, _joined(command)
    yield "healthcheck", frame.healthcheck


def _joined(command: Iterable[str] | str | None) -> str:
    return command if isinstance(command, str) else " ".join(command or ())
