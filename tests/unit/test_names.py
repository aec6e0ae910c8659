"""Checked strings: what each maker accepts, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rgraph import names
from rgraph.names import Bad, ReleaseTag

HEX = "0123456789abcdef" * 4

GOOD: list[tuple[Callable[[str], object], str]] = [
    (names.layer_name, "base"),
    (names.layer_name, "r-base"),
    (names.layer_name, "cuda11.1-cudnn8-ubuntu20.04"),
    (names.layer_name, "9"),
    (names.layer_name, "a_b"),
    (names.variant, "cpu"),
    (names.variant, "openmpi4.1.0-Ubuntu20.04"),
    (names.variant, "v" * 128),
    (names.tag, "_x"),
    (names.tag, "latest"),
    (names.tag, "20261121.v1"),
    (names.repository, "azureml/r-base"),
    (names.repository, "a__b/c.d/e--f"),
    (names.registry, "mcr.microsoft.com"),
    (names.registry, "localhost:5000"),
    (names.registry, "host/path/x"),
    (names.folder, "base-gpu/x_1+2"),
    (names.folder, "a"),
    (names.file_path, "scripts/train.py"),
    (names.platform, "linux/amd64"),
    (names.platform, "windows/amd64"),
    (names.variable, "PATH"),
    (names.variable, "_x1"),
    (names.purl, "pkg:generic/openmpi@4.1.0"),
    (names.purl, "pkg:github/azure/azureml-sdk-for-r@v0.5.7"),
    (names.purl, "pkg:deb/ubuntu/curl@7.68.0-1ubuntu2?arch=amd64&distro=ubuntu-20.04"),
    (names.purl, "pkg:npm/%40angular/core@1.0#src/x"),
    (names.release_tag, "20261121.v1"),
    (names.release_tag, "20240229.v12"),
    (names.day, "2024-02-29"),
    (names.digest, f"sha256:{HEX}"),
]
BAD: list[tuple[Callable[[str], object], str]] = [
    (names.layer_name, ""),
    (names.layer_name, "Base"),
    (names.layer_name, "-a"),
    (names.layer_name, "a-"),
    (names.layer_name, "a..b"),
    (names.layer_name, "a b"),
    (names.layer_name, "a:b"),
    (names.layer_name, "a\n"),
    (names.layer_name, "\u00e9"),
    (names.layer_name, "kind"),
    (names.layer_name, "state"),
    (names.variant, ""),
    (names.variant, ".x"),
    (names.variant, "v" * 129),
    (names.variant, "a+b"),
    (names.tag, "a/b"),
    (names.tag, "-a"),
    (names.repository, "A"),
    (names.repository, "a//b"),
    (names.repository, "/a"),
    (names.repository, "a___b"),
    (names.repository, "a" * 256),
    (names.registry, "https://x"),
    (names.registry, "x/"),
    (names.folder, "/a"),
    (names.folder, "a/"),
    (names.folder, ""),
    (names.folder, "a//b"),
    (names.folder, "../a"),
    (names.folder, "a/./b"),
    (names.folder, "a\\b"),
    (names.folder, "Releases/x"),
    (names.folder, "a/" * 100 + "a"),
    (names.folder, ".git/x"),
    (names.file_path, "../x"),
    (names.file_path, "/etc/passwd"),
    (names.platform, "linux/arm/v9"),
    (names.platform, "Linux/amd64"),
    (names.variable, "1a"),
    (names.variable, "A-B"),
    (names.variable, ""),
    (names.purl, "openmpi"),
    (names.purl, "pkg:generic"),
    (names.purl, "pkg:generic/a b"),
    (names.purl, "pkg:Generic/a"),
    (names.release_tag, "2026112.v1"),
    (names.release_tag, "20261121.v0"),
    (names.release_tag, "20261121.v01"),
    (names.release_tag, "20230229.v1"),
    (names.release_tag, "00000101.v1"),
    (names.release_tag, "20261121.v1\n"),
    (names.release_tag, "\uff12\uff10\uff12\uff161121.v1"),
    (names.release_tag, "20261121.v9999999999"),
    (names.day, "20240229"),
    (names.day, "2024-13-01"),
    (names.day, "2024-04-31"),
    (names.digest, HEX),
    (names.digest, f"sha256:{HEX.upper()}"),
    (names.digest, f"sha512:{HEX}"),
]


@pytest.mark.parametrize(("maker", "text"), GOOD)
def test_accepted_as_it_is(maker: Callable[[str], object], text: str) -> None:
    assert maker(text) == text


@pytest.mark.parametrize(("maker", "text"), BAD)
def test_refused_with_help(maker: Callable[[str], object], text: str) -> None:
    made = maker(text)
    assert isinstance(made, Bad)
    assert made.what
    assert made.help


def test_checksums_are_lower_case_digits() -> None:
    assert names.sha256(HEX) == HEX
    assert names.sha256(f"sha256:{HEX.upper()}") == HEX
    assert isinstance(names.sha256(HEX[1:]), Bad)
    assert isinstance(names.sha256("g" * 64), Bad)


@pytest.mark.parametrize(
    ("text", "expected"), [("20261121", "20261121"), ("2026-11-21", "20261121"), ("20240229", "20240229")]
)
def test_dates_of_releases(text: str, expected: str) -> None:
    assert names.release_date(text) == expected


@pytest.mark.parametrize("text", ["2026-1121", "202611-21", "20261121 ", "20230229", "19000229", "today", ""])
def test_no_dates(text: str) -> None:
    assert isinstance(names.release_date(text), Bad)


def test_releases_order_by_date_then_number() -> None:
    tags = [ReleaseTag(tag) for tag in ("20260102.v10", "20260101.v11", "20260102.v9")]
    assert sorted(tags, key=names.release_number) == ["20260101.v11", "20260102.v9", "20260102.v10"]


@pytest.mark.parametrize(
    ("text", "name", "tag", "digest"),
    [
        ("ubuntu", "ubuntu", "", ""),
        ("ubuntu:20.04", "ubuntu", "20.04", ""),
        ("nvidia/cuda@sha256:" + HEX, "nvidia/cuda", "", f"sha256:{HEX}"),
        ("localhost:5000/a/b:c@sha256:" + HEX, "localhost:5000/a/b", "c", f"sha256:{HEX}"),
        ("mcr.microsoft.com/windows/servercore:1809", "mcr.microsoft.com/windows/servercore", "1809", ""),
    ],
)
def test_references(text: str, name: str, tag: str, digest: str) -> None:
    made = names.reference(text)
    assert made == names.ImageReference(name, tag, digest)
    assert isinstance(made, names.ImageReference)
    assert made.text() == text


@pytest.mark.parametrize("text", ["", "Ubuntu", "a:b:c", "a@sha256:12", "a b", "a\nRUN x", "a:", "\\a", "-a"])
def test_no_references(text: str) -> None:
    assert isinstance(names.reference(text), Bad)


def test_a_backslash_gets_help_of_its_own() -> None:
    made = names.reference("windows\\servercore:1809")
    assert isinstance(made, Bad)
    assert made.help == "use `/` and not `\\`"
