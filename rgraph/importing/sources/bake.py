"""Bake files of docker buildx: targets, groups, what they inherit, matrices.

Source: the bake file reference (docs/bake-reference.md of docker/buildx) and `bake/bake.go`: how files and
targets are merged.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from rgraph.errors import Place, Problem
from rgraph.importing.model import SourceImage
from rgraph.importing.sources.found import (
    Found,
    SourceError,
    decoded,
    inside,
    left_out,
    line_of,
    platform_of,
    without_left_out,
)
from rgraph.importing.sources.functions import plain
from rgraph.importing.sources.hcl import Block, Body, Node, parsed, template
from rgraph.importing.sources.values import Defined

_MERGED: Final = frozenset({"args", "contexts", "labels"})
"""Attributes whose entries are added to those that a target inherits; all others take their place."""
INLINE: Final = "bake-inline"
"""Folder of Dockerfiles that stand in the bake file itself: they are there under no name."""
_MOST: Final = 20_000
_GIVEN: Final = {"BAKE_CMD_CONTEXT": "", "BAKE_LOCAL_PLATFORM": "linux/amd64"}


class _Target(Struct, frozen=True):
    """A target with its values, before it inherits."""

    name: str
    values: Mapping[str, Any]
    place: Place


def bake(files: Mapping[str, str], given: Mapping[str, str], wanted: Sequence[str]) -> Found:
    """The images of bake files that are read together; paths below the root that all paths start from.

    `wanted` names targets and groups; without one it is all that is not only there to be inherited from.
    """
    try:
        read = _Read(files, given)
        chosen = read.chosen(wanted)
    except SourceError as error:
        return Found((), (error.problem,))
    images: list[SourceImage] = []
    problems: list[Problem] = []
    texts: dict[str, str] = {}
    for name in chosen:
        try:
            image, text = _image(name, read.whole(name), read.targets[name].place)
        except SourceError as error:
            problems.append(error.problem)
            continue
        images.append(image)
        if text is not None:
            texts[image.dockerfile] = text
    notes = [note for image in images for note in left_out(image)]
    return Found(tuple(map(without_left_out, images)), tuple(problems), tuple(notes), texts)


class _Read:
    """All targets and groups of some files. Raises SourceError."""

    def __init__(self, files: Mapping[str, str], given: Mapping[str, str]) -> None:
        self.targets: dict[str, _Target] = {}
        self._groups: dict[str, list[str]] = {}
        self._made: dict[str, list[str]] = {}
        """A target with a matrix -> the targets that it stands for."""
        self._path = next(iter(files), "")
        bodies = {path: _body(path, text) for path, text in files.items()}
        defaults, functions = _definitions(bodies)
        for path, body in bodies.items():
            defined = Defined(path, defaults, functions, {**_GIVEN, **given})
            for block in body.blocks:
                if block.kind == "target":
                    self._add(path, block, defined)
                elif block.kind == "group":
                    self._group(path, block, defined)

    def chosen(self, wanted: Sequence[str]) -> list[str]:
        """The names of the targets to import, in order."""
        if wanted:
            return self._expanded(wanted)
        parents = {
            parent for name in self.targets for parent in self._inherited(name) if parent in self.targets
        }
        grouped = set(self._expanded(name for name in self._groups))
        used = {
            value.removeprefix("target:")
            for target in self.targets.values()
            for value in _object(target.values.get("contexts")).values()
            if isinstance(value, str)
        }
        return [name for name in self.targets if name not in parents or name in grouped or name in used]

    def whole(self, name: str, above: tuple[str, ...] = ()) -> dict[str, Any]:
        """The values of a target with those that it inherits."""
        target = self.targets[name]
        if name in above or len(above) > 50:
            raise SourceError(target.place, f"target `{name}` inherits from itself")
        made: dict[str, Any] = {}
        for parent in self._inherited(name):
            if parent not in self.targets:
                raise SourceError(
                    target.place, f"target `{name}` inherits from `{parent}`, which is not there"
                )
            _merge(made, self.whole(parent, (*above, name)))
        _merge(made, target.values)
        return made

    def _inherited(self, name: str) -> list[str]:
        target = self.targets[name]
        return _texts(target.values.get("inherits"), "inherits", target.place)

    def _expanded(self, names: Iterable[str]) -> list[str]:
        """Targets for the names of targets and groups, groups in groups too."""
        found: dict[str, None] = {}
        waiting, seen = list(names)[::-1], set()
        while waiting:
            name = waiting.pop()
            if name in self._groups and name not in seen:
                seen.add(name)
                waiting += self._groups[name][::-1]
            elif name in self._made:
                found.update(dict.fromkeys(self._made[name]))
            elif name in self.targets:
                found[name] = None
            elif name not in seen:
                raise SourceError(Place(self._path, line=1), f"there is no target or group `{name[:80]}`")
        return list(found)

    def _add(self, path: str, block: Block, defined: Defined) -> None:
        if len(block.labels) != 1:
            raise SourceError(Place(path, line=block.line), "a target has one name")
        name = block.labels[0]
        place = Place(path, line=block.line)
        attributes = {
            **block.body.attributes,
            **{each.kind: _as_object(each) for each in block.body.blocks},
        }
        rows = list(_rows(attributes, defined, place))
        if rows != [{}]:
            self._made.setdefault(name, [])
        for row in rows:
            values = {
                key: defined.value(node, row)
                for key, node in attributes.items()
                if key not in ("matrix", "description", "name")
            }
            own: object = name
            if "name" in attributes:
                own = defined.value(attributes["name"], row)
            elif row:
                raise SourceError(place, f"target `{name}` has a matrix and no `name`")
            if not isinstance(own, str) or (row and own in self._made[name]):
                raise SourceError(place, f"the names of target `{name}` are no texts, or not all different")
            if row:
                self._made[name].append(own)
            before = dict(self.targets[own].values) if own in self.targets else {}
            _merge(before, values)
            self.targets[own] = _Target(own, before, place)
            if len(self.targets) > _MOST:
                raise SourceError(place, f"more than {_MOST:,} targets")

    def _group(self, path: str, block: Block, defined: Defined) -> None:
        place = Place(path, line=block.line)
        if len(block.labels) != 1 or "targets" not in block.body.attributes:
            raise SourceError(place, "a group has one name, and `targets`")
        listed = _texts(defined.value(block.body.attributes["targets"]), "targets", place)
        self._groups.setdefault(block.labels[0], []).extend(listed)


def _definitions(
    bodies: Mapping[str, Body],
) -> tuple[dict[str, Node], dict[str, tuple[tuple[str, ...], str, Node]]]:
    """Variables and functions of all files."""
    defaults: dict[str, Node] = {}
    functions: dict[str, tuple[tuple[str, ...], str, Node]] = {}
    for path, body in bodies.items():
        defaults |= {name: node for name, node in body.attributes.items() if name not in _BLOCKS}
        for block in body.blocks:
            inner = block.body.attributes
            if len(block.labels) == 1 and block.kind == "variable":
                defaults[block.labels[0]] = inner.get("default", Node("value", ("",), block.line))
            elif len(block.labels) == 1 and block.kind == "function":
                if "result" not in inner:
                    raise SourceError(Place(path, line=block.line), "a function has a `result`")
                rest = _names(inner.get("variadic_params"))
                names = _names(inner.get("params"))
                functions[block.labels[0]] = (names, rest[0] if rest else "", inner["result"])
    return defaults, functions


def _names(node: Node | None) -> tuple[str, ...]:
    """The words of a list: `[a, b]` in HCL, `["a", "b"]` in JSON."""
    if node is None or node.kind not in ("list", "name", "value"):
        return ()
    items = node.of if node.kind == "list" else (node,)
    return tuple(str(each.of[0]) for each in items)


def _rows(attributes: Mapping[str, Node], defined: Defined, place: Place) -> Iterator[dict[str, Any]]:
    """The values of each combination of a matrix; one empty one without."""
    if "matrix" not in attributes:
        yield {}
        return
    matrix = defined.value(attributes["matrix"])
    if not isinstance(matrix, dict) or not all(isinstance(each, list) for each in matrix.values()):
        raise SourceError(place, "a matrix has a list for each name")
    count = 1
    for each in matrix.values():
        count *= len(each)
    if count > _MOST:
        raise SourceError(place, f"a matrix with more than {_MOST:,} combinations")
    for values in itertools.product(*matrix.values()):
        yield dict(zip(matrix, values, strict=True))


def _merge(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if key in _MERGED and isinstance(value, dict) and isinstance(below.get(key), dict):
            below[key] = {**below[key], **value}
        elif value is not None:
            below[key] = value


def _image(name: str, values: Mapping[str, Any], place: Place) -> tuple[SourceImage, str | None]:
    """The image of a target, and its Dockerfile if the target itself holds it."""
    written = values.get("context") or "."
    if not isinstance(written, str) or (folder := inside("", written.removeprefix("cwd://"))) is None:
        what = f"the context of target `{name}` is elsewhere: `{str(written)[:80]}`"
        raise SourceError(place, what, "import only what is in the folder, or say --root DIR")
    text = values.get("dockerfile-inline")
    file = inside(folder, str(values.get("dockerfile") or "Dockerfile"))
    if isinstance(text, str):
        file = f"{INLINE}/{name}.Dockerfile"
    if not file:
        raise SourceError(
            place, f"the Dockerfile of target `{name}` leads out of the folder", "say --root DIR"
        )
    image = SourceImage(
        name=name,
        dockerfile=file,
        context=folder,
        args=_mapping(values, "args", place),
        target=str(values.get("target") or ""),
        tags=tuple(tag for tag in _texts(values.get("tags"), "tags", place) if tag),
        platforms=tuple(
            dict.fromkeys(
                platform_of(*each.split("/", 2))
                for each in _texts(values.get("platforms"), "platforms", place)
                if "/" in each
            )
        ),
        contexts=_mapping(values, "contexts", place),
        place=place,
        labels=_mapping(values, "labels", place),
    )
    return image, text if isinstance(text, str) else None


def _mapping(values: Mapping[str, Any], key: str, place: Place) -> dict[str, str]:
    """Names and texts; a null leaves a name out."""
    found = {name: value for name, value in _object(values.get(key)).items() if value is not None}
    if not all(isinstance(value, str | int | float) for value in found.values()):
        raise SourceError(place, f"`{key}` has a value that is no text")
    return {name: plain(value) for name, value in found.items()}


def _texts(value: object, key: str, place: Place) -> list[str]:
    several = value if isinstance(value, list) else [value]
    found = [plain(each) for each in several if isinstance(each, str | int | float)]
    if len(found) < sum(1 for each in several if each is not None):
        raise SourceError(place, f"`{key}` is no list of texts")
    return found


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


_BLOCKS: Final = ("target", "group", "variable", "function")


def _body(path: str, text: str) -> Body:
    """A file in JSON, if it begins like one, or in HCL; bake tries both as well."""
    if not text.lstrip().startswith("{"):
        return parsed(path, text)
    data = decoded(path, text)
    body = Body()
    for kind, value in data.items():
        if kind not in _BLOCKS:
            body.attributes[kind] = _node(path, value, 1)
            continue
        for group in value if isinstance(value, list) else [value]:
            for name, inner in _object(group).items():
                line = line_of(text, name)
                for each in inner if isinstance(inner, list) else [inner]:
                    attributes = {key: _node(path, of, line) for key, of in _object(each).items()}
                    body.blocks.append(Block(kind, (name,), Body(attributes), line))
    return body


def _node(path: str, value: object, line: int) -> Node:
    """A value of JSON as an expression: its texts are templates."""
    if isinstance(value, str):
        return template(path, value, line)
    if isinstance(value, list):
        return Node("list", tuple(_node(path, each, line) for each in value), line)
    if isinstance(value, dict):
        pairs = tuple((template(path, key, line), _node(path, each, line)) for key, each in value.items())
        return Node("object", pairs, line)
    return Node("value", (value,), line)


def _as_object(block: Block) -> Node:
    """A block within a target: `args { A = 1 }`."""
    pairs = tuple((Node("value", (key,), node.line), node) for key, node in block.body.attributes.items())
    return Node("object", pairs, block.line)
