"""What comes along with an image or External in two catalogues, as their locks have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rgraph.catalog import Catalog
from rgraph.comparison.facts import Facts
from rgraph.comparison.origins import lock_cause
from rgraph.comparison.types import Cause
from rgraph.components import fact_of
from rgraph.names import Purl
from rgraph.purls import parse_purl


def along_causes(old: Catalog, new: Catalog, node: str) -> Iterator[Cause]:
    """Differences of the transitive components, and of what notices show of those that both have."""
    before, after = old.lock.transitive.get(node, {}), new.lock.transitive.get(node, {})
    if before != after:
        yield lock_cause("transitive", node, _said(before, after), _said(after, before))
    facts = Facts(old, new)
    both = [parse_purl(Purl(purl)) for purl in after if purl in before]
    yield from facts.of(both)
    # What no fact is about has the licence that the package says; its texts count as those of facts do.
    said = [license for purl, license in after.items() if license and _unknown(old, purl)]
    yield from facts.texts((license, "") for license in said)


def _unknown(catalog: Catalog, purl: str) -> bool:
    return fact_of(parse_purl(Purl(purl)), catalog.facts) is None


def _said(one: Mapping[str, str], other: Mapping[str, str]) -> str:
    """How many components there are, and which of them the other has not, or with another licence."""
    if not one:
        return ""
    own = [purl for purl, license in one.items() if other.get(purl) != license] if other else []
    names = [f"{component.name} {component.version}" for component in map(parse_purl, map(Purl, own))]
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    count = f"{len(one)} components"
    return f"{count}: {', '.join(names[:_MOST])}{more}" if names else count


_MOST = 3
