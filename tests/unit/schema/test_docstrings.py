from __future__ import annotations

import pytest

from rgraph.manifest.document import KINDS
from rgraph.manifest.layer import LayerManifest, Stage
from rgraph.manifest.step import STEP_KINDS, RunStep, SourceStep
from rgraph.schema.docstrings import alias_doc, class_doc, field_doc, joined
from rgraph.schema.types import fields_of, step_doc, words_of


def test_the_text_under_a_field() -> None:
    assert field_doc(Stage, "from_") == "As a layer's `from`; an earlier stage's name works too."


def test_lines_are_joined() -> None:
    assert field_doc(LayerManifest, "description") == "One paragraph for the README of each image."
    assert joined("One\n    two.\n\n    Three\n    four.") == "One two.\n\nThree four."


def test_a_field_of_a_base_class_is_explained_there() -> None:
    assert field_doc(SourceStep, "when") == "Leave the step out where this is false."
    assert field_doc(SourceStep, "provides") != field_doc(RunStep, "provides") != ""


def test_a_field_that_there_is_not_has_no_text() -> None:
    assert field_doc(Stage, "nothing") == ""


def test_the_text_under_an_alias() -> None:
    assert alias_doc("rgraph.manifest.step_image", "LabelBody") == "Labels."
    assert alias_doc("rgraph.manifest.step_image", "Nothing") == ""


@pytest.mark.parametrize("kind", [*KINDS.values(), *STEP_KINDS.values()], ids=lambda kind: kind.__name__)
def test_everything_is_explained(kind: type) -> None:
    assert class_doc(kind)
    assert [field.name for field in fields_of(kind) if not field_doc(kind, field.name)] == []


def test_a_step_says_nothing_twice() -> None:
    assert step_doc("workdir") == ("Working folder.", "The folder for what follows; made if missing.")
    assert step_doc("label") == ("Labels.", "`name: value`.")


def test_names_of_types_in_words() -> None:
    assert [words_of(kind) for kind in (LayerManifest, Stage, RunStep)] == ["layer", "stage", "run step"]
