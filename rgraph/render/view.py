"""What generated files are made of."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from rgraph.catalog import Catalog
from rgraph.image import RELEASE, Image
from rgraph.inventory import Inventory
from rgraph.ledger import Ledger, current_tag
from rgraph.names import Fingerprint, ReleaseTag
from rgraph.resolve import Resolved


class View(Struct, frozen=True):
    """A resolved catalogue and what was released of it."""

    resolved: Resolved
    fingerprints: Mapping[str, Fingerprint]
    ledger: Ledger
    inventory: Inventory
    texts: Mapping[str, str] = field(default_factory=dict)
    """SPDX id of a licence or exception -> its standard text."""

    @property
    def catalog(self) -> Catalog:
        """The catalogue as written."""
        return self.resolved.catalog

    def release(self, id: str) -> ReleaseTag | None:
        """The release whose tag an image's present content has; None before its first release."""
        return current_tag(self.ledger, id, self.fingerprints[id])

    def _held(self, image: Image) -> set[str]:
        """Tags with a release in them that the ledger gives to the image's present content."""
        release = self.release(image.id)
        mine = (image.id, self.fingerprints[image.id])
        fixed = (tag.replace(RELEASE, release) for tag in image.tags if release and RELEASE in tag)
        return {tag for tag in fixed if self.ledger.holders.get(f"{image.repository}:{tag}") == mine}

    def tags(self, image: Image) -> tuple[str, ...]:
        """Tags that exist or will move to the image: floating ones, and the release's if it has one."""
        release, held = self.release(image.id) or "", self._held(image)
        named = (tag.replace(RELEASE, release) for tag in image.tags)
        return tuple(tag for tag in named if tag in held or tag in image.floating_tags)

    def address(self, image: Image) -> str:
        """Registry and repository."""
        registry = self.catalog.settings.registry
        return f"{registry}/{image.repository}" if registry else str(image.repository)

    def reference(self, node: str) -> str:
        """What FROM and COPY --from name: an External's reference, or an image under the tag that
        holds its present content, else under its first floating tag; with the digest of that content
        once it was promoted.
        """
        if ":" not in node:
            return self.catalog.externals[node].reference
        image = self.resolved.images[node]
        tag = next(
            (tag for tag in self.tags(image) if tag not in image.floating_tags), image.floating_tags[0]
        )
        digest = self.ledger.digests.get((node, self.fingerprints[node]), "")
        return f"{self.address(image)}:{tag}{'@' if digest else ''}{digest}"
