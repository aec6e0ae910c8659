"""README.md of each image."""

from __future__ import annotations

from rgraph.image import Image
from rgraph.render.templating import cell, table, template
from rgraph.render.view import View
from rgraph.render_names import SBOM

_HEADS = ("component", "version", "ecosystem", "licence")
_STATUS = {"verified": "", "assumed": " (assumed)", "needs-review": " (needs review)"}
_ECOSYSTEMS = {"deb": "apt", "pypi": "pip", "generic": "other", "github": "GitHub", "cran": "CRAN"}


class Readmes:
    """READMEs; the table of what each image brings is written once and shared by all above it."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._tables: dict[str, str] = {}

    def text(self, image: Image) -> str:
        """The README of an image."""
        view = self._view
        lifecycle = view.catalog.layers[image.layer].manifest.lifecycle
        capabilities = (
            f"{name}: {value if isinstance(value, str) else 'yes'}"
            for name, value in sorted(image.state.capabilities.items())
            if value is not False
        )
        takes = (self._node(edge.to, image) for edge in image.edges[1:])
        return (
            template("image.md.j2")
            .render(
                id=image.id,
                description=image.description.strip(),
                deprecated=lifecycle.deprecated if lifecycle else "",
                end_of_life=lifecycle.end_of_life if lifecycle else "",
                cadence=lifecycle.cadence if lifecycle else "",
                restrictions=view.inventory.restrictions(image.id),
                address=view.address(image),
                registry=view.catalog.settings.registry,
                built_on=self._node(image.parent.to, image),
                takes=", ".join(dict.fromkeys(takes)),
                platforms=", ".join(image.state.platforms),
                capabilities=cell(", ".join(capabilities)),
                host=host(view, image),
                tags=view.tags(image),
                dependencies=self._dependencies(image),
                usage=self._usage(image),
            )
            .strip()
            + "\n"
        )

    def _node(self, node: str, image: Image) -> str:
        if ":" not in node:
            return f"`{self._view.catalog.externals[node].reference}`"
        up = "../" * (image.folder.count("/") + 1)
        return f"[{node}]({up}{self._view.resolved.images[node].folder}/README.md)"

    def _dependencies(self, image: Image) -> str:
        found = [block for node in self._view.inventory.bringers(image.id) if (block := self._table(node))]
        return "\n\n".join(found) or "The manifests declare none."

    def _table(self, node: str) -> str:
        if node not in self._tables:
            own = self._view.inventory.own(node)
            along = sum(each.transitive for each in own)
            rows = [
                (
                    each.name,
                    each.version or "not declared",
                    _ECOSYSTEMS.get(each.component.type, each.component.type),
                    f"{each.license}{_STATUS[each.fact.status]}" if each.fact else "not known",
                )
                for each in own
                if not each.transitive
            ]
            title = f"From `{node if ':' in node else self._view.catalog.externals[node].reference}`:"
            parts = [title, *([table(_HEADS, rows)] if rows else [])]
            parts += [f"What comes along with it, {along} packages, stands in `{SBOM}`."] if along else []
            self._tables[node] = "\n\n".join(parts) if len(parts) > 1 else ""
        return self._tables[node]

    def _usage(self, image: Image) -> str:
        if image.state.os == "windows":
            return ""
        tags = self._view.tags(image)
        return (
            template("usage.md.j2")
            .render(
                environment=str(image.id).replace(":", "-"),
                reference=f"{self._view.address(image)}:{tags[0]}",
                is_r=image.kind != "base",
                gpu=image.state.capabilities.get("gpu") is True,
            )
            .strip()
        )


def host(view: View, image: Image) -> str:
    """What a Windows image needs of its host; empty for others."""
    if image.state.os != "windows":
        return ""
    while not image.parent.external:
        image = view.resolved.images[image.parent.to]
    version = view.catalog.externals[image.parent.to].manifest.os_version
    return f"build {version} only, with process isolation"
