"""Digests into the ledger: a line of their own, after the release was promoted."""

from __future__ import annotations

from collections.abc import Mapping

from rgraph.errors import UsageError
from rgraph.ledger import Digests, Ledger, encode, indexed, line_hash


def noted(ledger: Ledger, release: str, digests: Mapping[str, str]) -> tuple[bytes, Ledger]:
    """The new line, without line break, and the ledger with it; no line if the ledger has it already.

    `digests` are those of all images of the release. Raises UsageError if the ledger has others.
    """
    images = next(each.images for each in ledger.releases if each.tag == release)
    known = {id: ledger.digests.get((id, entry.fingerprint), digests[id]) for id, entry in images.items()}
    if any(known[id] != digests[id] for id in images):
        what = f"the ledger has other digests of what {release} holds by now"
        raise UsageError(what, "another run promoted it meanwhile: look which of them is right")
    if release in ledger.promoted:
        return b"", ledger
    made = Digests({id: digests[id] for id in images}, release, ledger.head)
    line = encode(made)
    return line, indexed([*ledger.lines, made], line_hash(line))
