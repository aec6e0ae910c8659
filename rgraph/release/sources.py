"""Where the ledger holds an image's content."""

from __future__ import annotations

from rgraph.ledger import Ledger
from rgraph.plan import PlannedImage


class Sources:
    """The references of a ledger, by what they hold."""

    def __init__(self, ledger: Ledger) -> None:
        self._held: dict[tuple[str, str], list[str]] = {}
        for reference, holder in ledger.holders.items():
            self._held.setdefault(holder, []).append(reference)

    def of(self, planned: PlannedImage) -> str:
        """A reference that holds what an image is to hold, with a release's tag if one does.

        Empty if the image has other content than before, or if no tag leads to the content any more: then
        it has to be built.
        """
        if planned.state != "retag":
            return ""
        found = self._held.get((planned.image.id, str(planned.fingerprint)), [])
        fixed = [each for each in found if planned.release in each.rpartition(":")[2]]
        return min(fixed or found, default="")
