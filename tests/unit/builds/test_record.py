"""Records of builds and tests: one form for one value, and nothing read that is not understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgraph.builds.record import (
    BuildRecord,
    BuiltImage,
    TestedImage,
    TestRecord,
    TestResult,
    encode,
    log_name,
    read_build,
    read_tests,
)
from rgraph.errors import Place, Problems

PLACE = Place("build.json")
IMAGE = BuiltImage(
    "sha256:1", "built", "staging/r:cpu--7", "sha256:2", "sha256:3", 1.5, "logs/r--cpu.log", ""
)
images = st.dictionaries(st.text(), st.builds(BuiltImage, seconds=st.floats(0, 1e9)), max_size=4)


@given(st.builds(BuildRecord, images=images))
def test_written_and_read_is_the_same(record: BuildRecord) -> None:
    problems = Problems()
    again = BuildRecord(number=record.number, pushed=record.pushed, images=record.images)
    assert read_build(encode(again), PLACE, problems) == again
    assert list(problems) == []


def test_the_order_of_images_does_not_count() -> None:
    one = BuildRecord(number="7", pushed=True, images={"b:1": IMAGE, "a:1": IMAGE})
    two = BuildRecord(number="7", pushed=True, images={"a:1": IMAGE, "b:1": IMAGE})
    assert encode(one) == encode(two)


def test_tests_are_written_and_read() -> None:
    result = TestResult("starts", "passed", 0.5, 0, "")
    record = TestRecord(number="7", images={"r:cpu": TestedImage("sha256:2", "", "passed", (result,))})
    assert read_tests(encode(record), PLACE, Problems()) == record


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "no record"),
        (b"{}", "no record"),
        (b'{"schema": 2}', "schema 2 is not known"),
        (b'{"schema": 1, "number": "7", "pushed": true, "images": {"a": {"state": "fine"}}}', "no record"),
        (b"\xff", "no record"),
        (b'{"schema": 1, "number": "7", "pushed": true, "images": {}, "more": 1}', "no record"),
    ],
)
def test_what_is_damaged_is_told(data: bytes, what: str) -> None:
    problems = Problems()
    assert read_build(data, PLACE, problems) is None
    assert what in "".join(problem.what for problem in problems)


@pytest.mark.parametrize(
    ("state", "there"),
    [("built", True), ("present", True), ("failed", False), ("timeout", False), ("skipped", False)],
)
def test_what_is_there(state: str, there: bool) -> None:
    image = BuiltImage("", state, "", "", "", 0.0, "", "")  # type: ignore[arg-type]
    assert image.is_there is there


def test_a_log_has_a_name_of_its_own() -> None:
    assert log_name("r-base:cpu") == "logs/r-base--cpu.log"
    assert log_name("base:openmpi4.1.0-ubuntu20.04") == "logs/base--openmpi4.1.0-ubuntu20.04.log"
    # Of its tests: no variant has a `+`.
    assert log_name("c:a+test") == "logs/c--a+test.log" != log_name("c:a.test")
