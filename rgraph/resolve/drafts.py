"""One draft of an image for each row of each layer's matrix."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from rgraph import names
from rgraph.catalog import Catalog, Layer
from rgraph.errors import Path, Place, Problems
from rgraph.expressions import Scope, Value
from rgraph.image import RELEASE, Frame, ImageStep
from rgraph.manifest.document import names_in
from rgraph.manifest.layer import LayerManifest
from rgraph.manifest.step import Step as WrittenStep
from rgraph.matrix import expand
from rgraph.render_names import GENERATED_FILES
from rgraph.resolve.frames import resolve_frame
from rgraph.resolve.steps import Key, StepResolver, key_of
from rgraph.steps.context import Context, Settings

T = TypeVar("T")
DEFAULT_TAGS = ["${{ variant }}-${{ release }}", "${{ variant }}"]


_STAGE_PLATFORM = re.compile(
    r"\$(?:BUILD|TARGET)PLATFORM|\$\{(?:BUILD|TARGET)PLATFORM\}|[a-z]+/[a-z0-9]+(?:/[a-z0-9]+)?"
)
"""What `--platform=` of a stage may be: a platform, or what BuildKit knows when it builds."""


class DraftStage(Struct, frozen=True):
    """A build stage before its parent is known."""

    name: str
    source: str
    steps: tuple[ImageStep, ...]
    place: Place
    platform: str = ""


class Draft(Struct, frozen=True):
    """An image before its parents are known."""

    layer: Layer
    row: Mapping[str, Value]
    variant: str
    id: names.ImageId
    source: str
    repository: names.Repository
    tags: tuple[str, ...]
    folder: names.Folder
    frame: Frame
    stages: tuple[DraftStage, ...]
    public: tuple[ImageStep, ...]
    private: tuple[ImageStep, ...]

    @property
    def place(self) -> Place:
        """The layer's manifest."""
        return self.layer.place


def draft_layers(catalog: Catalog, problems: Problems) -> list[Draft]:
    """Drafts of all layers; ids, folders and references are checked to be unique by `link`."""
    settings = Settings(
        frozenset(catalog.settings.policy.unpinned),
        catalog.settings.downloader,
        catalog.lock.downloads,
        frozenset(catalog.files),
        GENERATED_FILES,
    )
    resolver = StepResolver(catalog, settings, problems)
    drafts = [
        draft
        for name in sorted(catalog.layers)
        for draft in _LayerDrafts(catalog, catalog.layers[name], resolver, problems).drafts()
    ]
    _check_unused_recipes(catalog, resolver)
    return drafts


def _check_unused_recipes(catalog: Catalog, resolver: StepResolver) -> None:
    """A recipe that nobody uses is still checked as far as it can be without parameters."""
    for name in sorted(set(catalog.recipes) - resolver.used_recipes):
        recipe = catalog.recipes[name]
        params = recipe.manifest.params
        given = {key: param for key, param in params.items() if param is not None and param.has_default}
        values = {key: resolver.default(recipe, key, param) for key, param in given.items()}
        if len(values) == len(params):
            scope = Scope(values, frozenset(values), f"the recipe `{name}`")
            resolver.resolve_all(recipe.manifest.steps, scope, recipe.place.at("steps"))


class _LayerDrafts:
    """The rows of one layer; everything that a row does not change is worked out once."""

    def __init__(self, catalog: Catalog, layer: Layer, resolver: StepResolver, problems: Problems) -> None:
        self._layer = layer
        self._manifest = layer.manifest
        self._resolver = resolver
        self._problems = problems
        # Names that are wrong are noted with the catalogue: what is made of them need not be noted again.
        namespace, name = catalog.settings.namespace, self._manifest.name
        good = bool(namespace) and not isinstance(names.repository(namespace), names.Bad)
        self._namespace = f"{namespace}/" if good else ""
        wrong = isinstance(names.layer_name(name), names.Bad)
        self._name = f"unnamed-{hashlib.sha256(name.encode()).hexdigest()[:12]}" if wrong else name
        externals = catalog.externals
        self._taken = {*externals, *(each.manifest.reference for each in externals.values())}
        self._rows = expand(self._manifest.matrix, layer.place.at("matrix"), problems)
        self._axes = frozenset(name for row in self._rows for name in row) | {"variant"}
        self._memory: dict[Key, Any] = {}
        parts = _frame_parts(self._manifest)
        self._frame_names = names_in(msgspec.to_builtins(parts)) if "${{" in repr(parts) else ()
        self._tags_written = DEFAULT_TAGS if self._manifest.tags is None else self._manifest.tags

    def drafts(self) -> list[Draft]:
        """A draft for each row whose names are right."""
        found = [self._draft(row) for row in self._rows]
        return [draft for draft in found if draft is not None]

    def _draft(self, row: Mapping[str, Value]) -> Draft | None:
        manifest, place = self._manifest, self._layer.place
        context = self._resolver.context(Scope(row, self._axes - {"variant"}), place)
        before = len(self._problems)
        variant = context.at("variant").name(manifest.variant, names.variant, "")
        if not variant:
            return None
        scope = Scope({**row, "variant": variant}, self._axes)
        context = self._resolver.context(scope, place)
        source = context.at("from").text(manifest.from_)
        repository = context.at("repository" if manifest.repository else "name").name(
            self._namespace + (manifest.repository or self._name), names.repository, names.Repository("")
        )
        folder = context.at("folder" if manifest.folder else "name").name(
            manifest.folder or f"{self._name}/{variant}", names.folder, names.Folder("")
        )
        tags = self._tags(scope)
        draft = Draft(
            self._layer,
            row,
            variant,
            names.ImageId(f"{manifest.name}:{variant}"),
            source,
            repository,
            tags,
            folder,
            self._remembered(
                "frame",
                key_of(self._frame_names, scope.values),
                lambda: resolve_frame(context, manifest),
            ),
            self._stages(scope),
            self._steps(("steps",), manifest.steps, scope),
            self._steps(("private",), manifest.private, scope),
        )
        return draft if len(self._problems) == before or (source and repository and folder and tags) else None

    def _remembered(self, what: str, key: Key, make: Callable[[], T]) -> T:
        key = (what, *key)
        if key not in self._memory:
            self._memory[key] = make()
        found: T = self._memory[key]
        return found

    def _steps(self, part: Path, steps: Sequence[WrittenStep], scope: Scope) -> tuple[ImageStep, ...]:
        """The steps of a part of the manifest, each distinct one resolved once."""
        place = self._layer.place.at(*part)
        found: list[ImageStep] = []
        memory = self._memory
        for first, run in self._remembered("runs", part, lambda: _runs(steps)):
            used = run[0].names
            key = (part, first, *key_of(used, scope.values)) if used else (part, first)
            resolved = memory.get(key)
            if resolved is None:
                resolved = memory[key] = [
                    each
                    for index, step in enumerate(run, start=first)
                    for each in self._resolver.resolve(step, scope, place.at(index))
                ]
            found += resolved
        return tuple(found)

    def _stages(self, scope: Scope) -> tuple[DraftStage, ...]:
        found: list[DraftStage] = []
        for index, stage in enumerate(self._manifest.stages):
            place = self._layer.place.at("stages", index)
            context = self._resolver.context(scope, place)
            name = context.at("name").name(stage.name, names.layer_name, "")
            if any(name == each.name for each in found):
                context.at("name").problem(f"two stages are called `{name}`", "give each its own name")
            if not re.fullmatch(r"[a-z][a-z0-9._-]*", name) or name in self._taken or name == "scratch":
                context.at("name").problem(
                    f"a stage cannot be called `{name}`",
                    "begin with a letter; names of Externals, their references and `scratch` are taken",
                )
            source = context.at("from").text(stage.from_)
            steps = self._steps(("stages", index, "steps"), stage.steps, scope)
            platform = context.at("platform").optional(stage.platform)
            if platform and not _STAGE_PLATFORM.fullmatch(platform):
                context.at("platform").problem(
                    f"`{platform}` is no platform", "write `$BUILDPLATFORM` or `linux/amd64`"
                )
            found.append(DraftStage(name, source, steps, place, platform))
        return tuple(found)

    def _tags(self, scope: Scope) -> tuple[str, ...]:
        place = (
            self._layer.place.at("tags")
            if self._manifest.tags is not None
            else self._layer.place.at("variant")
        )
        with_release = Scope({**scope.values, "release": RELEASE}, scope.declared | {"release"}, scope.owner)
        context = self._resolver.context(with_release, place)
        before = len(self._problems)
        found: dict[str, None] = {}
        for text, here in _tag_texts(context, self._tags_written):
            made = names.tag(text.replace(RELEASE, "20261231.v1"))
            if isinstance(made, names.Bad):
                here.problem(made.what, made.help)
            if re.search(r"[0-9]{8}\.v[0-9]", text):
                here.problem(
                    f"the tag `{text}` reads like a release's",
                    "write `${{ release }}` for what a release gives",
                )
            found[text] = None
        if len(self._problems) == before and all(RELEASE in tag for tag in found):
            context.problem(
                f"`{self._manifest.name}:{scope.values['variant']}` has no floating tag",
                "add a tag without `${{ release }}`: "
                "what stands on the image names it by that until a release",
            )
        return tuple(found)


def _runs(steps: Sequence[WrittenStep]) -> list[tuple[int, list[WrittenStep]]]:
    """The steps in runs, each with its first index: all that no row changes make one, others stand alone."""
    runs: list[tuple[int, list[WrittenStep]]] = []
    for index, step in enumerate(steps):
        if runs and not step.names and not runs[-1][1][0].names:
            runs[-1][1].append(step)
        else:
            runs.append((index, [step]))
    return runs


def _tag_texts(context: Context, written: list[str] | str) -> list[tuple[str, Context]]:
    """Tags, evaluated; RELEASE is no printable text, so the usual check must not see it."""
    entries = written if isinstance(written, list) else [written]
    found = []
    for index, each in enumerate(entries):
        here = context.at(index) if isinstance(written, list) else context
        value = here.value(each)
        items = value if isinstance(value, list) else [value]
        found += [(item, here) for item in items if isinstance(item, str) and item]
    return found


def _frame_parts(manifest: LayerManifest) -> list[object]:
    return [
        manifest.capabilities,
        manifest.platforms,
        manifest.args,
        manifest.entrypoint,
        manifest.cmd,
        manifest.healthcheck,
        manifest.tests,
    ]
