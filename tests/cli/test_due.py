"""due, as it is asked for and shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.errors.running import Result, catalogue, run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalogue of which base is rebuilt each month, and was released on 15 October 2026."""
    root = catalogue(tmp_path)
    with (root / "manifests/base/base.yaml").open("a") as stream:
        stream.write("lifecycle: {cadence: monthly}\n")
    run(root, "release", "cut", "--date", "20261015")
    return root


def due(root: Path, *arguments: str) -> Result:
    return run(root, "due", *arguments)


def test_something_is_due(root: Path) -> None:
    result = due(root, "--as-of", "2026-11-21")
    assert result.code == 1
    lines = [line.split(maxsplit=3) for line in result.out.splitlines()]
    assert lines[0] == ["due", "on", "state", "image       why"]
    assert lines[1] == ["2026-11-15", "due", "base:cpu", "monthly of `base`, last made as 20261015.v1"]
    assert lines[3][3].endswith(", below: base:cpu")
    assert result.err == "4 images due on 2026-11-21\n"


def test_nothing_is_due_yet(root: Path) -> None:
    result = due(root, "--as-of", "2026-11-14")
    assert result.code == 0
    assert [line.split()[1] for line in result.out.splitlines()[1:]] == ["later"] * 4
    assert result.err == "nothing is due on 2026-11-14; next: 2026-11-15\n"


def test_nothing_ever_is(tmp_path: Path) -> None:
    result = due(catalogue(tmp_path), "--as-of", "2026-11-21")
    assert (result.code, result.out, result.err) == (0, "", "nothing is due on 2026-11-21\n")


def test_selectors_choose_what_is_shown(root: Path) -> None:
    result = due(root, "r-base:cpu", "--as-of", "2026-11-21")
    assert result.err == "1 image due on 2026-11-21\n"
    assert [line.split()[2] for line in result.out.splitlines()[1:]] == ["r-base:cpu"]
    assert due(root, "r-base:*", "--exclude", "r-base:cpu", "--as-of", "2026-11-21").code == 1


def test_reasons_of_one_kind(root: Path) -> None:
    path = root / "manifests/base/base.yaml"
    path.write_text(
        path.read_text().replace("{cadence: monthly}", "{cadence: monthly, end_of_life: 2026-12-01}")
    )
    both = due(root, "base:cpu", "--as-of", "2026-11-21").out.splitlines()[1:]
    assert len(both) == 2
    for only, what in (("cadence", "monthly"), ("end-of-life", "2026-12-01")):
        (line,) = due(root, "base:cpu", "--as-of", "2026-11-21", "--only", only).out.splitlines()[1:]
        assert line in both
        assert what in line
    # An image that inherits only what is left out is not due.
    assert due(root, "--as-of", "2026-11-14", "--only", "cadence").code == 0


def test_until_a_day(root: Path) -> None:
    assert due(root, "--as-of", "2026-11-01", "--until", "2026-11-14").out == ""
    shown = due(root, "--as-of", "2026-11-01", "--until", "2026-11-15")
    assert (shown.code, len(shown.out.splitlines())) == (0, 5)
    assert due(root, "--until", "soon").code == 2


def test_as_json(root: Path) -> None:
    result = due(root, "--as-of", "2026-11-21", "--format", "json")
    assert (result.code, result.err) == (1, "")
    document = json.loads(result.out)
    assert (document["schema"], document["as_of"], document["due"]) == (1, "2026-11-21", 4)
    assert document["images"][0] == {
        "image": "base:cpu",
        "day": "2026-11-15",
        "due": True,
        "released": "20261015.v1",
        "reasons": [
            {
                "kind": "cadence",
                "day": "2026-11-15",
                "of": "base",
                "by": "base:cpu",
                "cadence": "monthly",
                "since": "20261015.v1",
            }
        ],
    }


def test_the_day_may_be_that_of_the_last_audit(root: Path) -> None:
    result = due(root, "--as-of", "audited")
    assert result.code == 2
    with (root / "manifests/catalog.yaml").open("a") as stream:
        stream.write("audited: 2026-11-15\n")
    assert due(root, "--as-of", "audited").err == "4 images due on 2026-11-15\n"


@pytest.mark.parametrize("day", ["2026-02-29", "2026-13-01", "tomorrow", "20261121"])
def test_what_is_no_day_is_refused(root: Path, day: str) -> None:
    result = due(root, "--as-of", day)
    assert (result.code, result.out) == (2, "")
    assert f"`{day}` is no date" in result.err


def test_a_leap_day_is_one(root: Path) -> None:
    assert due(root, "--as-of", "2028-02-29").code == 1


def test_today_is_a_day(root: Path) -> None:
    assert due(root).code == 1  # October 2026 is long ago


def test_a_cadence_of_an_external_that_is_none_is_named_with_its_line(root: Path) -> None:
    path = root / "manifests/externals.yaml"
    path.write_text(
        path.read_text().replace('{reference: "ubuntu:20.04"', '{cadence: dayly, reference: "ubuntu:20.04"')
    )
    result = due(root, "--as-of", "2026-11-21")
    assert result.code == 2
    assert "manifests/externals.yaml:3:21: error: `dayly` is no cadence" in result.err
