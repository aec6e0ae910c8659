"""What is known of a version, and what an image has of something."""

from __future__ import annotations

from pathlib import Path

import pytest

from rgraph import app
from rgraph.audit.fitness.fitting import any_fits, fits
from rgraph.audit.interface import Finding
from rgraph.versions import parse_range
from tests.audit.running import DAY

CATALOG = "kind: catalog\nname: c\npolicy: {unpinned: [pip, bioconductor]}\n"
EXTERNALS = """\
kind: externals
externals:
  cuda: {reference: "nvidia/cuda:1", capabilities: {gpu: true, cuda: 11.0.3}}
  several: {reference: "example.com/several:1", provides: ["pkg:generic/r@3.6.1", "pkg:generic/r@4.0.2"]}
"""


@pytest.mark.parametrize(
    ("type", "version", "range", "expected"),
    [
        ("generic", "11.0.3", ">=11.0, <11.1", True),
        ("generic", "11.0.3", ">=11.1", False),
        ("generic", "7", ">=7.4", None),
        ("generic", "7", "<7.4", None),
        ("generic", "7", "==7.6.5", None),
        ("generic", "7", ">=7, <8", True),
        ("generic", "7", ">=7.0, <8.0", True),
        ("generic", "8", ">=7.4, <8.0", False),
        ("generic", "8", ">=7.4, <8", False),
        # What is certainly wrong wins over what is not known.
        ("generic", "7", ">=7.4, <6", False),
        ("generic", "10.2", ">=10.2.0", True),
        ("generic", "10.2", "<10.2.0", False),
        ("generic", "10.2", ">=10.2.89", None),
        ("generic", "10.20", ">=10.2.89", True),
        ("generic", "1", ">=10.2", False),
        ("generic", "2.0", "<=2", True),
        ("generic", "2.0", ">=2.5", False),
        ("generic", "py38_4.12.0", ">=py38, <py39", True),
        ("generic", "py37_4.9.2", ">=py38, <py39", False),
        ("generic", "4.7.12.1", ">=py37, <py38", False),
        ("generic", "450.80.02", ">=450.80.02", True),
        ("conda", "3.8", ">=3.8.5", None),
        # pip's and R's pins name the whole version.
        ("pypi", "1.13", ">=1.13.1", False),
        ("pypi", "1.13", "<1.13.1", True),
        ("cran", "1.5", ">=1.5.1", False),
        ("pypi", "", ">=1", None),
        # A commit stands in no order.
        ("github", "4f7c3a0de1a0d3b1a4f7c3a0de1a0d3b1a4f7c3a", ">=v1", None),
        ("github", "v0.8.0", ">=v0.7.0", True),
        ("pypi", "", "", True),
    ],
)
def test_a_version_fits_or_not_or_too_little_of_it_is_known(
    type: str, version: str, range: str, expected: bool | None
) -> None:
    comparisons = parse_range(range)
    assert comparisons is not None
    assert fits(type, version, comparisons) is expected


def test_of_several_versions_one_that_fits_is_enough() -> None:
    range = parse_range(">=4")
    assert range
    assert any_fits("pypi", ("3.6", "4.0"), range) is True
    assert any_fits("pypi", ("3.6", ""), range) is None
    assert any_fits("pypi", ("3.6", "3.5"), range) is False


def found(root: Path, facts: str, layer: str) -> list[Finding]:
    """The family's findings in a catalogue of one layer and some facts."""
    (root / "manifests").mkdir()
    texts = {"catalog": CATALOG, "externals": EXTERNALS, "layer": layer}
    texts["compatibility"] = f"kind: compatibility\ncompatibility:\n{facts}"
    for name, text in texts.items():
        (root / "manifests" / f"{name}.yaml").write_text(text)
    report = app.audit(app.Workspace(root), None, DAY, None)
    return [each for each in report.findings if each.rule.id.startswith("RG4")]


def test_a_capability_that_is_only_true_has_no_version(tmp_path: Path) -> None:
    facts = """\
  - {purl: "pkg:pypi/torch", needs: {gpu: ">=7"}, source: s}
  - {purl: "pkg:pypi/torch", needs: {gpu: ""}, required: [gpu], source: s}
"""
    layer = "kind: base\nname: b\nfrom: cuda\nvariant: one\nsteps: [{pip: [torch==1.0]}]\n"
    [finding] = found(tmp_path, facts, layer)
    assert finding.rule.id == "RG403"
    assert "of which no version is known" in finding.what


def test_of_several_versions_in_one_image_one_may_fit(tmp_path: Path) -> None:
    facts = """\
  - {purl: "pkg:pypi/rpy2", needs: {"pkg:generic/r": ">=4"}, source: s}
  - {purl: "pkg:pypi/rpy2", needs: {"pkg:generic/r": ">=4.1"}, source: s}
"""
    layer = "kind: base\nname: b\nfrom: several\nvariant: one\nsteps: [{pip: [rpy2==3.0.5]}]\n"
    [finding] = found(tmp_path, facts, layer)
    assert "needs `r` >=4.1, but there is 3.6.1 and 4.0.2" in finding.what
    assert len(finding.related) == 3


def test_a_bioconductor_release_counts_where_it_is_installed(tmp_path: Path) -> None:
    facts = '  - {purl: "pkg:generic/bioconductor", needs: {"pkg:generic/r": ">=4.1"}, source: s}\n'
    layer = """\
kind: base
name: b
matrix: {staged: ["yes", "no"]}
from: several
variant: ${{ staged }}
stages:
  - {name: build, from: several, steps: [{bioconductor: {release: "3.9", packages: [limma]}}]}
steps:
  - {take: {from: build, path: /doc, to: /}, provides: []}
  - {bioconductor: {release: "3.10", packages: [limma]}, when: "${{ staged == 'no' }}"}
"""
    [finding] = found(tmp_path, facts, layer)
    assert finding.images == ("b:no",)
    assert finding.what.startswith("`bioconductor` 3.10 needs `r` >=4.1")


def test_without_facts_nothing_is_found(tmp_path: Path) -> None:
    layer = "kind: base\nname: b\nfrom: cuda\nvariant: one\nsteps: [{pip: [torch==1.0]}]\n"
    assert not found(tmp_path, '  - {purl: "pkg:pypi/other", needs: {cuda: ">=12"}, source: s}\n', layer)
