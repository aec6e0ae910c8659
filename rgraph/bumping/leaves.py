"""What in one step says the version of a component, and its edits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct, field, structs

from rgraph.bumping.interface import Ask, Edit, Refusal, Spot
from rgraph.bumping.notations import TYPES, Changed, package_with, purl_with, ref_with
from rgraph.bumping.written import NONE, Edits, Frame, Written, find, grouped, pairs, text, truth, value
from rgraph.errors import Path, Place
from rgraph.expressions import Value
from rgraph.manifest.step import Step
from rgraph.manifest.step_packages import PackageSpec
from rgraph.names import Bad
from rgraph.steps.interface import Component
from rgraph.steps.packages import exact_version

Change = Callable[[str], Changed | Bad | None]


class Leaf(Struct, frozen=True, eq=False):
    """A step that brings components, in one frame."""

    step: Step
    spot: Spot
    """Where it stands."""
    frame: Frame

    def written(self, *path: str | int, data: Any) -> Written:
        """A value of the step."""
        file, above = self.spot
        return Written(((file, (*above, *path)),), data, self.frame)

    def place(self, *path: str | int) -> Place:
        """A place in the step."""
        return Place(self.spot[0], (*self.spot[1], *path))


class Found(Struct):
    """What was found so far."""

    edits: list[Edit] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    olds: dict[str, None] = field(default_factory=dict)
    """Versions that are to be replaced."""
    checked: dict[str, Place] = field(default_factory=dict)
    """What a checksum or commit that was given is of -> where that stands."""
    left: dict[tuple[Place, str], None] = field(default_factory=dict)
    """What goes with the version, is left as it is, and why."""

    @property
    def by_spot(self) -> Edits:
        """The edits, by scalar."""
        return grouped(self.edits) if self.edits else NONE

    def refuse(self, place: Place, what: str, help: str = "") -> None:
        """Notes a refusal."""
        self.refusals.append(Refusal(place, what, help))

    def change(self, written: Written, wanted: Value, old: str, new: str) -> None:
        """Notes the edits that make a value what is wanted, or that there are none."""
        self.olds[old] = None
        given = self.by_spot
        if value(written, given) == wanted:
            return
        made = find(written, wanted, pairs(old, new), given)
        self.edits += made
        if not made:
            file, path = written.spots[0]
            self.refuse(
                Place(file, path),
                f"its version `{old}` is put together from several values, or made by an expression",
                "edit it yourself",
            )


def heads(leaf: Leaf, ask: Ask) -> Found:
    """The edits of what the component's version is taken from, in one step."""
    found = Found()
    step = leaf.step
    if step.kind in TYPES:
        _packages(leaf, ask, found)
    elif step.provides is not None:
        _texts(leaf.written("provides", data=step.provides), lambda each: purl_with(each, ask), found)
    elif step.kind in ("github", "url", "source"):
        for path, body in bodies(step):
            _named(leaf, path, body, ask, found)
    for old in found.olds:
        if ask.is_downgrade(old):
            help = "`--downgrade` if you mean it; `NAME@OLD` changes pins of one version alone"
            found.refuse(leaf.place(), f"`{ask.new}` is older than `{old}`", help)
    return found


def bodies(step: Step) -> Iterator[tuple[Path, Any]]:
    """The mappings of a step that has one or several, each with its path."""
    if isinstance(step.body, list):
        for index, each in enumerate(step.body):
            yield (step.kind, index), each
    else:
        yield (step.kind,), step.body


def _packages(leaf: Leaf, ask: Ask, found: Found) -> None:
    kind, body = leaf.step.kind, leaf.step.body
    path: Path = (kind,)
    if not isinstance(body, (list, str)):
        path, body = (kind, "packages"), body.packages
    for index, entry in enumerate(body) if isinstance(body, list) else [(None, body)]:
        here = path if index is None else (*path, index)
        if isinstance(entry, PackageSpec):
            _spec(leaf, here, entry, ask, found)
        else:
            entry_text = leaf.written(*here, data=entry)
            _texts(entry_text, lambda each: package_with(kind, each, ask), found)


def _spec(leaf: Leaf, path: Path, spec: PackageSpec, ask: Ask, found: Found) -> None:
    if not spec.version or not truth(spec.when, leaf.frame):
        return
    kind = leaf.step.kind
    name = text(leaf.written(*path, "name", data=spec.name))
    version = leaf.written(*path, "version", data=spec.version)
    made = package_with(kind, exact_version(kind, name, text(version)), ask)
    if isinstance(made, Bad):
        found.refuse(leaf.place(*path, "version"), made.what, made.help)
    elif made is not None:
        old = text(version)
        found.change(version, ask.new, old, ask.new)
        if spec.fixes and old != ask.new:
            _claims(leaf, path, spec, old, ask, found)


def _claims(leaf: Leaf, path: Path, spec: PackageSpec, old: str, ask: Ask, found: Found) -> None:
    """What a pin says that its version fixes: a later one fixes it too, an earlier one may not."""
    fixes = text(leaf.written(*path, "fixes", data=spec.fixes)).replace("\n", ", ")
    place = leaf.place(*path, "fixes")
    if structs.replace(ask, downgrade=False).is_downgrade(old):
        found.refuse(place, f"`{ask.new}` need not fix {fixes}, as `{old}` does", "take it out first")
    elif fixes:
        found.left[place, f"{fixes} stays: what {old} fixes, {ask.new} does; add what else it fixes"] = None


def _texts(written: Written, change: Change, found: Found) -> None:
    """Each text of a list in which something is to be another version."""
    before = value(written, found.by_spot)
    items = before if isinstance(before, list) else [before]
    for index, item in enumerate(items):
        made = change(item) if isinstance(item, str) else None
        if isinstance(made, Bad):
            found.refuse(Place(*written.spots[0]), made.what, made.help)
        elif made is not None:
            listed = isinstance(before, list)
            wanted: Value = [*items[:index], made.text, *items[index + 1 :]] if listed else made.text
            found.change(written, wanted, made.old, made.new)
            # What was changed is what the next item is compared with.
            before = value(written, found.by_spot)
            items = before if isinstance(before, list) else [before]
            if len(items) <= index:
                return


def _named(leaf: Leaf, path: Path, body: Any, ask: Ask, found: Found) -> None:
    """A package of GitHub or by URL, or a program built from source: what it is called by."""
    component, key = _component_of(leaf, path, body)
    if component is None or not ask.wants(component):
        return
    written = leaf.written(*path, key, data=getattr(body, key))
    new: str | Bad = ref_with(component.version, ask.new) if key == "ref" else ask.new
    if isinstance(new, Bad):
        found.refuse(Place(*written.spots[0]), new.what, new.help)
    else:
        found.change(written, new, component.version, new)


def _component_of(leaf: Leaf, path: Path, body: Any) -> tuple[Component | None, str]:
    """The component of a body (see the steps' `components`), and the key that says its version."""

    def said(key: str) -> str:
        return text(leaf.written(*path, key, data=getattr(body, key)))

    if leaf.step.kind == "github":
        owner, _, repo = said("repo").lower().partition("/")
        return Component("github", repo, said("ref"), namespace=owner), "ref"
    if leaf.step.kind == "source" and body.git:
        git = said("git").removesuffix("/").removesuffix(".git")
        host, _, rest = git.partition("://github.com/")
        if host == "https" and rest.count("/") == 1:
            owner, _, repo = rest.lower().partition("/")
            return Component("github", repo, said("ref"), namespace=owner), "ref"
    return Component("generic", said("name"), said("version")), "version"
