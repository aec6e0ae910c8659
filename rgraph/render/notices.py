"""LICENSE.txt and ThirdPartyNotices.txt."""

from __future__ import annotations

from rgraph.catalog import Catalog
from rgraph.inventory import Declared
from rgraph.render.view import View
from rgraph.texts import LICENSE_HEADER, NO_LICENSE, NOTICES_HEADER, RULE


def license_text(catalog: Catalog) -> str:
    """The licence of the catalogue's own files: the same for all images."""
    own = catalog.settings.license
    if own is None:
        return f"{NO_LICENSE}\n"
    parts = [f"Licence: {own.expression}", *([own.copyright] if own.copyright else [])]
    text = catalog.notices.get(own.text, "").strip("\n")
    return "\n\n".join([LICENSE_HEADER, "\n".join(parts), *([text] if text else [])]) + "\n"


class Notices:
    """Third-party notices; what each image brings is written once and shared by all above it."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._blocks: dict[str, str] = {}
        self._unknown: dict[str, int] = {}
        self._restrictions: dict[str, tuple[str, ...]] = {}

    def text(self, id: str) -> str:
        """The notices of an image: its own components, then those of all that it stands on."""
        bringers = self._view.inventory.bringers(id)
        blocks = [block for bringer in bringers if (block := self._block(bringer))]
        unknown = sum(self._unknown[bringer] for bringer in bringers)
        restrictions = dict.fromkeys(text for bringer in bringers for text in self._restrictions[bringer])
        head = [f"{NOTICES_HEADER}\n\nImage: {id}"]
        if restrictions:
            head.append("Restriction on use:\n" + "\n".join(f"  {each}" for each in restrictions))
        if unknown:
            head.append(f"Components whose licence the catalogue does not know yet: {unknown}.")
        return f"\n\n{RULE}\n\n".join(["\n\n".join(head), *blocks]) + "\n"

    def _block(self, node: str) -> str:
        if node not in self._blocks:
            self._blocks[node] = self._written(node)
            self._unknown[node] = sum(not each.license for each in self._view.inventory.own(node))
            self._restrictions[node] = self._view.inventory.own_restrictions(node)
        return self._blocks[node]

    def _written(self, node: str) -> str:
        entries = [_entry(each) for each in self._view.inventory.own(node)]
        if ":" not in node:
            external = self._view.catalog.externals[node]
            title = f"From the image {external.reference}"
            if external.manifest.license:
                entries.insert(0, f"{external.reference}\n  Licence: {external.manifest.license}")
            if not entries:
                entries = ["  The catalogue declares no components of this image."]
        elif not entries:
            return ""
        else:
            title = f"From {node}"
        return "\n\n".join([title, *entries])


def _entry(declared: Declared) -> str:
    component, fact = declared.component, declared.fact
    version = (
        f" {component.version}"
        if component.version
        else f" ({component.pinned_by or 'version not declared'})"
    )
    lines = [f"{declared.name}{version}", f"  {declared.purl}"]
    if fact is None:
        return "\n".join([*lines, "  Licence: not known to the catalogue"])
    status = {"verified": "", "assumed": " (assumed)", "needs-review": " (needs review)"}[fact.status]
    lines.append(f"  Licence: {fact.license}{status}")
    lines += [f"  {fact.copyright}"] if fact.copyright else []
    return "\n".join(lines)
