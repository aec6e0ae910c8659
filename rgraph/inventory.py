"""Which components an image holds, and which image brought each: never needed by a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from msgspec import Struct, structs

from rgraph.catalog import External, Fact
from rgraph.components import fact_of, said_fact
from rgraph.errors import Place
from rgraph.graph import closure
from rgraph.image import Image, Rendered
from rgraph.lock import LOCK_FILE
from rgraph.manifest.components import ComponentFact
from rgraph.names import Purl
from rgraph.purls import parse_purl, purl_of, without_origin
from rgraph.resolve import Resolved
from rgraph.resolve.rendering import leaves
from rgraph.steps.files import Take
from rgraph.steps.interface import Component


class Declared(Struct, frozen=True):
    """A component as a manifest declares it."""

    component: Component
    purl: str
    known: Fact | None
    """What is known of its licence."""
    place: Place
    """The step (or the External) that brings it; of what comes along, its entry in the lock."""
    transitive: bool = False
    """Whether it came along unasked: `rgraph verify` found it, and the lock has it."""

    @property
    def fact(self) -> ComponentFact | None:
        """What is known of its licence, as written."""
        return self.known.manifest if self.known else None

    @property
    def name(self) -> str:
        """Its name as people know it: with the namespace, where that is part of it."""
        component = self.component
        plain = not component.namespace or component.type in ("deb", "github")
        return component.name if plain else f"{component.namespace}/{component.name}"

    @property
    def version(self) -> str:
        """Its version, or what pins it instead; empty if nothing does."""
        return self.component.version or self.component.pinned_by

    @property
    def license(self) -> str:
        """Its licence expression; empty if it is not known."""
        return self.fact.license if self.fact else ""


class Inventory:
    """The components of all images of a catalogue; each image's own are worked out once."""

    def __init__(self, resolved: Resolved) -> None:
        self._resolved = resolved
        self._own: dict[str, tuple[Declared, ...]] = {}
        self._bringers: dict[str, tuple[str, ...]] = {}
        self._distributions: dict[str, str] = {}
        self._restrictions: dict[str, tuple[str, ...]] = {}
        self._facts: dict[tuple[str, str], Fact | None] = {}

    def own(self, node: str) -> tuple[Declared, ...]:
        """What an image's own steps bring, or what an External provides, and what the lock has to come along
        with it; sorted by name, then purl.
        """
        if node not in self._own:
            found = (
                self._of_image(node)
                if ":" in node
                else self._of_external(self._resolved.catalog.externals[node])
            )
            unique = {each.purl: each for each in (*self._along(node, found), *reversed(found))}
            self._own[node] = tuple(
                sorted(unique.values(), key=lambda each: (each.component.name.lower(), each.purl))
            )
        return self._own[node]

    def bringers(self, node: str) -> tuple[str, ...]:
        """The image itself, then the images and Externals whose components it inherits, nearest first."""
        if node not in self._bringers:
            level = self._resolved.level
            needs = closure([node], self._needs)
            # Parents first: a chain may be deeper than calls can be.
            for each in sorted(needs, key=lambda id: level.get(id, 0)):
                if each not in self._bringers:
                    self._bringers[each] = self._inherited(each)
        return self._bringers[node]

    @cached_property
    def _needs(self) -> Mapping[str, list[str]]:
        return {id: [edge.to for edge in image.edges] for id, image in self._resolved.images.items()}

    def _inherited(self, node: str) -> tuple[str, ...]:
        found = [node]
        if ":" in node:
            image = self._resolved.images[node]
            for source in (image.parent.to, *self._taken(image)):
                found += self._bringers[source]
        return tuple(dict.fromkeys(found))

    def all(self, node: str) -> Iterable[tuple[str, Declared]]:
        """Every component with the image or External that brought it."""
        return ((bringer, each) for bringer in self.bringers(node) for each in self.own(bringer))

    def distribution(self, id: str) -> str:
        """Distribution at the root of an image, such as `ubuntu-20.04`; empty if not declared."""
        chain = [id]
        while chain[-1] not in self._distributions:
            parent = self._resolved.images[chain[-1]].parent
            if parent.external:
                found = self._resolved.catalog.externals[parent.to].manifest.distribution
                self._distributions[chain[-1]] = found
            else:
                chain.append(parent.to)
        self._distributions.update(dict.fromkeys(chain, self._distributions[chain[-1]]))
        return self._distributions[id]

    def own_restrictions(self, node: str) -> tuple[str, ...]:
        """Restrictions on use that an image or External brings by itself."""
        if node not in self._restrictions:
            found = [] if ":" in node else [self._resolved.catalog.externals[node].manifest.usage_restriction]
            found += [each.fact.usage_restriction for each in self.own(node) if each.fact]
            self._restrictions[node] = tuple(dict.fromkeys(text for text in found if text))
        return self._restrictions[node]

    def restrictions(self, id: str) -> tuple[str, ...]:
        """Restrictions on use of an image: of the Externals it stands on and of all its components."""
        found = (text for bringer in self.bringers(id) for text in self.own_restrictions(bringer))
        return tuple(dict.fromkeys(found))

    @cached_property
    def names(self) -> Mapping[str, frozenset[str]]:
        """Image id -> what selectors call its components: name, `name@version`, purl, purl without ends."""
        own: dict[str, frozenset[str]] = {}
        found: dict[str, frozenset[str]] = {}
        for id in self._resolved.images:
            parts = []
            for bringer in self.bringers(id):
                if bringer not in own:
                    own[bringer] = frozenset(name for each in self.own(bringer) for name in _names(each))
                parts.append(own[bringer])
            found[id] = frozenset().union(*parts)
        return found

    def _along(self, node: str, declared: Iterable[Declared]) -> Iterable[Declared]:
        """What the lock has of an image or External beside what the manifests declare by now."""
        locked = self._resolved.catalog.lock.transitive.get(node)
        if not locked:
            return
        known = {(each.component.type, each.component.name) for each in declared}
        place = Place(LOCK_FILE)
        for purl, license in locked.items():
            component = parse_purl(Purl(purl))
            if (component.type, component.name) not in known:
                fact = self._fact(component, node, purl, license)
                yield Declared(component, purl, fact, place.key("transitive", node, purl), transitive=True)

    def _fact(self, component: Component, node: str, purl: str, license: str) -> Fact | None:
        """The catalogue's fact, or else what the package itself says."""
        key = (purl, license)
        if key not in self._facts:
            known = fact_of(component, self._resolved.catalog.facts)
            self._facts[key] = known or said_fact(purl, license, node)
        return self._facts[key]

    def _of_external(self, external: External) -> list[Declared]:
        facts = self._resolved.catalog.facts
        place = external.place
        found = []
        for index, purl in enumerate(external.manifest.provides):
            component = parse_purl(Purl(purl))
            canonical = purl_of(component, external.manifest.distribution)
            fact = fact_of(component, facts)
            found.append(Declared(component, canonical, fact, place.at("provides", index)))
        return found

    def _of_image(self, id: str) -> list[Declared]:
        image = self._resolved.images[id]
        facts = self._resolved.catalog.facts
        distribution = self.distribution(id)
        found = []
        private = len(image.public)
        rendered_steps = (*image.public, *image.private, *self._stage_steps(image))
        for index, rendered in enumerate(rendered_steps):
            is_private = private <= index < private + len(image.private)
            for step in rendered.source.members or (rendered.source,):
                for component in step.components:
                    fact = fact_of(component, facts)
                    purl = purl_of(without_origin(component) if is_private else component, distribution)
                    place = structs.replace(step.place, word=component.name)
                    found.append(Declared(component, purl, fact, place))
        return found

    def _stage_steps(self, image: Image) -> Iterable[Rendered]:
        """Steps of the stages from which files are taken without saying what comes along."""
        stages = {stage.name: stage for stage in image.stages}
        todo = [
            take.source for take in _silent_takes((*image.public, *image.private)) if take.source in stages
        ]
        seen: set[str] = set()
        while todo:
            stage = stages[todo.pop()]
            if stage.name not in seen:
                seen.add(stage.name)
                yield from stage.steps
                todo += [each for each in (stage.source,) if each in stages]
                todo += [take.source for take in _silent_takes(stage.steps) if take.source in stages]

    def _taken(self, image: Image) -> Iterable[str]:
        """Images and Externals from which files are taken without saying what comes along."""
        stages = {stage.name: stage for stage in image.stages}
        todo = [take.source for take in _silent_takes((*image.public, *image.private))]
        seen: set[str] = set()
        while todo:
            source = todo.pop(0)
            if source in seen:
                continue
            seen.add(source)
            if source not in stages:
                yield source
            else:
                stage = stages[source]
                todo += [stage.source, *(take.source for take in _silent_takes(stage.steps))]


def _silent_takes(steps: Iterable[Rendered]) -> list[Take]:
    return [
        part
        for step in steps
        if not step.source.says_provides
        for part in leaves(step.source.step)
        if isinstance(part, Take)
    ]


def _names(declared: Declared) -> tuple[str, ...]:
    component, purl = declared.component, declared.purl
    plain = purl.partition("?")[0]
    return component.name, f"{component.name}@{component.version}", purl, plain, plain.partition("@")[0]
