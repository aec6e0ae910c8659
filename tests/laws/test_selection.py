"""Laws of selectors: a space unites, a comma intersects, exclude takes away."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rgraph.errors import UsageError
from rgraph.graph import closure, reverse
from rgraph.inventory import Inventory
from rgraph.selection import Selectable, select
from tests.laws.strategies import Documents, catalogues, needs, resolved

TERMS = ("kind:base", "kind:r", "kind:framework", "state:build", "state:reuse", "*:*")


def selectable(documents: Documents) -> Selectable:
    images = resolved(documents)
    states = {id: "reuse" if number % 2 else "build" for number, id in enumerate(images.images)}
    return Selectable(images.images, lambda: states, lambda: Inventory(images).names)


@st.composite
def terms(draw: st.DrawFn, found: Selectable) -> str:
    """A selector without spaces and commas that names something."""
    core = draw(st.sampled_from([*TERMS, *found.images, *(image.layer for image in found.images.values())]))
    return draw(st.sampled_from(["", "+"])) + core + draw(st.sampled_from(["", "+"]))


@given(catalogues(), st.data())
@settings(max_examples=60)
def test_set_laws(documents: Documents, data: st.DataObject) -> None:
    found = selectable(documents)
    one, other = data.draw(terms(found)), data.draw(terms(found))
    first, second = set(select(found, [one])), set(select(found, [other]))
    assert set(select(found, [f"{one} {other}"])) == first | second
    assert set(select(found, [one, other])) == first | second
    assert set(select(found, [f"{one},{other}"])) == first & second
    assert set(select(found, [one], [other])) == first - second
    assert set(select(found, [])) == set(found.images)
    assert select(found, [other, one]) == [id for id in found.images if id in first | second]


@given(catalogues(), st.data())
@settings(max_examples=40)
def test_plus_takes_what_is_needed_and_what_needs(documents: Documents, data: st.DataObject) -> None:
    found = selectable(documents)
    id = data.draw(st.sampled_from(sorted(found.images)))
    needed = needs(resolved(documents))
    assert set(select(found, [f"+{id}"])) == closure([id], needed)
    assert set(select(found, [f"{id}+"])) == closure([id], reverse(needed))
    assert set(select(found, [f"+{id}+"])) == closure([id], needed) | closure([id], reverse(needed))


@given(st.text(max_size=20))
def test_any_text_selects_or_is_refused(text: str) -> None:
    documents: Documents = {
        "c": {"kind": "catalog", "name": "c"},
        "e": {"kind": "externals", "externals": {"debian": {"reference": "debian:12"}}},
        "l": {"kind": "base", "name": "base", "from": "debian", "variant": "1"},
    }
    found = selectable(documents)
    try:
        chosen = select(found, [text])
    except UsageError:
        return
    assert set(chosen) <= set(found.images)
