"""Drafts to Images: who stands on what, in which order, and what a parent must have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rgraph.catalog import Catalog
from rgraph.errors import Place, Problems
from rgraph.graph import cycles, in_order, levels
from rgraph.image import Edge, Image, ImageStep, Stage, State
from rgraph.names import Platform
from rgraph.resolve.drafts import Draft
from rgraph.resolve.rendering import Renderer, restore
from rgraph.resolve.steps import MANY
from rgraph.resolve.unique import check_unique
from rgraph.steps.shells import dialect_of
from rgraph.suggest import did_you_mean

_SHELLS = {"linux": ("/bin/sh", "-c"), "windows": ("cmd", "/S", "/C")}
"""The default SHELL of each operating system (Dockerfile reference, "SHELL")."""


def link(
    catalog: Catalog, drafts: Sequence[Draft], problems: Problems
) -> tuple[dict[str, Image], dict[str, int]]:
    """The images by id, in order, and their waves."""
    by_id = check_unique(drafts, problems)
    linker = _Linker(catalog, by_id, problems)
    edges = {id: linker.edges(draft) for id, draft in by_id.items()}
    needs = {id: [edge.to for edge in found if not edge.external] for id, found in edges.items()}
    level = levels(needs)
    if len(level) < len(needs):
        for cycle in cycles({id: needed for id, needed in needs.items() if id not in level}):
            place = by_id[cycle[0]].place.at("from")
            problems.add(place, f"a cycle: {' -> '.join(cycle)}", "an image cannot need itself")
    images: dict[str, Image] = {}
    for id in in_order(level):
        image = linker.image(by_id[id], edges[id], images)
        if image is not None:
            images[id] = image
    return images, {id: level[id] for id in images}


class _Linker:
    def __init__(self, catalog: Catalog, drafts: Mapping[str, Draft], problems: Problems) -> None:
        self._catalog = catalog
        self._drafts = drafts
        self._problems = problems
        self._renderer = Renderer(catalog, problems)
        self._externals: dict[str, State] = {}
        self._known: dict[str, str] = {}

    def edges(self, draft: Draft) -> tuple[Edge, ...]:
        """What a draft needs, the parent first; names that lead nowhere are noted."""
        stages = {stage.name for stage in draft.stages}
        parent = self._edge("from", draft.source, draft.place.at("from"))
        copied: dict[Edge, None] = {}
        seen: set[str] = set()
        for stage in draft.stages:
            if stage.source not in seen:
                self._add(copied, stage.source, stage.place.at("from"))
            self._copied(copied, stage.steps, seen)
            seen.add(stage.name)
        self._copied(copied, (*draft.public, *draft.private), stages)
        return (*(() if parent is None else (parent,)), *sorted(copied))

    def _copied(self, found: dict[Edge, None], steps: Iterable[ImageStep], stages: set[str]) -> None:
        for step in steps:
            for source in step.sources:
                if source not in stages:
                    self._add(found, source, step.place.at("take", "from"))

    def _add(self, found: dict[Edge, None], source: str, place: Place) -> None:
        edge = self._edge("copy", source, place)
        if edge is not None:
            found[edge] = None

    def _edge(self, type: str, source: str, place: Place) -> Edge | None:
        exists = source in (self._drafts if ":" in source else self._catalog.externals)
        if exists:
            return Edge("from" if type == "from" else "copy", source, ":" not in source)
        if source:
            what = "image" if ":" in source else "External" if type == "from" else "stage or External"
            if source not in self._known:
                few = len(self._problems) < MANY
                self._known[source] = self._suggestion(source) if few else ""
            self._problems.add(place, f"there is no {what} `{source}`", self._known[source], unsure=True)
        return None

    def _suggestion(self, source: str) -> str:
        layer, _, variant = source.partition(":")
        if not variant:
            if source in self._catalog.layers:
                return f"`{source}` is a layer: name one of its images, `{source}:VARIANT`"
            near = did_you_mean(source, self._catalog.externals)
            return near or "Externals are in manifests/externals.yaml"
        elsewhere = self._external_of(source)
        if layer not in self._catalog.layers:
            near = did_you_mean(layer, self._catalog.layers).replace("`?", f":{variant}`?")
            return elsewhere or near or "an image from elsewhere gets a name in manifests/externals.yaml"
        if elsewhere:
            return elsewhere
        ids = sorted(id for id in self._drafts if id.startswith(f"{layer}:"))
        return did_you_mean(source, ids) or f"`{layer}` has {', '.join(ids[:8]) or 'no images'}"

    def _external_of(self, reference: str) -> str:
        for name, external in sorted(self._catalog.externals.items()):
            if external.manifest.reference == reference:
                return f"the External `{name}` has this reference: write `{name}`"
        return ""

    def image(self, draft: Draft, edges: tuple[Edge, ...], images: Mapping[str, Image]) -> Image | None:
        """The image of a draft whose parents are linked; None if a parent could not be."""
        states = [self._state(edge, images) for edge in edges]
        if not edges or edges[0].type != "from" or any(state is None for state in states):
            return None
        parents = [state for state in states if state is not None]
        start = self._start(draft, edges, parents)
        stages = self._stages(draft, images)
        public, end = self._renderer.render(draft.public, start)
        private, after = self._renderer.render(draft.private, end)
        self._check_sources(draft, start.platforms)
        restored = restore(draft.private, end)
        if any("$" in line for line in restored):
            what = f"the private part of `{draft.id}` cannot give back `{restored[-1]}`"
            self._problems.add(
                draft.place.at("private"),
                what,
                "name the user and the folder without variables, which may differ then",
            )
        manifest = draft.layer.manifest
        scripts = [name for test in draft.frame.tests for name in (test.script, *test.files) if name]
        return Image(
            draft.id,
            manifest.kind,
            manifest.name,
            draft.variant,
            manifest.description,
            draft.place,
            draft.row,
            edges[0],
            edges,
            draft.repository,
            draft.tags,
            draft.folder,
            draft.frame,
            stages,
            public,
            private,
            restored,
            end if draft.private else after,
            tuple(sorted({*scripts, *self._copies(draft)} & set(self._catalog.files))),
        )

    def _check_sources(self, draft: Draft, platforms: Sequence[Platform]) -> None:
        for step in (*draft.public, *draft.private):
            missing = [each for each in platforms if each not in step.platforms] if step.platforms else []
            if missing:
                what = f"`{draft.id}` is for {missing[0]} too, for which the download has no URL"
                self._problems.add(step.place, what, "add one, or say the image's `platforms`")

    def _copies(self, draft: Draft) -> set[str]:
        steps = (*(each for stage in draft.stages for each in stage.steps), *draft.public, *draft.private)
        return {file for step in steps if step.files for file in step.files}

    def _stages(self, draft: Draft, images: Mapping[str, Image]) -> tuple[Stage, ...]:
        states: dict[str, State] = {}
        stages: list[Stage] = []
        for stage in draft.stages:
            source = states.get(stage.source) or self._state(
                Edge("copy", stage.source, ":" not in stage.source), images
            )
            if source is None:
                continue  # noted with the edges
            rendered, states[stage.name] = self._renderer.render(stage.steps, source)
            stages.append(Stage(stage.name, stage.source, rendered, stage.platform))
        return tuple(stages)

    def _start(self, draft: Draft, edges: tuple[Edge, ...], parents: Sequence[State]) -> State:
        """The state in which the image's own steps start."""
        parent = parents[0]
        self._check_capabilities(draft, edges[0], parent)
        platforms = self._platforms(draft, edges, parents)
        return State(
            parent.os,
            parent.dialect,
            parent.shell,
            parent.user,
            parent.workdir,
            platforms,
            parent.capabilities,
        )

    def _check_capabilities(self, draft: Draft, edge: Edge, parent: State) -> None:
        for name, claim in draft.frame.capabilities:
            has = parent.capabilities.get(name, False)
            if has != claim:
                shown = f"`{name}: {_shown(has)}`" if name in parent.capabilities else f"no `{name}`"
                self._problems.add(
                    draft.place.at("capabilities", name),
                    f"`{draft.id}` claims `{name}: {_shown(claim)}`, but `{edge.to}` has {shown}",
                    "stand on another image, or mend the claim",
                )

    def _platforms(
        self, draft: Draft, edges: Sequence[Edge], parents: Sequence[State]
    ) -> tuple[Platform, ...]:
        written = draft.frame.platforms
        common = [
            platform
            for platform in parents[0].platforms
            if all(platform in each.platforms for each in parents)
        ]
        if not written:
            asked = [platform for platform in common if platform in self._catalog.settings.platforms]
            if not common:
                self._problems.add(
                    draft.place.at("from"),
                    f"`{draft.id}` has no platform in common with all of {_listed(edges)}",
                    "what an image stands on and takes from must exist for its platforms",
                )
            return tuple(asked or common)
        for platform in written:
            for edge, parent in zip(edges, parents, strict=True):
                if platform not in parent.platforms:
                    self._problems.add(
                        draft.place.at("platforms"),
                        f"`{draft.id}` is for {platform}, "
                        f"but `{edge.to}` is only for {', '.join(parent.platforms)}",
                        "parents need all platforms of an image",
                    )
        return written

    def _state(self, edge: Edge, images: Mapping[str, Image]) -> State | None:
        if not edge.external:
            return images[edge.to].state if edge.to in images else None
        if edge.to not in self._catalog.externals:
            return None  # noted with the edges
        if edge.to not in self._externals:
            self._externals[edge.to] = self._external(edge.to)
        return self._externals[edge.to]

    def _external(self, name: str) -> State:
        external = self._catalog.externals[name]
        written = external.manifest
        windows = any(platform.startswith("windows/") for platform in written.platforms)
        hosts = self._catalog.settings.windows_hosts
        if windows and hosts and written.os_version not in hosts:
            self._problems.add(
                external.place.at("os_version"),
                f"`{name}` needs Windows hosts of build {written.os_version}, "
                f"the catalogue's are {', '.join(hosts)}",
                "with process isolation, host and image must have the same build",
            )
        shell = tuple(written.shell) or _SHELLS["windows" if windows else "linux"]
        return State(
            "windows" if windows else "linux",
            dialect_of(shell) or "posix",
            shell,
            written.user or ("ContainerAdministrator" if windows else "root"),
            written.workdir,
            tuple(Platform(platform) for platform in sorted(written.platforms)),
            written.capabilities,
        )


def _shown(value: bool | str) -> str:
    return value if isinstance(value, str) else "true" if value else "false"


def _listed(edges: Sequence[Edge]) -> str:
    return ", ".join(f"`{edge.to}`" for edge in edges)
