"""Package URLs: of what manifests say, and of what steps bring."""

from __future__ import annotations

from typing import Any

import pytest

from rgraph.inventory import Inventory
from rgraph.names import Bad, Purl
from rgraph.purls import checked_purl, parse_purl, purl_of
from rgraph.steps.interface import Component
from tests.laws.strategies import minimal, resolved

HEX = "0123456789abcdef" * 4
COMMIT = "3bb68cb8" * 5


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("pkg:conda/x@1?subdir=noarch&channel=main", "pkg:conda/x@1?channel=main&subdir=noarch"),
        ("pkg:conda/PyYAML@6.0", "pkg:conda/pyyaml@6.0"),
        ("pkg:deb/Ubuntu/Curl@7.68.0-1ubuntu2", "pkg:deb/ubuntu/curl@7.68.0-1ubuntu2"),
        ("pkg:deb/debian/attr@1:2.4.47-2+b1?arch=amd64", "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64"),
        ("pkg:deb/debian/x@1~rc1", "pkg:deb/debian/x@1~rc1"),
        ("pkg:pypi/Zope.Interface_x@5.0", "pkg:pypi/zope.interface-x@5.0"),
        ("pkg:cran/A3@1.0-4", "pkg:cran/A3@1.0-4"),
        ("pkg:bioconductor/GenomicRanges@1.36.1", "pkg:bioconductor/GenomicRanges@1.36.1"),
        ("pkg:github/Azure/SDK-for-R@v0.5.7#R/Sub", "pkg:github/azure/sdk-for-r@v0.5.7#R/Sub"),
        ("pkg:github/a/b@release%2F1", "pkg:github/a/b@release%2F1"),
        ("pkg:generic/Intel%20MPI@2018.3", "pkg:generic/Intel%20MPI@2018.3"),
        ("pkg:generic/v/Tool?checksum=sha256:ab,sha1:cd", "pkg:generic/v/Tool?checksum=sha256:ab%2Csha1:cd"),
        (
            "pkg:generic/x?vcs_url=git%2Bhttps://example.com/x%40cc55108",
            "pkg:generic/x?vcs_url=git%2Bhttps:%2F%2Fexample.com%2Fx%40cc55108",
        ),
        ("pkg:maven/org.example/Some-Jar@1.0?type=jar", "pkg:maven/org.example/Some-Jar@1.0?type=jar"),
        ("pkg:generic/x#a/./b//c", "pkg:generic/x#a/b/c"),
    ],
)
def test_canonical(text: str, canonical: str) -> None:
    made = checked_purl(text)
    assert not isinstance(made, Bad)
    assert purl_of(parse_purl(made)) == canonical
    assert purl_of(parse_purl(Purl(canonical))) == canonical
    assert parse_purl(Purl(canonical)) == parse_purl(made)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("pkg:generic", "is no package URL"),
        ("pkg:Generic/x@1", "is no package URL"),
        ("pkg:generic/x@1@2", "is no package URL"),
        ("pkg:github/purl-spec@1", "has no namespace"),
        ("pkg:maven/x@1", "has no namespace"),
        ("pkg:pypi/a/b@1", "has a namespace, and pypi has none"),
        ("pkg:conda/conda-forge/b@1", "has a namespace, and conda has none"),
        ("pkg:cran/a/b", "has a namespace, and cran has none"),
        ("pkg:bioconductor/a/b", "has a namespace, and bioconductor has none"),
        ("pkg:generic/x?a=1&a=2", "has bad qualifiers"),
        ("pkg:generic/x?a=1&b", "has bad qualifiers"),
        ("pkg:generic/x?a=1&B=1", "has bad qualifiers"),
        ("pkg:generic/x?a=1&9=1", "has bad qualifiers"),
        ("pkg:generic/x?a=1&", "has bad qualifiers"),
        ("pkg:generic/a%0Ab@1", "holds a character that cannot be shown"),
        ("pkg:generic/a@1%00", "holds a character that cannot be shown"),
        ("pkg:generic/a?b=%E2%80%A8", "holds a character that cannot be shown"),
        ("pkg:generic/a%FF", "holds bytes that are no UTF-8"),
        ("pkg:generic/a%2", "holds a `%` that encodes nothing"),
        ("pkg:generic/a@%zz", "holds a `%` that encodes nothing"),
        ("pkg:generic/%20", "holds a part that is blank at its ends"),
        ("pkg:generic/%2F", "holds a part that is blank at its ends"),
        ("pkg:generic/a@1%20", "holds a part that is blank at its ends"),
        ("pkg:generic/a%2Fb/c", "holds a `/` within a segment"),
        ("pkg:generic/c#a%2fb", "holds a `/` within a segment"),
    ],
)
def test_refused(text: str, what: str) -> None:
    made = checked_purl(text)
    assert isinstance(made, Bad)
    assert what in made.what
    assert made.help


def test_a_checksum_is_read() -> None:
    checksum = f"sha1:abc,sha256:{HEX}"
    assert parse_purl(Purl(f"pkg:generic/x?checksum={checksum}")).checksum == HEX
    assert parse_purl(Purl("pkg:generic/x?checksum=sha256:de4d")).checksum == ""
    assert parse_purl(Purl("pkg:generic/x?checksum=sha1:de4d")).checksum == ""


@pytest.mark.parametrize(
    ("component", "distribution", "purl"),
    [
        (Component("deb", "curl", "7.1"), "ubuntu-20.04", "pkg:deb/ubuntu/curl@7.1?distro=ubuntu-20.04"),
        (Component("deb", "curl"), "debian-12", "pkg:deb/debian/curl?distro=debian-12"),
        (Component("deb", "curl"), "", "pkg:deb/curl"),
        # What says its distribution itself keeps it.
        (Component("deb", "curl", namespace="debian"), "ubuntu-20.04", "pkg:deb/debian/curl"),
        # Another repository's package is not said to be the distribution's.
        (Component("deb", "x", vendor="some-repo"), "ubuntu-20.04", "pkg:deb/some-repo/x"),
        (Component("deb", "x", vendor=""), "ubuntu-20.04", "pkg:deb/x"),
        (Component("conda", "x", "1"), "ubuntu-20.04", "pkg:conda/x@1"),
    ],
)
def test_distribution(component: Component, distribution: str, purl: str) -> None:
    assert purl_of(component, distribution) == purl


REPOSITORY = {
    "name": "vendor",
    "key": {"url": "https://v.example/key", "sha256": HEX},
    "uri": "https://v.example/ubuntu",
    "suite": "focal",
}
ARCHIVE = "https://x.example/a-1.tar.gz"
FILE = "download_url=https:%2F%2Fx.example%2Fa-1.tar.gz"
PLATFORMS = ["linux/amd64", "linux/arm64"]
BY_PLATFORM = {each: f"https://x.example/{index}" for index, each in enumerate(PLATFORMS)}

STEPS: list[tuple[dict[str, Any], list[str]]] = [
    ({"apt": ["curl=1:7.1-1+b1"]}, ["pkg:deb/ubuntu/curl@1:7.1-1%2Bb1?distro=ubuntu-20.04"]),
    (
        {"apt": {"packages": ["odbc=17.1"], "repositories": [REPOSITORY]}},
        ["pkg:deb/vendor/odbc@17.1?repository_url=https:%2F%2Fv.example%2Fubuntu"],
    ),
    (
        {"apt": {"packages": ["odbc=17.1"], "repositories": [REPOSITORY, REPOSITORY | {"name": "other"}]}},
        ["pkg:deb/odbc@17.1"],
    ),
    ({"conda": ["PyYAML=6.0=py38_1"]}, ["pkg:conda/pyyaml@6.0?build=py38_1"]),
    ({"conda": {"packages": ["a=1"], "channels": "r"}}, ["pkg:conda/a@1?channel=r"]),
    ({"conda": {"packages": ["a=1"], "channels": ["r", "conda-forge"]}}, ["pkg:conda/a@1"]),
    ({"conda": {"packages": ["a=1"], "channels": "https://c.example/$TOKEN"}}, ["pkg:conda/a@1"]),
    (
        {"conda": ["conda-forge::a=1", "conda-forge/linux-64::b=1", "conda-forge/label/dev::c=1"]},
        [
            "pkg:conda/a@1?channel=conda-forge",
            "pkg:conda/b@1?channel=conda-forge&subdir=linux-64",
            "pkg:conda/c@1?channel=conda-forge%2Flabel%2Fdev",
        ],
    ),
    ({"pip": ["Zope.Interface_x==5.0"]}, ["pkg:pypi/zope.interface-x@5.0"]),
    (
        {"pip": {"packages": ["a==1"], "index": "https://i.example/simple"}},
        ["pkg:pypi/a@1?repository_url=https:%2F%2Fi.example%2Fsimple"],
    ),
    (
        {"pip": {"packages": ["a==1"], "index": "https://i.example", "extra_indexes": ["https://j.example"]}},
        ["pkg:pypi/a@1"],
    ),
    (
        {
            "pip": [
                f"a @ git+https://x.example/a@{COMMIT}",
                f"b @ {ARCHIVE}#sha256={HEX} ; python_version > '3'",
            ]
        },
        [f"pkg:pypi/a?vcs_url=git%2Bhttps:%2F%2Fx.example%2Fa%40{COMMIT}", f"pkg:pypi/b?{FILE}"],
    ),
    ({"cran": ["R6==2.5.1"]}, ["pkg:cran/R6@2.5.1"]),
    ({"bioconductor": {"release": "3.9", "packages": ["limma"]}}, ["pkg:bioconductor/limma"]),
    (
        {"github": [{"repo": "Azure/Some-R", "ref": "v0.5.7", "subdir": "R/pkg", "name": "some"}]},
        ["pkg:github/azure/some-r@v0.5.7#R/pkg"],
    ),
    ({"url": {"name": "rjson", "version": "0.2", "url": ARCHIVE}}, [f"pkg:generic/rjson@0.2?{FILE}"]),
    ({"source": {"name": "a", "version": "1", "url": ARCHIVE}}, [f"pkg:generic/a@1?{FILE}"]),
    (
        {"source": {"name": "a", "version": "1", "git": "https://github.com/Org/A.git", "ref": "v1"}},
        ["pkg:github/org/a@v1"],
    ),
    (
        {"source": {"name": "a", "version": "1", "git": "https://g.example/a", "ref": "v1"}},
        ["pkg:generic/a@1?vcs_url=git%2Bhttps:%2F%2Fg.example%2Fa%40v1"],
    ),
    (
        {
            "source": {
                "name": "a",
                "version": "1",
                "git": "https://g.example/a",
                "ref": "v1",
                "commit": COMMIT,
            }
        },
        [f"pkg:generic/a@1?vcs_url=git%2Bhttps:%2F%2Fg.example%2Fa%40{COMMIT}"],
    ),
]


def components(step: dict[str, Any]) -> list[tuple[str, Component]]:
    """Purls and components of an Ubuntu image with one step."""
    documents = minimal(steps=[step])
    external = documents["manifests/externals.yaml"]["externals"]["debian"]
    external["distribution"] = "ubuntu-20.04"
    return [(each.purl, each.component) for each in Inventory(resolved(documents)).own("base:1")]


@pytest.mark.parametrize(("step", "purls"), STEPS)
def test_of_steps(step: dict[str, Any], purls: list[str]) -> None:
    found = [purl for purl, _ in components(step)]
    assert found == purls
    assert not [purl for purl in found if isinstance(checked_purl(purl), Bad)]


@pytest.mark.parametrize(
    "step",
    [
        {"pip": {"packages": ["a==1"], "index": "https://me:SECRET@i.example/simple"}},
        {"pip": [f"a @ git+https://SECRET@x.example/a@{COMMIT}"]},
        {"conda": {"packages": ["a=1"], "channels": "https://c.example/t/SECRET/channel"}},
        {"conda": {"packages": ["a=1"], "channels": "https://me:SECRET@c.example/channel"}},
        {"apt": {"packages": ["a=1"], "repositories": [REPOSITORY | {"uri": "https://me:SECRET@v.example"}]}},
        {"url": {"name": "aa", "version": "1", "url": "https://me:SECRET@x.example/a.tar.gz"}},
        {"source": {"name": "a", "version": "1", "url": "https://me:SECRET@x.example/a.tar.gz"}},
        {"source": {"name": "a", "version": "1", "git": "https://SECRET@g.example/a", "ref": "v1"}},
    ],
)
def test_credentials_stay_out_of_published_files(step: dict[str, Any]) -> None:
    ((purl, _),) = components(step)
    assert "example" in purl
    assert "SECRET" not in purl


@pytest.mark.parametrize(
    ("step", "checksums"),
    [
        ({"source": {"name": "a", "version": "1", "url": ARCHIVE, "sha256": HEX}}, [HEX]),
        ({"source": {"name": "a", "version": "1", "url": ARCHIVE}}, [""]),
        ({"source": {"name": "a", "version": "1", "git": "https://g.example/a", "ref": "v1"}}, [""]),
        (
            {
                "source": {"name": "a", "version": "1", "url": ARCHIVE, "sha256": HEX},
                "provides": ["pkg:generic/b"],
            },
            [HEX],
        ),
        ({"url": [{"name": "rj", "version": "1", "url": ARCHIVE, "sha256": HEX}]}, [HEX]),
        ({"download": {"url": ARCHIVE, "sha256": HEX, "to": "/a"}, "provides": ["pkg:generic/a@1"]}, [HEX]),
        ({"download": {"url": ARCHIVE, "to": "/a"}, "provides": ["pkg:generic/a@1"]}, [""]),
        # Each platform has a file of its own.
        (
            {
                "download": {"url": BY_PLATFORM, "sha256": dict.fromkeys(BY_PLATFORM, HEX), "to": "/a"},
                "provides": ["pkg:generic/a@1"],
            },
            [""],
        ),
        # A file that brings two things is neither.
        (
            {
                "download": {"url": ARCHIVE, "sha256": HEX, "to": "/a"},
                "provides": ["pkg:generic/a@1", "pkg:generic/b@1"],
            },
            ["", ""],
        ),
        # What the manifest says itself stands.
        (
            {
                "download": {"url": ARCHIVE, "sha256": HEX, "to": "/a"},
                "provides": [f"pkg:generic/a?checksum=sha256:{'f' * 64}"],
            },
            ["f" * 64],
        ),
        ({"run": ["make"], "provides": ["pkg:generic/a@1"]}, [""]),
        ({"pip": [f"b @ {ARCHIVE}#sha256={HEX}"]}, [HEX]),
        ({"apt": {"packages": ["odbc=1"], "repositories": [REPOSITORY]}}, [""]),
    ],
)
def test_checksums(step: dict[str, Any], checksums: list[str]) -> None:
    assert [component.checksum for _, component in components(step)] == checksums


def test_a_direct_reference_is_pinned_by_what_it_names() -> None:
    found = components({"pip": [f"a @ git+https://x.example/a@{COMMIT}", f"b @ {ARCHIVE}#sha256={HEX}"]})
    assert [(each.version, each.pinned_by) for _, each in found] == [
        ("", f"commit {COMMIT}"),
        ("", f"sha256:{HEX}"),
    ]
