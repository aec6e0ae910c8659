"""sbom.cdx.json: what an image holds, in CycloneDX 1.6 (ECMA-424)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from msgspec import Struct

from rgraph.inventory import Declared
from rgraph.render import sbom_components
from rgraph.render.view import View

BROUGHT_BY = "rgraph:brought-by"
"""Property of a component: an image or External that brings it; once for each of them."""


class _Fragment(Struct, frozen=True, eq=False):
    """A component as text, the same in every document but for who brought it."""

    declared: Declared
    text: str
    """All but its end: its properties go on with who brought it."""


class _Node(Struct, frozen=True, eq=False):
    """What an image or External adds to the SBOMs of all that stand on it."""

    container: str
    """Itself."""
    own: dict[str, _Fragment]
    """Reference -> component that it brings."""
    brought: str
    """The property that says so."""
    dependencies: str
    """What it depends on; empty if nothing is known."""
    digest: bytes


class Sboms:
    """SBOMs of images, put together from texts that are made once.

    References (`bom-ref`) are purls, ids of images and names of Externals, which cannot be alike.
    The library makes each distinct component. A whole document costs it a millisecond for every
    five components, inherited ones too: with 200 an image, seven minutes at 10,000 images.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._nodes: dict[str, _Node] = {}
        self._fragments: dict[tuple[object, ...], _Fragment] = {}

    def text(self, id: str) -> bytes:
        """The SBOM of an image: its own components, then those of all that it stands on."""
        nodes = [self._node(each) for each in self._view.inventory.bringers(id)]
        # No clock and no chance: another content is another document, the same is the same.
        content = hashlib.sha256(b"".join(node.digest for node in nodes)).hexdigest()
        return "".join(
            (
                _HEAD.replace("SERIAL", str(uuid5(NAMESPACE_URL, f"rgraph:{content}"))),
                nodes[0].container.lstrip(),
                '\n  },\n  "components": [\n',
                ",\n".join(self._components(nodes)),
                '\n  ],\n  "dependencies": [\n',
                ",\n".join(node.dependencies for node in nodes if node.dependencies),
                # The manifests declare what they install, not what comes along with it.
                '\n  ],\n  "compositions": [\n',
                _block({"aggregate": "incomplete", "dependencies": [id]}),
                "\n  ]\n}\n",
            )
        ).encode()

    def _components(self, nodes: Sequence[_Node]) -> list[str]:
        """The texts of all but the image itself; what several brought stands with the nearest of them."""
        seen: set[str] = set()
        shared: set[str] = set()
        for node in nodes:
            shared |= seen & node.own.keys()
            seen |= node.own.keys()
        found: list[str] = []
        for position, node in enumerate(nodes):
            found += [node.container] if position else []
            if shared.isdisjoint(node.own):
                found += [_texts(node)] if node.own else []
                continue
            for ref, fragment in node.own.items():
                if ref not in shared:
                    found.append(_whole(fragment, [node]))
                elif not any(ref in nearer.own for nearer in nodes[:position]):
                    holders = [each for each in nodes[position:] if ref in each.own]
                    merged = self._fragment([each.own[ref].declared for each in holders])
                    found.append(_whole(merged, holders))
        return found

    def _node(self, node: str) -> _Node:
        if node not in self._nodes:
            self._nodes[node] = self._made(node)
        return self._nodes[node]

    def _made(self, node: str) -> _Node:
        if ":" in node:
            container = sbom_components.image(node)
        else:
            container = sbom_components.external(self._view.catalog.externals[node])
        own = {each.purl: self._fragment([each]) for each in self._view.inventory.own(node)}
        brought = _block({"name": BROUGHT_BY, "value": node}, 4)
        dependencies = self._dependencies(node, own)
        content = "\0".join([_block(container), *(each.text for each in own.values()), dependencies])
        digest = hashlib.sha256(content.encode()).digest()
        return _Node(_block(container), own, brought, dependencies, digest)

    def _dependencies(self, node: str, own: Iterable[str]) -> str:
        """What an image holds and stands on. What a component itself needs is not known, and what has
        no entry in the graph "may have unknown dependencies" (CycloneDX 1.6, dependencies).
        """
        refs = list(own)
        if ":" in node:
            bringers = set(self._view.inventory.bringers(node))
            edges = self._view.resolved.images[node].edges
            refs += dict.fromkeys(edge.to for edge in edges if edge.to in bringers)
        return _block({"ref": node, "dependsOn": refs}) if refs else ""

    def _fragment(self, variants: Sequence[Declared]) -> _Fragment:
        """The text of a component, from all that is declared of it."""
        distinct = {_content(each): each for each in variants}
        key = tuple(distinct)
        if key not in self._fragments:
            data = sbom_components.component(tuple(distinct.values()))
            properties = data.pop("properties", [])
            head = _block(data).removesuffix("\n    }")
            known = "".join(f"{_block(each, 4)},\n" for each in properties)
            self._fragments[key] = _Fragment(variants[0], f'{head},\n      "properties": [\n{known}')
        return self._fragments[key]


def _texts(node: _Node) -> str:
    """All components of one that shares none."""
    end = f"{node.brought}{_END}"
    return f"{end},\n".join(fragment.text for fragment in node.own.values()) + end


def _whole(fragment: _Fragment, holders: Iterable[_Node]) -> str:
    """A component with all who brought it."""
    return fragment.text + ",\n".join(each.brought for each in holders) + _END


def _content(declared: Declared) -> tuple[object, ...]:
    """What an SBOM shows of a declaration. The catalogue keeps its facts alive: hashing one takes longer."""
    component = declared.component
    return declared.purl, component.pinned_by, component.checksum, id(declared.known)


def _block(value: Any, depth: int = 2) -> str:
    """JSON, written to stand at a depth of the document."""
    margin = "  " * depth
    return margin + json.dumps(value, indent=2, ensure_ascii=False).replace("\n", f"\n{margin}")


_END = "\n      ]\n    }"
"""Ends properties and component."""
_HEAD = """\
{
  "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
  "bomFormat": "CycloneDX",
  "specVersion": "1.6",
  "serialNumber": "urn:uuid:SERIAL",
  "version": 1,
  "metadata": {
    "lifecycles": [
      {
        "phase": "pre-build"
      }
    ],
    "tools": {
      "components": [
        {
          "type": "application",
          "name": "rgraph"
        }
      ]
    },
    "component": """
"""A component is JSON of two levels down, which `metadata` happens to be as well."""
