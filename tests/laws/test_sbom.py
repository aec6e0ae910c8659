"""Laws of sbom.cdx.json: nothing that an image holds is missing, and the library's validator accepts it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings

from rgraph.graph import closure
from rgraph.render.sbom import BROUGHT_BY, Sboms
from tests.laws.strategies import Documents
from tests.laws.test_notices import EDITS, Edit, edited, licensed
from tests.unit.render.attributed import documents, view

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)


def brought_by(component: dict[str, Any]) -> list[str]:
    return [each["value"] for each in component.get("properties", ()) if each["name"] == BROUGHT_BY]


@given(licensed())
@settings(max_examples=60)
def test_no_component_is_missing(made: Documents) -> None:
    whole = view(made)
    sboms = Sboms(whole)
    for id in whole.resolved.images:
        document = json.loads(sboms.text(id))
        components = {each["bom-ref"]: each for each in document["components"]}
        assert len(components) == len(document["components"])
        containers = {ref for ref, each in components.items() if each["type"] == "container"}
        bringers = whole.inventory.bringers(id)
        assert containers == set(bringers) - {id}
        held: dict[str, list[str]] = {}
        for bringer, declared in whole.inventory.all(id):
            held.setdefault(declared.purl, []).append(bringer)
        assert {ref: brought_by(components[ref]) for ref in components.keys() - containers} == held


@given(licensed())
@settings(max_examples=60)
def test_the_graph_reaches_everything(made: Documents) -> None:
    whole = view(made)
    sboms = Sboms(whole)
    for id in whole.resolved.images:
        document = json.loads(sboms.text(id))
        edges = {each["ref"]: each["dependsOn"] for each in document["dependencies"]}
        assert len(edges) == len(document["dependencies"])
        refs = {id, *(each["bom-ref"] for each in document["components"])}
        assert closure([id], {ref: edges.get(ref, []) for ref in refs}) == refs


@given(licensed(most=3))
@settings(max_examples=25)
def test_the_librarys_validator_accepts_all(made: Documents) -> None:
    whole = view(made)
    sboms = Sboms(whole)
    for id in whole.resolved.images:
        assert VALIDATOR.validate_str(sboms.text(id).decode()) is None


@given(licensed(most=3))
@settings(max_examples=25)
def test_the_order_in_which_images_are_asked_for_does_not_count(made: Documents) -> None:
    first, second = view(made), view(made)
    ids = list(first.resolved.images)
    forward, backward = Sboms(first), Sboms(second)
    one = {id: forward.text(id) for id in ids}
    assert one == {id: backward.text(id) for id in reversed(ids)}


@given(licensed(most=3), licensed(most=3))
@settings(max_examples=40)
def test_equal_serial_numbers_mean_equal_files(one: Documents, other: Documents) -> None:
    found: dict[str, bytes] = {}
    for made in (one, other):
        whole = view(made)
        sboms = Sboms(whole)
        for id in whole.resolved.images:
            text = sboms.text(id)
            assert found.setdefault(json.loads(text)["serialNumber"], text) == text


@pytest.mark.parametrize(("what", "edit"), EDITS, ids=[each[0] for each in EDITS])
def test_another_sbom_has_another_fingerprint(what: str, edit: Edit) -> None:
    before, after = view(documents()), view(edited(edit))
    for id in before.fingerprints:
        if Sboms(before).text(id) != Sboms(after).text(id):
            assert before.fingerprints[id] != after.fingerprints[id]
