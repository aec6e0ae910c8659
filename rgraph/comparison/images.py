"""Why an image is another one by itself, and not by what it stands upon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import structs

from rgraph.comparison.aligning import aligned
from rgraph.comparison.along import along_causes
from rgraph.comparison.externals import Externals
from rgraph.comparison.facts import differing
from rgraph.comparison.merging import merged
from rgraph.comparison.origins import Origins, row_causes
from rgraph.comparison.steps import Steps
from rgraph.comparison.types import Cause
from rgraph.comparison.values import shown_value
from rgraph.image import Image, Rendered
from rgraph.resolve import Resolved

_FRAME = ("args", "entrypoint", "cmd", "healthcheck")


class Images:
    """The images of two catalogues; every cause is of something that a fingerprint covers."""

    def __init__(self, old: Resolved, new: Resolved) -> None:
        self._old, self._new = old, new
        self._catalogs = old.catalog, new.catalog
        self._steps = Steps(old.catalog, new.catalog)
        self._origins = Origins(old.catalog, new.catalog, self._steps.old, self._steps.new)
        self._externals = Externals(old.catalog, new.catalog)

    def own(self, id: str) -> list[Cause]:
        """The causes of an image that both have, without those of the images it stands upon; each once."""
        old, new = self._old.images[id], self._new.images[id]
        found = [
            *self._common(),
            *self._parent(old, new),
            *self._frame(old, new),
            *self._stages(old, new),
            *self._part(old, new, old.public, new.public),
            *self._part(old, new, old.private, new.private),
            *self._files(old, new),
            *self._edges(old, new),
            *along_causes(*self._catalogs, id),
        ]
        if _reads_otherwise(old, new):
            found += self._start(old, new)
        return merged(found)

    def _common(self) -> Iterator[Cause]:
        """The catalogue's own licence and source offer."""
        (old, new), place = (
            [catalog.settings for catalog in self._catalogs],
            [catalog.settings_place for catalog in self._catalogs],
        )
        for field in ("expression", "copyright", "text"):
            before, after = getattr(old.license, field, ""), getattr(new.license, field, "")
            if before != after:
                places = [each.at("license", field) for each in place]
                yield _changed("license", field, before, after, places)
        texts = dict.fromkeys(each.license.text for each in (old, new) if each.license and each.license.text)
        yield from differing("notice", texts, *(catalog.notices for catalog in self._catalogs))
        if old.source_offer != new.source_offer:
            places = [each.at("source_offer") for each in place]
            yield _changed("license", "source_offer", old.source_offer, new.source_offer, places)

    def _parent(self, old: Image, new: Image) -> Iterator[Cause]:
        if old.parent != new.parent:
            places = [old.place.at("from"), new.place.at("from")]
            cause = _changed("parent", "from", old.parent.to, new.parent.to, places)
            yield from [cause, *self._rows(old, new, "from_")]

    def _frame(self, old: Image, new: Image) -> Iterator[Cause]:
        for field in _FRAME:
            before, after = getattr(old.frame, field), getattr(new.frame, field)
            if before != after:
                places = [old.place.at(field), new.place.at(field)]
                texts = [shown_value(each) for each in (before, after)]
                yield _changed("setting", field, texts[0], texts[1], places)
                yield from self._rows(old, new, field)
        if old.frame.tests != new.frame.tests:
            yield from self._tests(old, new)
            yield from self._rows(old, new, "tests")
        if old.state.platforms != new.state.platforms:
            yield from self._platforms(old, new)

    def _rows(self, old: Image, new: Image, attribute: str) -> Iterator[Cause]:
        """The rows of the matrix, where they alone can have changed what a layer says of itself."""
        manifests = [
            getattr(catalog.layers[image.layer].manifest, attribute)
            for catalog, image in zip(self._catalogs, (old, new), strict=True)
        ]
        if manifests[0] == manifests[1]:
            yield from row_causes(self._catalogs, old, new)

    def _tests(self, old: Image, new: Image) -> Iterator[Cause]:
        before = {test.name: test for test in old.frame.tests}
        after = {test.name: test for test in new.frame.tests}
        names = [name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]
        for name in names or [", ".join(after)]:
            one, other = before.get(name), after.get(name)
            yield Cause(
                kind="test",
                change="moved" if one == other else "added" if not one else "changed" if other else "removed",
                what=name,
                before=shown_value(one) if one and other else "",
                after=shown_value(other) if one and other else "",
                old=structs.replace(old.place.at("tests"), word=name) if one else None,
                new=structs.replace(new.place.at("tests"), word=name) if other else None,
            )

    def _platforms(self, old: Image, new: Image) -> Iterator[Cause]:
        """Platforms that the layer says, or that it has of the catalogue; a parent tells its own."""
        texts = [", ".join(image.state.platforms) for image in (old, new)]
        if old.frame.platforms != new.frame.platforms:
            places = [old.place.at("platforms"), new.place.at("platforms")]
            yield _changed("setting", "platforms", texts[0], texts[1], places)
            yield from self._rows(old, new, "platforms")
            return
        settings = [catalog.settings.platforms for catalog in self._catalogs]
        if not new.frame.platforms and settings[0] != settings[1]:
            places = [catalog.settings_place.at("platforms") for catalog in self._catalogs]
            listed = [", ".join(each) for each in settings]
            yield _changed("setting", "platforms", listed[0], listed[1], places)
        for edge in new.edges:
            if edge.external and edge in old.edges:
                yield from (each for each in self._externals.state(edge.to) if each.what == "platforms")

    def _stages(self, old: Image, new: Image) -> Iterator[Cause]:
        before, after = {each.name: each for each in old.stages}, {each.name: each for each in new.stages}
        for name in dict.fromkeys((*before, *after)):
            one, other = before.get(name), after.get(name)
            if one is None or other is None:
                yield Cause(
                    kind="stage",
                    change="added" if one is None else "removed",
                    what=name,
                    old=structs.replace(old.place.at("stages"), word=name) if one else None,
                    new=structs.replace(new.place.at("stages"), word=name) if other else None,
                )
                continue
            if one.source != other.source:
                places = [structs.replace(each.place.at("stages"), word=name) for each in (old, new)]
                yield _changed("stage", f"{name} from", one.source, other.source, places)
                yield from self._rows(old, new, "stages")
            if one.platform != other.platform:
                places = [structs.replace(each.place.at("stages"), word=name) for each in (old, new)]
                yield _changed("stage", f"{name} platform", one.platform, other.platform, places)
            yield from self._part(old, new, one.steps, other.steps)
        if list(before) != list(after) and before.keys() == after.keys():
            places = [old.place.at("stages"), new.place.at("stages")]
            moved = _changed("stage", "order of stages", ", ".join(before), ", ".join(after), places)
            yield structs.replace(moved, change="moved")

    def _part(
        self, old: Image, new: Image, before: Sequence[Rendered], after: Sequence[Rendered]
    ) -> Iterator[Cause]:
        then, now = self._steps.old, self._steps.new
        pairs = aligned(
            [(each, then.home(each.source.place, now)) for each in before],
            [(each, now.home(each.source.place, then)) for each in after],
            lambda each: each[0].digest,
            lambda each: (type(each[0].source.step), each[1]),
        )
        for pair in pairs:
            one = pair.old[0].source if pair.old else None
            other = pair.new[0].source if pair.new else None
            origins = self._origins.of((old, new), one, other)
            if one is None or other is None or pair.moved:
                yield from origins or [self._steps.whole(one, other, pair.moved)]
                continue
            inside = self._steps.inside(one, other)
            elsewhere = origins if one.step != other.step or one.components != other.components else []
            if one.comment != other.comment and not elsewhere:
                # Another recipe begins with it: what says so is a use.
                elsewhere = [each for each in origins if each.step == "use" and each.kind == "step"]
            if elsewhere:
                first = elsewhere[0]
                told = [each for each in inside if each.kind in ("package", "fact", "notice")]
                inside = [
                    _put(each, first) for each in told if first.kind != "lock" or each.kind != "package"
                ]
            yield from [*elsewhere, *inside]

    def _files(self, old: Image, new: Image) -> Iterator[Cause]:
        files = [name for name in new.files if name in old.files]
        yield from differing("file", files, *(catalog.files for catalog in self._catalogs))

    def _edges(self, old: Image, new: Image) -> Iterator[Cause]:
        """Externals that are others under the same name."""
        for edge in new.edges:
            if edge.external and edge in old.edges:
                yield from self._externals.of(edge.to)

    def _start(self, old: Image, new: Image) -> Iterator[Cause]:
        """What Externals leave otherwise: an image may have it from far below, unchanged by those between."""
        for edge in new.edges:
            root = edge
            while not root.external:
                root = self._new.images[root.to].parent
            if edge in old.edges and root.to in self._catalogs[0].externals:
                yield from self._externals.state(root.to)


def _reads_otherwise(old: Image, new: Image) -> bool:
    """Whether the Dockerfile differs where no step does: it is written for another shell, user or folder."""
    if old.restore != new.restore:
        return True
    before, after = (
        {(each.source.step, each.source.comment): each.text for each in _all(image)} for image in (old, new)
    )
    return any(before.get(step, text) != text for step, text in after.items())


def _all(image: Image) -> Iterator[Rendered]:
    yield from (*_staged(image), *image.public, *image.private)


def _staged(image: Image) -> Iterator[Rendered]:
    for stage in image.stages:
        yield from stage.steps


def _changed(kind: Any, what: str, before: str, after: str, places: Sequence[Any]) -> Cause:
    return Cause(
        kind=kind, change="changed", what=what, before=before, after=after, old=places[0], new=places[1]
    )


def _put(cause: Cause, origin: Cause) -> Cause:
    """A difference of a package where it was made."""
    if cause.kind != "package":
        return cause
    return structs.replace(cause, old=origin.old, new=origin.new)
