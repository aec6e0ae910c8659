"""`rgraph bump` and `rgraph outdated`: text, JSON, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.errors.running import Result, run
from tests.unit.bumping.small import ONE, SUM, texts, write
from tests.unit.engines.serving import Said, serving

CHILD = ONE.replace("name: one", "name: child").replace("from: debian", "from: one:x")
STEPS = f"""\
steps:
- conda: {{channels: [r], packages: [openssl=1.1.1c]}}   # from r
- apt: [openssl]
- pip: [foo==1.0]
- url: {{name: rjson, version: 0.2.20, url: 'https://e.org/rjson_0.2.20.tgz', sha256: {SUM}}}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path, one=ONE + STEPS, child=CHILD)


def test_a_dry_run_shows_the_edits_and_writes_nothing(root: Path) -> None:
    before = texts(root)
    assert run(root, "bump", "openssl", "1.1.1d", "--dry-run") == Result(
        0,
        """\
manifests/one.yaml:6:45: 1.1.1c -> 1.1.1d
manifests/one.yaml:7:9: left alone: it is not pinned (one:x)

1 image directly:
  one:x
1 image above:
  child:x

pkg:conda/openssl 1.1.1d: 1 place in 1 file would be edited
""",
        "",
    )
    assert texts(root) == before


def test_a_bump_and_the_same_again(root: Path) -> None:
    done = run(root, "bump", "openssl", "1.1.1d")
    assert (done.code, done.out.splitlines()[-1]) == (
        0,
        "pkg:conda/openssl 1.1.1d: 1 place in 1 file edited",
    )
    assert texts(root)["one.yaml"].decode() == ONE + STEPS.replace("1.1.1c", "1.1.1d")
    again = run(root, "bump", "openssl", "1.1.1d")
    assert (again.code, again.out.splitlines()[-1]) == (
        0,
        "pkg:conda/openssl 1.1.1d: every pin has it already, nothing to do",
    )


def test_a_refusal_says_where_and_is_a_failed_check(root: Path) -> None:
    before = texts(root)
    done = run(root, "bump", "rjson", "0.2.21")
    assert done.code == 1
    assert done.out.startswith("nothing was written; what would have been edited, and what forbids it:\n")
    assert (
        "manifests/one.yaml:9:86: refused: the checksum aaaaaaaaaaaa... belongs to version 0.2.20 (one:x)\n"
        in done.out
    )
    assert "  help: say that of version 0.2.21: `--sha256 ...`\n" in done.out
    assert done.out.endswith("pkg:generic/rjson 0.2.21: refused, nothing was written\n")
    assert texts(root) == before
    assert run(root, "bump", "rjson", "0.2.21", "--sha256", "b" * 64).code == 0


def test_an_older_version_must_be_meant(root: Path) -> None:
    done = run(root, "bump", "foo", "0.9")
    assert done.code == 1
    assert "manifests/one.yaml:8:3: refused: `0.9` is older than `1.0` (one:x)\n" in done.out
    assert run(root, "bump", "foo", "0.9", "--downgrade").code == 0


def test_a_version_that_the_old_one_begins_with_is_remarked_upon(root: Path) -> None:
    """By conda's order 1.1.1c is older than 1.1.1; by OpenSSL's own it is not."""
    done = run(root, "bump", "openssl", "1.1.1")
    remark = (
        "`1.1.1` is what `1.1.1c` begins with: by the order of conda it is not older, "
        "but is it the newer one?"
    )
    assert (done.code, done.err) == (0, f"{remark}\n")
    assert run(root, "bump", "openssl", "1.1.1").err == ""


def test_json(root: Path) -> None:
    done = run(root, "bump", "openssl", "1.1.1d", "--format", "json")
    assert json.loads(done.out) == {
        "schema": 1,
        "component": "pkg:conda/openssl",
        "version": "1.1.1d",
        "written": True,
        "edits": [{"file": "manifests/one.yaml", "line": 6, "column": 45, "from": "1.1.1c", "to": "1.1.1d"}],
        "direct": ["one:x"],
        "above": ["child:x"],
        "refusals": [],
        "left": [
            {
                "file": "manifests/one.yaml",
                "line": 7,
                "column": 9,
                "why": "it is not pinned",
                "images": ["one:x"],
            }
        ],
        "put_back": [],
    }
    refused = json.loads(run(root, "bump", "rjson", "1", "--format", "json", "--dry-run").out)
    assert [(each["line"], each["images"]) for each in refused["refusals"]] == [(9, ["one:x"])]
    assert refused["written"] is False


def test_what_nobody_has_is_a_usage_error(root: Path) -> None:
    done = run(root, "bump", "opensll", "1")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: no image holds a component `opensll`, and no External is called so\n"
        "  help: did you mean `openssl`?\n"
    )


PAGE = json.dumps(
    {"files": [{"filename": f"foo-{each}.tar.gz"} for each in ("1.0", "1.2", "2.0a1")]}
).encode()


def test_outdated(root: Path) -> None:
    channel = root / "repodata.json"
    channel.write_text('{"packages": {"a": {"name": "openssl", "version": "1.1.1c"}}}')
    with serving(lambda _: Said(200, PAGE)) as server:
        asked = ("outdated", "--index", server.url, "--conda", f"r={channel}")
        text = run(root, *asked)
        early = json.loads(run(root, *asked, "--pre", "--format", "json").out)
    assert text == Result(
        1,
        """\
component  ecosystem  pinned  newest  where                   images  remark
foo        pypi       1.0     1.2     manifests/one.yaml:8:9  1       -

2 pins: 1 outdated, 1 current
""",
        "",
    )
    assert [(each["name"], each["newest"], each["state"]) for each in early["pins"]] == [
        ("openssl", "1.1.1c", "current"),
        ("foo", "2.0a1", "outdated"),
    ]
    assert early["pins"][0]["places"] == [{"file": "manifests/one.yaml", "line": 6, "column": 37}]


def test_outdated_names_the_line_of_each_of_several_entries(root: Path) -> None:
    layer = "steps:\n- pip:\n  - {name: foo, version: '1.0', when: false}\n  - {name: foo, version: '1.1'}\n"
    write(root, one=ONE + layer)
    with serving(lambda _: Said(200, PAGE)) as server:
        found = json.loads(run(root, "outdated", "one", "--index", server.url, "--format", "json").out)
    assert [(each["version"], [place["line"] for place in each["places"]]) for each in found["pins"]] == [
        ("1.1", [8])
    ]


def test_an_index_that_cannot_be_asked(root: Path) -> None:
    with serving(lambda _: Said()) as server:
        pass
    done = run(root, "outdated", "--index", server.url.replace("//", "//user:secret@"))
    assert done.code == 3
    assert done.err == f"error: cannot ask {server.host}: no connection (Connection refused)\n"
    assert "its index could not be asked" in done.out
    assert "secret" not in done.out + done.err
