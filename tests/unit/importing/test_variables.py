"""Variables in what COPY and ADD take from the context."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rgraph.importing.variables import with_values
from tests.unit.importing.reading import file, image, resolution


def last(text: str, args: Mapping[str, str] | None = None) -> str:
    source = image(args=args)
    made = with_values(file(text), source, resolution(text, source))
    return made.stages[-1].instructions[-1].original


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ARG D=conf\nCOPY $D /k", "COPY conf /k"),
        ("ARG D=a\nARG E=${D}/b\nCOPY --chown=u ./$E x /k/$D", "COPY --chown=u ./a/b x /k/$D"),
        ("ENV D=one\nARG D=two\nCOPY ${D} /k", "COPY one /k"),
        ("ENV D=one\nENV E=$D\nCOPY ${E:-x} /k", "COPY one /k"),
        # What x sets, only x says.
        ("ENV D=one E=$D\nCOPY ${E:-x} /k", "COPY ${E:-x} /k"),
        ("COPY ${D:-conf} /k", "COPY ${D:-conf} /k"),
        ('ARG D="a b"\nCOPY $D /k', 'COPY ["a b", "/k"]'),
        ("ARG D\nCOPY ${D:-conf} /k", "COPY conf /k"),
        ("ARG D\nCOPY $D /k", "COPY $D /k"),
        ("ENV D=$X\nCOPY $D /k", "COPY $D /k"),
        ("ARG U=https://x.y/z\nADD $U /k", "ADD https://x.y/z /k"),
        ("ARG V=1\nADD https://x.y/$V /k", "ADD https://x.y/$V /k"),
        ("ARG D=a\nCOPY --from=y $D /k", "COPY --from=y $D /k"),
    ],
)
def test_values_that_are_known(text: str, expected: str) -> None:
    assert last(f"FROM x\n{text}\n") == expected


def test_values_of_the_source_of_stages_below_and_of_what_stands_before_from() -> None:
    assert last("FROM x\nARG D=a\nCOPY $D /k\n", {"D": "b"}) == "COPY b /k"
    assert last("FROM x\nCOPY $D /k\n", {"D": "b"}) == "COPY $D /k"
    assert last("FROM x AS low\nARG D=a\nENV E=b\nFROM low\nCOPY $D/$E /k\n") == "COPY a/b /k"
    assert last("ARG D=a\nFROM x\nARG D\nCOPY $D /k\n") == "COPY a /k"


def test_a_file_without_variables_stays() -> None:
    given = file("FROM x\nCOPY a /$D\n")
    assert with_values(given, image(), resolution("FROM x\nCOPY a /$D\n")) is given
