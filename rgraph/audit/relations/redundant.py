"""Steps that add nothing to what an image has already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field, structs

from rgraph.audit.interface import Finding, Rule
from rgraph.audit.licensing.facts import few
from rgraph.audit.relations.installed import Environments
from rgraph.audit.relations.owners import Owners
from rgraph.audit.subject import Subject
from rgraph.errors import Place
from rgraph.image import Image, ImageStep, Rendered
from rgraph.inventory import Declared
from rgraph.steps.image_settings import Env, User, Workdir

REDUNDANT_STEP = Rule("RG309", "redundant-step", "note", "A step brings or sets what the image has already.")


class _Ends(Struct, frozen=True):
    """What is in force at the end of an image: values, each with where it was set."""

    user: tuple[str, Place]
    workdir: tuple[str, Place]
    env: Mapping[str, tuple[str, Place]] = field(default_factory=dict)
    """Variables whose value is known."""


class _Again(Struct):
    """One thing that a place of a layer brings or sets: in which images it adds nothing."""

    what: str
    before: Place | None = None
    images: list[str] = field(default_factory=list)
    needed: bool = False
    """Whether some image needs it: then it is not redundant."""

    def note(self, id: str, what: str, before: Place | None) -> None:
        """An image in which it adds nothing."""
        self.what, self.before = self.what or what, self.before or before
        self.images.append(id)


_Found = dict[tuple[str, Place], _Again]
"""(layer, place) -> what is again there."""


def check(subject: Subject) -> Iterator[Finding]:
    """Findings of RG309: one for each step of a layer, or each recipe that a layer uses."""
    found: _Found = {}
    _components(subject, found)
    for image, ends in _walk(subject):
        _settings(image, ends, found)
    owners = Owners(subject.catalog)
    groups: dict[tuple[str, Place, str], list[_Again]] = {}
    for (layer, place), again in found.items():
        if not again.needed:
            written = subject.catalog.layers[layer]
            # Of a recipe, what must go is its use: the recipe is right for others.
            recipe = owners.name(place) if place.file != written.place.file else ""
            at = owners.seen_from(written, place)
            groups.setdefault((layer, at, recipe), []).append(again)
    for (layer, place, recipe), group in groups.items():
        what = few(each.what for each in group)
        what = f"the recipe `{recipe}` adds nothing here with this: {what}" if recipe else what
        help = "leave it out: it is one more thing to keep up to date"
        images = subject.in_order(id for each in group for id in each.images)
        befores = dict.fromkeys(each.before for each in group if each.before)
        related = tuple((before, "it comes from here") for before in befores)
        yield Finding(REDUNDANT_STEP, place, what, layer, help, images, (), related)


def _components(subject: Subject, found: _Found) -> None:
    own = _Own(subject)
    for brought in subject.components:
        declared = brought.declared
        key = own.key(declared)
        for id in brought.bringers:
            if id in subject.images:
                again = found.setdefault((subject.images[id].layer, declared.place), _Again(""))
                before = own.below(id, key)
                if before is None:
                    again.needed = True
                else:
                    lower, node = before
                    what = f"`{declared.name} {declared.version}` is in `{node}` already"
                    again.note(id, what, lower.place)


class _Own:
    """Pinned components of images and Externals, by what makes two of them the same."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._environments = Environments(subject)
        self._count: dict[str, int] = {}
        self._by_node: dict[str, dict[str, Declared]] = {}
        for brought in subject.components:
            if key := self.key(brought.declared):
                self._count[key] = self._count.get(key, 0) + 1
                for node in brought.bringers:
                    self._by_node.setdefault(node, {})[key] = brought.declared

    def key(self, declared: Declared) -> str:
        """Ecosystem, name, version and environment; empty if nothing pins it exactly."""
        component = declared.component
        if not declared.version or declared.version.startswith("at least"):
            return ""
        parts = (component.type, component.namespace, component.name, declared.version)
        return "\0".join((*parts, component.subpath, self._environments.of(declared.place)))

    def below(self, id: str, key: str) -> tuple[Declared, str] | None:
        """The nearest declaration of the same below an image."""
        if self._count.get(key, 0) < 2:
            return None
        for node in self._subject.inventory.bringers(id)[1:]:
            if (declared := self._by_node.get(node, {}).get(key)) is not None:
                return declared, node
        return None


def _walk(subject: Subject) -> Iterator[tuple[Image, _Ends]]:
    """Every image with what is in force where its steps start."""
    after: dict[str, _Ends] = {}
    for id, image in subject.images.items():  # parents come first
        if image.parent.external:
            external = subject.catalog.externals[image.parent.to]
            written = external.manifest
            windows = image.state.os == "windows"
            user = written.user or ("ContainerAdministrator" if windows else "root")
            start = _Ends((user, external.place), (written.workdir, external.place))
        else:
            start = after[image.parent.to]
        yield image, start
        public = _after(start, image.public)
        # The private part gives back user and folder; its variables stay.
        after[id] = structs.replace(public, env=_after(public, image.private).env)


def _after(start: _Ends, steps: Iterable[Rendered]) -> _Ends:
    ends = start
    for rendered in steps:
        ends = _next(ends, rendered.source)
    return ends


def _next(ends: _Ends, step: ImageStep) -> _Ends:
    match step.step:
        case Env(variables=variables):
            names = {name for name, _ in variables}
            kept = {name: value for name, value in ends.env.items() if name not in names}
            known = {
                name: (value, step.place.at("env", name)) for name, value in variables if "$" not in value
            }
            return structs.replace(ends, env={**kept, **known})
        case User(user=user):
            return structs.replace(ends, user=(user, step.place))
        case Workdir(folder=folder):
            return structs.replace(ends, workdir=(folder, step.place))
    return ends


def _settings(image: Image, start: _Ends, found: _Found) -> None:
    """Notes what the steps of an image set, and whether it was so before."""
    ends = start
    for rendered in (*image.public, *image.private):
        step = rendered.source
        for place, name, value, before in _set_by(step, ends):
            again = found.setdefault((image.layer, place), _Again(""))
            # `$NAME` may be another value, and a folder without `/` is another one, each time.
            same = before is not None and before[0] == value and "$" not in value
            if before is None or not same or (name == "the folder" and not value.startswith("/")):
                again.needed = True
            else:
                again.note(image.id, f"{name} is {value} already", before[1])
        ends = _next(ends, step)


def _set_by(step: ImageStep, ends: _Ends) -> Iterator[tuple[Place, str, str, tuple[str, Place] | None]]:
    match step.step:
        case Env(variables=variables):
            for name, value in variables:
                yield step.place.at("env", name), f"`{name}`", value, ends.env.get(name)
        case User(user=user):
            yield step.place.at("user"), "the user", user, ends.user
        case Workdir(folder=folder):
            yield step.place.at("workdir"), "the folder", folder, ends.workdir
