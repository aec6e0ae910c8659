"""What an import found, in figures and lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from rgraph.audit.interface import Finding
from rgraph.errors import Problem
from rgraph.importing.model import ImportedImage, SourceEdge, SourceImage
from rgraph.importing.verification import Verdict
from rgraph.inventory import Inventory
from rgraph.resolve import Resolved

MOST_FINDINGS = 10
"""Findings of the audit that a report shows."""


class Packages(Struct, frozen=True):
    """The packages of one ecosystem, each name and version once."""

    ecosystem: str
    pinned: int
    unpinned: tuple[str, ...]
    """Names of those without an exact version, sorted."""


class Figures(Struct, frozen=True):
    """Counts of what was read and made."""

    files: int
    """Dockerfiles found."""
    parsed: int
    """Of them, those that parse."""
    images: int
    edges: int = 0
    """From an image to another image or an External; one for each two, and none to `scratch`."""
    internal: int = 0
    """Of them, those to an image of the import."""
    externals: int = 0
    waves: tuple[int, ...] = ()
    """Images of each wave."""
    layers: int = 0
    recipes: int = 0
    uses: int = 0
    """Places where recipes are used."""
    runs: int = 0
    """RUN instructions."""
    typed: int = 0
    """Of them, those that typed steps stand for."""
    lines_before: int = 0
    """Lines of the Dockerfiles, empty ones and comments left out."""
    lines_after: int = 0
    """Lines of the manifests, counted alike."""
    tags: int = 0
    """References that the source gives to single images."""
    shared_tags: int = 0
    """Those that it gives to several, each for platforms of its own."""
    unresolved_tags: int = 0
    rendered: int = 0
    """Dockerfiles that the source itself holds."""
    rendered_same: int = 0
    """Of them, those that are in the tree byte for byte."""


class Report(Struct, frozen=True):
    """What an import found."""

    figures: Figures
    externals: tuple[tuple[str, str, bool], ...] = ()
    """Name, reference, and whether a digest pins it."""
    linked: tuple[tuple[str, str], ...] = ()
    """References that are taken for images of the import, and those images."""
    packages: tuple[Packages, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    sources: Mapping[str, SourceImage] = field(default_factory=dict)
    """What the source says of each image."""
    edges: tuple[SourceEdge, ...] = ()
    """Of all images, in their order."""
    ids: Mapping[str, str] = field(default_factory=dict)
    """Name of a SourceImage -> image id."""
    problems: tuple[Problem, ...] = ()
    """What was not imported, and why."""
    notes: tuple[Problem, ...] = ()
    """What is imported and needs a person's look."""
    findings: tuple[tuple[Finding, int, int], ...] = ()
    """The audit's first, with their lines and columns in the manifests."""
    total_findings: int = 0

    def rules(self) -> dict[str, int]:
        """Rule -> images that are equivalent by it; the most used first."""
        found = Counter(rule for each in self.verdicts if each.state == "equivalent" for rule in each.rules)
        return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))

    @property
    def is_well(self) -> bool:
        """Whether all was imported and stays what it was."""
        return not self.problems and all(each.state != "different" for each in self.verdicts)


def states_of(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many images came out how."""
    found = Counter(each.state for each in verdicts)
    return {state: found[state] for state in ("identical", "equivalent", "different")}


def packages(resolved: Resolved, inventory: Inventory) -> tuple[Packages, ...]:
    """The packages of all images by ecosystem, in the order of their names."""
    pinned: dict[str, set[tuple[str, str]]] = {}
    unpinned: dict[str, set[str]] = {}
    for id in resolved.images:
        for each in inventory.own(id):
            component = each.component
            if each.version and not component.pinned_by.startswith("at least"):
                pinned.setdefault(component.type, set()).add((each.name, each.version))
            else:
                unpinned.setdefault(component.type, set()).add(each.name)
    return tuple(
        Packages(ecosystem, len(pinned.get(ecosystem, ())), tuple(sorted(unpinned.get(ecosystem, ()))))
        for ecosystem in sorted(pinned.keys() | unpinned.keys())
    )


def waves(resolved: Resolved) -> tuple[int, ...]:
    """Images of each wave."""
    found = Counter(resolved.level[id] for id in resolved.images)
    return tuple(found[level] for level in sorted(found))


def edges(images: Sequence[ImportedImage]) -> tuple[int, int, int]:
    """All edges, those to images of the import, and the different Externals.

    Two images have one edge, whatever one takes from the other. `scratch` is no image.
    """
    found = {
        (edge.image, edge.to, edge.external)
        for image in images
        for edge in image.edges
        if not edge.external or edge.to != "scratch"
    }
    return (
        len(found),
        sum(1 for _, _, external in found if not external),
        len({to for _, to, external in found if external}),
    )


def uses(steps: Iterable[object]) -> int:
    """How often recipes are used in some plain data."""
    count = 0
    waiting = list(steps)
    while waiting:
        match waiting.pop():
            case dict() as data:
                count += "use" in data
                waiting += data.values()
            case list() as several:
                waiting += several
    return count


def counted(text: str) -> int:
    """Lines of a manifest that are neither empty nor comments."""
    return sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
