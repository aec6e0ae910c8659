"""Lists and trees of images."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rgraph.app import Workspace
from rgraph.cli.common import bold, columns, count
from rgraph.expressions import Value
from rgraph.image import Image


def list_text(workspace: Workspace, ids: Sequence[str]) -> str:
    """A table."""
    images = [workspace.resolved.images[id] for id in ids]
    rows = [
        (image.id, image.kind, image.parent.to, image.folder, ", ".join(image.floating_tags))
        for image in images
    ]
    table = columns(rows, ("image", "kind", "built on", "folder", "floating tags"))
    return f"{table}\n\n{count(len(rows), 'image')}"


def list_json(workspace: Workspace, ids: Sequence[str]) -> str:
    """A list for programs."""
    images = [_entry(workspace, workspace.resolved.images[id]) for id in ids]
    return json.dumps({"schema": 1, "images": images}, indent=2, ensure_ascii=False)


def _entry(workspace: Workspace, image: Image) -> dict[str, object]:
    row: dict[str, Value] = dict(image.row)
    return {
        "id": image.id,
        "kind": image.kind,
        "layer": image.layer,
        "variant": image.variant,
        "row": row,
        "wave": workspace.resolved.level[image.id],
        "from": image.parent.to,
        "repository": image.repository,
        "floating_tags": list(image.floating_tags),
        "folder": image.folder,
        "platforms": list(image.state.platforms),
        "capabilities": dict(image.state.capabilities),
        "manifest": image.place.file,
    }


def _children(workspace: Workspace, ids: Sequence[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Roots (Externals, or images whose parent is not chosen) and the children of each node."""
    chosen = set(ids)
    children: dict[str, list[str]] = {}
    roots: dict[str, None] = {}
    for id in ids:
        parent = workspace.resolved.images[id].parent
        children.setdefault(parent.to, []).append(id)
        if parent.external or parent.to not in chosen:
            roots[parent.to] = None
    return sorted(roots), {node: sorted(found) for node, found in children.items()}


def tree_text(workspace: Workspace, ids: Sequence[str]) -> str:
    """A tree; files taken from other images stand behind the name."""
    roots, children = _children(workspace, ids)
    lines: list[str] = []
    for root in roots:
        lines.append(bold(root))
        todo = [(child, "", child == children[root][-1]) for child in reversed(children[root])]
        while todo:
            id, indent, last = todo.pop()
            lines.append(f"{indent}{'└── ' if last else '├── '}{id}{_taken(workspace.resolved.images[id])}")
            below = children.get(id, [])
            deeper = indent + ("    " if last else "│   ")
            todo += [(child, deeper, child == below[-1]) for child in reversed(below)]
    return "\n".join(lines)


def _taken(image: Image) -> str:
    sources = dict.fromkeys(edge.to for edge in image.edges if edge.type == "copy")
    return f"  (takes from {', '.join(sources)})" if sources else ""


def tree_json(workspace: Workspace, ids: Sequence[str]) -> str:
    """The tree as nested objects."""
    roots, children = _children(workspace, ids)

    def node(name: str) -> dict[str, object]:
        return {"id": name, "children": [node(child) for child in children.get(name, [])]}

    return json.dumps({"schema": 1, "roots": [node(root) for root in roots]}, indent=2, ensure_ascii=False)
