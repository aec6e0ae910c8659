from __future__ import annotations

import re
from collections import Counter

import pytest

from rgraph.audit.table import RULES
from rgraph.catalog import build_catalog
from rgraph.errors import Problems
from rgraph.expressions import FILTERS
from rgraph.files.yaml_nodes import load
from rgraph.lock import Lock
from rgraph.manifest.document import KINDS, convert
from rgraph.manifest.step import STEP_KINDS
from rgraph.schema.examples import DOCUMENTS, EXPRESSIONS, STEPS
from rgraph.schema.reference import markdown
from rgraph.schema.rendered import value_of
from rgraph.schema.tables import table, words
from rgraph.schema.types import body_of, fields_of

CATALOG = {"kind": "catalog", "name": "example"}
TEXT = markdown()
PROSE = re.sub(r"^```.*?^```$", "", TEXT, flags=re.S | re.M)


def headings() -> Counter[str]:
    """Anchors of the headings, as GitHub makes them."""
    found = re.findall(r"^#+ (.+)$", PROSE, flags=re.M)
    return Counter(re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in found)


def section(heading: str) -> str:
    """The text below a heading, up to the next of any level."""
    return re.split(r"^##+ ", TEXT.split(f"\n{heading}\n", 1)[1], flags=re.M)[0]


def test_links_lead_to_headings() -> None:
    targets = set(re.findall(r"\]\(#([^)]+)\)", PROSE))
    assert targets
    assert targets - set(headings()) == set()


def test_no_two_headings_share_an_anchor() -> None:
    assert [each for each, number in headings().items() if number > 1] == []


@pytest.mark.parametrize("key", STEP_KINDS)
def test_every_step_has_its_keys_and_a_rendered_example(key: str) -> None:
    text = section(f"### {key}")
    assert f"```yaml\n{STEPS[key].rstrip()}\n```" in text
    assert re.search(r"```dockerfile\n[^`]*\b[A-Z]{3,}\b", text)
    for field in fields_of(STEP_KINDS[key]):
        if field.name not in (key, "when"):
            assert f"| `{field.encode_name}` |" in text


def test_an_example_is_rendered_by_rgraph() -> None:
    assert "```dockerfile\nEXPOSE 5001 8883 8888\n```" in section("### expose")
    assert "RUN conda install -y -c conda-forge \\\n" in section("### conda")
    assert "    && localedef -i de_DE -f UTF-8 de_DE.UTF-8\n" in section("### use")


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_a_kind_stands_in_its_table(kind: str) -> None:
    for field in fields_of(KINDS[kind]):
        assert f"\n| `{field.encode_name}` | " in TEXT


def test_an_image_of_the_example_is_rendered() -> None:
    assert "\nFROM my-images/r-base:4.2.2\n" in section("## Layers")


def test_examples_of_documents_say_nothing_wrong() -> None:
    problems = Problems()
    data = [(kind, load(kind, text.encode(), problems)) for kind, text in DOCUMENTS.items()]
    written = [(kind, convert(kind, each, problems)) for kind, each in (*data, ("c", CATALOG))]
    catalog = build_catalog([(kind, each) for kind, each in written if each], {}, {}, Lock(), problems)
    assert not list(problems)
    assert catalog.fits
    assert [RULES[waiver.manifest.rule].name for waiver in catalog.waivers] == ["end-of-life"]
    for text in DOCUMENTS.values():
        assert f"```yaml\n{text.rstrip()}\n```" in TEXT


def test_every_filter_is_explained() -> None:
    assert all(f"| `{name}` | " in PROSE for name in FILTERS)
    assert all(any(f"| {name}" in each for each in EXPRESSIONS) for name in ("minor", "join", "default"))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("openmpi${{ mpi }}-${{ device }}", "`openmpi4.1.0-gpu`"),
        ("${{ device == 'cpu' }}", "false"),
        ("${{ 'x' if device == 'cpu' }}", "nothing"),
        ("${{ extra }}", "the list `[zoo, xts]`"),
        ("x${{ below }}", "error: `below` has no value in this row of the matrix"),
    ],
)
def test_values_in_words(expression: str, value: str) -> None:
    assert value_of(expression) == value


def test_types_in_words() -> None:
    assert words(body_of("expose")) == "text or list"
    assert words(body_of("env")) == "mapping of texts or [env paths](#env-path)"
    assert words(body_of("arg")) == "mapping of texts or nothing, list of texts, or text"


def test_a_pipe_does_not_end_a_cell() -> None:
    assert table(("a",), [("`x | y`",)]) == "| a |\n| --- |\n| `x \\| y` |"


def test_the_text_does_not_depend_on_when_it_is_made() -> None:
    assert markdown() == TEXT
