"""One component twice in an image: in two versions, or from two ecosystems."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from rgraph.audit.interface import Finding, Rule
from rgraph.audit.relations.installed import Environments
from rgraph.audit.subject import Subject, plain_purl
from rgraph.ecosystems import order_of
from rgraph.errors import Path, Place
from rgraph.inventory import Declared
from rgraph.names import Purl
from rgraph.purls import parse_purl
from rgraph.steps.interface import Component

TWO_VERSIONS = Rule(
    "RG306", "two-versions", "warning", "An image brings a component that it has in another version already."
)

_MOST_RELATED = 5
_SYSTEM = frozenset({"deb", "rpm", "apk", "conda", "generic", "github"})
"""Types whose packages of one name are one program. A Python package is often only its client (`redis`)."""
_SHOWN = {"deb": "apt", "pypi": "pip"}


class _Twice(Struct, eq=False):
    """A declaration whose component was there already."""

    upper: Declared
    images: dict[str, None] = field(default_factory=dict)
    lower: dict[Place, tuple[Declared, str]] = field(default_factory=dict)
    """Where it came from before, and the image or External."""


def check(subject: Subject) -> Iterator[Finding]:
    """Findings of RG306: one for each declaration that comes second."""
    found: dict[tuple[Place, str], _Twice] = {}
    own = _own(subject)
    environments = Environments(subject)
    for id in subject.images:
        mine = own.get(id)
        if not mine:
            continue
        for node in subject.inventory.bringers(id):
            lower = own.get(node, {})
            for key in lower if len(lower) < len(mine) else mine:
                for upper, before in _pairs(subject, id, node, mine.get(key, []), lower.get(key, [])):
                    if _clash(upper, before, environments):
                        twice = found.setdefault((upper.place, key), _Twice(upper))
                        twice.images[id] = None
                        twice.lower.setdefault(before.place, (before, node))
    for twice in found.values():
        yield _finding(subject, twice)


def _finding(subject: Subject, twice: _Twice) -> Finding:
    upper = twice.upper
    before, node = next(iter(twice.lower.values()))
    where = f"in `{node}`" if node not in twice.images else "in the same image"
    what = f"{_shown(upper)} comes on top of {_shown(before)} {where}"
    if len(twice.lower) > 1:
        what += f", and of {len(twice.lower) - 1} more"
    help = "bring it once, or say why both are there in a waiver"
    images = subject.holding(tuple(twice.images))
    related = [(place, f"{_shown(each)} in `{by}`") for place, (each, by) in twice.lower.items()]
    name = plain_purl(upper.purl)
    return Finding(TWO_VERSIONS, upper.place, what, name, help, images, (), tuple(related[:_MOST_RELATED]))


def _shown(declared: Declared) -> str:
    type = declared.component.type
    version = f" {declared.version}" if declared.version else ""
    return f"`{declared.name}{version}` ({_SHOWN.get(type, type)})"


def _own(subject: Subject) -> dict[str, dict[str, list[Declared]]]:
    """Image or External -> name -> its components of that name, of names that are not one component only."""
    kinds: dict[str, set[tuple[str, str, str]]] = {}
    for brought in subject.components:
        component = brought.declared.component
        for key in _keys(brought.declared):
            kinds.setdefault(key, set()).add((component.type, component.name, component.version))
    found: dict[str, dict[str, list[Declared]]] = {}
    for brought in subject.components:
        for key in _keys(brought.declared):
            if len(kinds[key]) > 1:
                for node in brought.bringers:
                    found.setdefault(node, {}).setdefault(key, []).append(brought.declared)
    return found


def _keys(declared: Declared) -> set[str]:
    """Names under which a component is the same as another of the same key."""
    known = declared.fact.known_as if declared.fact else ()
    others = (parse_purl(Purl(purl)) for purl in known)
    return {_key(each) for each in (declared.component, *others)}


def _key(component: Component) -> str:
    """R's packages have other names elsewhere: conda's `r-NAME`, Debian's `r-cran-NAME`."""
    name = component.name.lower()
    match component.type:
        case "cran" | "bioconductor":
            return f"r/{name}"
        case "conda" if name.startswith(("r-", "bioconductor-")) and name != "r-base":
            return f"r/{name.partition('-')[2]}"
        case "deb" if name.startswith(("r-cran-", "r-bioc-")):
            return f"r/{name.split('-', 2)[2]}"
        case "conda" | "deb" if name in ("r-base", "r-base-core"):
            return "r"
        case "pypi":
            return name
        case type if type in _SYSTEM:
            return name
    return f"{component.type}/{component.namespace}/{name}"


def _clash(upper: Declared, lower: Declared, environments: Environments) -> bool:
    one, other = upper.component, lower.component
    if environments.of(upper.place) != environments.of(lower.place):
        return False
    if one.type != other.type:
        return "pypi" not in (one.type, other.type) or "conda" in (one.type, other.type)
    if not one.version or not other.version or one.version == other.version:
        return False
    order = order_of(one.type)
    left, right = order(one.version), order(other.version)
    return left is None or right is None or bool(left != right)


def _pairs(
    subject: Subject, id: str, node: str, uppers: list[Declared], lowers: list[Declared]
) -> Iterator[tuple[Declared, Declared]]:
    """What comes later with what came before; what one step brings several times is meant so."""
    if node != id:
        yield from ((upper, lower) for upper in uppers for lower in lowers if upper.place != lower.place)
    elif len(uppers) > 1:
        at = _positions(subject, id)
        ordered = sorted(uppers, key=lambda each: at.get((each.place.file, each.place.path), 0))
        for index, upper in enumerate(ordered):
            yield from ((upper, lower) for lower in ordered[:index] if upper.place != lower.place)


def _positions(subject: Subject, id: str) -> dict[tuple[str, Path], int]:
    """Places of the steps of an image -> their position in it."""
    image = subject.images[id]
    rendered = (*(step for stage in image.stages for step in stage.steps), *image.public, *image.private)
    steps = (step for each in rendered for step in each.source.members or (each.source,))
    return {(step.place.file, step.place.path): position for position, step in enumerate(steps)}
