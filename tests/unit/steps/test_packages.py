"""Packages in the notations of their ecosystems."""

from __future__ import annotations

import pytest

from rgraph.names import Bad
from rgraph.steps.packages import Package, exact_version, parse_package

GOOD = [
    # ecosystem, text, name, version
    ("apt", "curl", "curl", ""),
    ("apt", "curl=7.81.0-1ubuntu1.15", "curl", "7.81.0-1ubuntu1.15"),
    ("apt", "passwd=1:4.8.1-1ubuntu5.20.04", "passwd", "1:4.8.1-1ubuntu5.20.04"),
    ("apt", "libc6:i386=2.31", "libc6", "2.31"),
    ("apt", "g++", "g++", ""),
    ("apt", "libstdc++-9-dev=9.4.0~1", "libstdc++-9-dev", "9.4.0~1"),
    ("apt", "openjdk-8-jdk=8u*", "openjdk-8-jdk", ""),
    ("conda", "numpy", "numpy", ""),
    ("conda", "numpy=1.21", "numpy", "1.21"),
    ("conda", "numpy==1.21.5", "numpy", "1.21.5"),
    ("conda", "numpy=1.21.5=py38h7a5d4dd_0", "numpy", "1.21.5"),
    ("conda", "conda-forge::r-base=4.0.5", "r-base", "4.0.5"),
    ("conda", "openssl=1.1.1c", "openssl", "1.1.1c"),
    ("conda", "python>=3.8,<3.9", "python", ""),
    ("conda", "numpy=1.21.*", "numpy", ""),
    ("pip", "rpy2==3.0.5", "rpy2", "3.0.5"),
    ("pip", "uvicorn[standard]==0.30.1", "uvicorn", "0.30.1"),
    ("pip", "torch==1.13.1+cu117", "torch", "1.13.1+cu117"),
    ("pip", "azureml-defaults==1.0.65.post1", "azureml-defaults", "1.0.65.post1"),
    ("pip", "numpy", "numpy", ""),
    ("pip", "numpy>=1.0", "numpy", ""),
    ("pip", "numpy==1.*", "numpy", ""),
    ("pip", "numpy==1.0,>0.9", "numpy", "1.0"),
    ("pip", "a==1; python_version < '3.8'", "a", "1"),
    ("pip", "a @ https://example.com/a.whl", "a", ""),
    ("pip", "a @ git+https://example.com/a@" + "0" * 40, "a", "0" * 40),
    ("pip", "a @ https://example.com/a.whl#sha256=" + "1" * 64, "a", "sha256." + "1" * 64),
    ("cran", "forecast", "forecast", ""),
    ("cran", "forecast==8.9", "forecast", "8.9"),
    ("cran", "data.table==1.12-2", "data.table", "1.12-2"),
    ("bioconductor", "limma==3.40.6", "limma", "3.40.6"),
]
BAD = [
    ("apt", "Curl"),
    ("apt", "curl git"),
    ("apt", "curl=1 2"),
    ("apt", "-y"),
    ("apt", "curl="),
    ("apt", "$(evil)"),
    ("apt", ""),
    ("conda", "num py"),
    ("conda", "numpy=1;evil"),
    ("conda", "--yes"),
    ("pip", "a=1"),
    ("pip", "-r requirements.txt"),
    ("pip", "--index-url=x"),
    ("pip", "a==1 evil"),
    ("cran", "a"),
    ("cran", "a b"),
    ("cran", "forecast=8.9"),
    ("cran", 'x");evil("'),
    ("bioconductor", "limma==3"),
]


@pytest.mark.parametrize(("ecosystem", "text", "name", "version"), GOOD)
def test_packages(ecosystem: str, text: str, name: str, version: str) -> None:
    package = parse_package(ecosystem, text)
    assert isinstance(package, Package), package
    assert (package.name, package.version) == (name, version)


@pytest.mark.parametrize(("ecosystem", "text"), BAD)
def test_no_packages(ecosystem: str, text: str) -> None:
    package = parse_package(ecosystem, text)
    assert isinstance(package, Bad)
    assert package.help


def test_channel_and_build() -> None:
    package = parse_package("conda", "conda-forge::numpy=1.21.5=py38_0")
    assert isinstance(package, Package)
    assert (package.channel, package.build) == ("conda-forge", "py38_0")


def test_what_the_real_dockerfiles_wrote() -> None:
    package = parse_package("apt", "openssl - 1.1.1")
    assert isinstance(package, Bad)
    assert "apt would read `1.1.1` as a package or pattern of its own" in package.what
    assert package.help == "a version is written `openssl=1.1.1`"


@pytest.mark.parametrize(
    ("ecosystem", "expected"), [("apt", "x=1"), ("conda", "x=1"), ("pip", "x==1"), ("cran", "x==1")]
)
def test_pins(ecosystem: str, expected: str) -> None:
    assert exact_version(ecosystem, "x", "1") == expected


@pytest.mark.parametrize("ecosystem", ["apt", "conda", "pip", "cran", "bioconductor"])
@pytest.mark.parametrize("text", ["a\nRUN evil", "a=1\r", "a==1\u2028", "a==1\0", "ab==1.0\n"])
def test_no_line_breaks(ecosystem: str, text: str) -> None:
    assert isinstance(parse_package(ecosystem, text), Bad)
