"""`rgraph why`, `components` and `licenses`: text, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.errors.running import Result, catalogue, run

MORE = """\
kind: framework
name: child
from: "r-base:gpu"
variant: one
steps:
  - use: wrapped
  - cran: {snapshot: 2019-10-10, packages: [forecast]}
---
kind: framework
name: other
from: "child:one"
variant: one
steps:
  - use: tool
    with: {version: 1.3.0}
---
kind: recipe
name: wrapped
steps:
  - {use: tool, with: {version: 1.3.0}}
---
kind: externals
externals:
  toolkit:
    reference: "example/toolkit:1"
    license: LicenseRef-Toolkit
    provides: ["pkg:generic/tool@1.2.0", "pkg:npm/%40scope/name@1.0.0"]
---
kind: base
name: onto
from: toolkit
variant: one
---
kind: components
components:
  - {purl: pkg:conda/r-essentials, license: MIT, status: verified}
  - {purl: pkg:generic/tool, license: Apache-2.0, status: assumed}
  - {purl: pkg:cran/forecast, license: LicenseRef-None}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The common catalogue and more of each kind."""
    catalogue(tmp_path)
    for number, text in enumerate(MORE.split("---\n")):
        (tmp_path / f"manifests/more{number}.yaml").write_text(text)
    return tmp_path


def answer(result: Result) -> Any:
    assert (result.code, result.err) == (0, "")
    return json.loads(result.out)


WHY = """\
tool 1.2.0  pkg:generic/tool@1.2.0
  licence: Apache-2.0 (assumed)

  manifests/more3.yaml:6:16: External toolkit
    inherited by 1 image:
      onto:one -> toolkit

  manifests/recipes/tool.yaml:6:12: download step of the recipe tool
    used at manifests/base/base.yaml:11:5 (layer base)
    brought by base:cpu, base:gpu
    inherited by 4 images:
      r-base:cpu -> base:cpu
      r-base:gpu -> base:gpu
      child:one -> r-base:gpu -> base:gpu
      other:one -> child:one -> r-base:gpu -> base:gpu

tool 1.3.0  pkg:generic/tool@1.3.0
  licence: Apache-2.0 (assumed)

  manifests/recipes/tool.yaml:6:12: download step of the recipe tool
    used at manifests/more0.yaml:6:5 (layer child)
    used at manifests/more1.yaml:6:5 (layer other)
    brought by child:one, other:one

brought at 3 places, held by 7 images
"""


def test_why(root: Path) -> None:
    result = run(root, "why", "tool")
    assert (result.code, result.err) == (0, "")
    assert result.out == WHY


@pytest.mark.parametrize(
    ("pattern", "versions"),
    [
        ("tool", {"1.2.0", "1.3.0"}),
        ("tool@1.3.0", {"1.3.0"}),
        ("too*@1.2*", {"1.2.0"}),
        ("pkg:generic/tool", {"1.2.0", "1.3.0"}),
        ("pkg:generic/tool@1.2.0", {"1.2.0"}),
        ("pkg:*/tool", {"1.2.0", "1.3.0"}),
        ("@scope/name", {"1.0.0"}),
        ("pkg:npm/@scope/name@1.0.0", {"1.0.0"}),
        ("pkg:npm/%40scope/name", {"1.0.0"}),
        ("forecast", {"snapshot 2019-10-10"}),
    ],
)
def test_what_names_a_component(pattern: str, versions: set[str], root: Path) -> None:
    found = answer(run(root, "why", pattern, "--format", "json"))["brought"]
    assert {each["version"] for each in found} == versions


def test_why_in_an_image(root: Path) -> None:
    found = answer(run(root, "why", "tool", "child:one", "--format", "json"))
    assert found["schema"] == 1
    first, second = found["brought"]
    assert first == {
        "name": "tool",
        "version": "1.2.0",
        "ecosystem": "generic",
        "purl": "pkg:generic/tool@1.2.0",
        "license": "Apache-2.0",
        "status": "assumed",
        "file": "manifests/recipes/tool.yaml",
        "line": 6,
        "column": 12,
        "step": "download",
        "recipe": "tool",
        "layers": [{"layer": "base", "file": "manifests/base/base.yaml", "line": 11, "column": 5}],
        "from": ["base:gpu"],
        "inherited": [{"image": "child:one", "path": ["child:one", "r-base:gpu", "base:gpu"]}],
    }
    assert (second["version"], second["from"], second["inherited"]) == ("1.3.0", ["child:one"], [])
    text = run(root, "why", "r-essentials", "child:one").out
    assert "  manifests/r/r-base.yaml:7:39: conda step of the layer r-base\n" in text
    assert "      child:one -> r-base:gpu\n" in text
    assert "r-base:cpu" not in text
    assert text.endswith("\n\nbrought into child:one at 1 place\n")


def test_a_long_list_of_heirs_is_cut_for_people_only(root: Path) -> None:
    values = ", ".join(f"x{number}" for number in range(30))
    (root / "manifests/many.yaml").write_text(
        f'kind: base\nname: many\nfrom: "base:cpu"\nvariant: "${{{{ a }}}}"\nmatrix: {{a: [{values}]}}\n'
    )
    text = run(root, "why", "pkg:deb/ubuntu/curl").out
    assert "    inherited by 31 images:\n" in text
    assert text.count(" -> ") == 20
    assert "      and 11 more (`--format json` has all)\n" in text
    found = answer(run(root, "why", "pkg:deb/ubuntu/curl", "--format", "json"))["brought"]
    assert [len(each["inherited"]) for each in found] == [31]


def test_components(root: Path) -> None:
    found = answer(run(root, "components", "--format", "json"))
    assert found["schema"] == 1
    by_purl = {each["purl"]: each for each in found["components"]}
    assert list(by_purl) == [each["purl"] for each in found["components"]]
    assert [each["name"] for each in found["components"]] == [
        "@scope/name",
        "curl",
        "curl",
        "forecast",
        "r-essentials",
        "tool",
        "tool",
    ]
    assert by_purl["pkg:generic/tool@1.2.0"] == {
        "name": "tool",
        "version": "1.2.0",
        "ecosystem": "generic",
        "purl": "pkg:generic/tool@1.2.0",
        "license": "Apache-2.0",
        "status": "assumed",
        "from": ["toolkit", "base:cpu", "base:gpu"],
        "image_count": 7,
    }
    table = run(root, "components").out
    assert table.splitlines()[0].split() == [
        *("component", "version", "ecosystem", "licence", "status", "images", "from", "purl")
    ]
    lines = {line.split("  ")[0]: " ".join(line.split()) for line in table.splitlines()}
    assert lines["@scope/name"] == ("@scope/name 1.0.0 npm not known - 1 toolkit pkg:npm/%40scope/name@1.0.0")
    assert " 3 child:one (+1) pkg:generic/tool@1.3.0" not in table
    assert "tool 1.3.0 generic Apache-2.0 assumed 2 child:one (+1) pkg:generic/tool@1.3.0" in lines.values()
    assert table.endswith("\n\n7 components; of 3 the licence is not known\n")


def test_components_of_some_images(root: Path) -> None:
    def names(*arguments: str) -> list[tuple[str, list[str], int]]:
        found = answer(run(root, "components", "--format", "json", *arguments))["components"]
        return [(each["name"], each["from"], each["image_count"]) for each in found]

    assert names("onto:one") == [("@scope/name", ["toolkit"], 1), ("tool", ["toolkit"], 1)]
    both = names("base:*", "--exclude", "base:gpu")
    assert both == [("curl", ["base:cpu"], 1), ("tool", ["base:cpu"], 1)]
    assert run(root, "components", "nope").code == 2


def test_csv_is_read_back_and_holds_no_formula(root: Path) -> None:
    result = run(root, "components", "--format", "csv")
    assert result.code == 0
    rows = list(csv.DictReader(io.StringIO(result.out)))
    found = answer(run(root, "components", "--format", "json"))["components"]
    assert len(rows) == len(found)
    for row, each in zip(rows, found, strict=True):
        assert list(row) == list(each)
        assert row["name"].removeprefix("'") == each["name"]
        assert row["from"].split() == each["from"]
        assert row["image_count"] == str(each["image_count"])
    # `@SUM(...)` is a formula for a spreadsheet.
    assert rows[0]["name"] == "'@scope/name"
    assert not [value for row in rows for value in row.values() if value.startswith(("=", "+", "-", "@"))]


def test_licenses(root: Path) -> None:
    (root / "manifests/notices/LicenseRef-Toolkit.txt").write_text("You may look at it.\n")
    found = answer(run(root, "licenses", "--format", "json"))
    assert found["schema"] == 1
    by_license = {each.pop("license"): each for each in found["licenses"]}
    assert list(by_license) == ["Apache-2.0", "LicenseRef-None", "LicenseRef-Toolkit", "MIT", ""]
    assert by_license["Apache-2.0"] == {
        "components": 2,
        "externals": [],
        "status": {"assumed": 2},
        "lacking_text": 0,
        "missing_texts": [],
        "image_count": 7,
    }
    assert by_license["LicenseRef-None"] == {
        "components": 1,
        "externals": [],
        "status": {"needs-review": 1},
        "lacking_text": 1,
        "missing_texts": ["LicenseRef-None"],
        "image_count": 2,
    }
    toolkit = by_license["LicenseRef-Toolkit"]
    assert (toolkit["externals"], toolkit["components"], toolkit["lacking_text"]) == (["toolkit"], 0, 0)
    assert by_license[""]["components"] == 3
    text = run(root, "licenses").out
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[0] == "licence components externals images status text"
    assert "LicenseRef-None 1 0 2 1 needs-review no LicenseRef-None" in lines
    assert "Apache-2.0 2 0 7 2 assumed yes" in lines
    assert lines[-1] == "4 licences"
    some = answer(run(root, "licenses", "onto", "--format", "json"))["licenses"]
    assert [each["license"] for each in some] == ["Apache-2.0", "LicenseRef-Toolkit", ""]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("why", ["COMPONENT", "[IMAGE]", "--format", "openssl@1.1.1c", "pkg:conda/openssl"]),
        ("components", ["SELECTOR", "--exclude", "table|json|csv", "apostrophe"]),
        ("licenses", ["SELECTOR", "--exclude", "text|json", "whether its text is there"]),
    ],
)
def test_help(command: str, words: list[str], tmp_path: Path) -> None:
    result = run(tmp_path, command, "--help")
    assert (result.code, result.err) == (0, "")
    text = " ".join(result.out.split())
    assert [word for word in words if word not in text] == []
