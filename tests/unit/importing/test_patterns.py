from __future__ import annotations

import pytest

from rgraph.expressions import Scope, evaluate
from rgraph.importing.patterns import escaped, has_names, is_writable, pattern, skeleton


@pytest.mark.parametrize(
    ("texts", "parts"),
    [
        (["a", "a"], ("a",)),
        (["", ""], ()),
        (["3.8", "3.9"], (("3.8", "3.9"),)),
        (["py38_4.12.0", "py37_4.9.2"], (("py38_4.12.0", "py37_4.9.2"),)),
        (["curl=7.1", "curl=7.2"], ("curl=", ("7.1", "7.2"))),
        (
            ["openmpi4.1.0-cuda11.1-ubuntu20.04", "openmpi4.1.0-cuda11.2-ubuntu20.04"],
            ("openmpi4.1.0-cuda", ("11.1", "11.2"), "-ubuntu20.04"),
        ),
        (
            ["https://x.org/a-py38_4.12.0.sh", "https://x.org/a-py37_4.9.2.sh"],
            ("https://x.org/a-", ("py38_4.12.0", "py37_4.9.2"), ".sh"),
        ),
        (["apt-get install curl", "apt-get install curl wget"], ("apt-get install curl", ("", " wget"))),
        (["ubuntu:20.04", "nvidia/cuda:11.1"], (("ubuntu:20.04", "nvidia/cuda:11.1"),)),
        (["make all the things", "rm -rf /var/lib/apt"], None),
        (["cd /x", "cd /x && make && make install && ldconfig"], None),
        (["a\nb" * 20, "c\nd" * 20], None),
    ],
)
def test_pattern(texts: list[str], parts: tuple[object, ...] | None) -> None:
    assert pattern(texts) == parts


def test_the_order_of_texts_does_not_matter() -> None:
    texts = ["lib1.0 x", "lib1.1 x", "lib1.0 x"]
    assert pattern(texts) == ("lib", ("1.0", "1.1", "1.0"), " x")


def test_skeleton() -> None:
    assert skeleton("curl=7.81.0-1 x") == skeleton("curl=7.9-2 x")
    assert skeleton("a ${{ x if y == '}}' }} b") == "a \0 b"
    assert skeleton("sha " + "0a" * 32) == "sha \0"
    assert skeleton("curl") != skeleton("wget")


@pytest.mark.parametrize("text", ["plain", "${{ x }}", "$${{", "a${{b}}c ${{", "no\u00a0break", "${X} {{ }}"])
def test_escaped_texts_stand_for_themselves(text: str) -> None:
    assert evaluate(escaped(text), Scope({})) == text
    assert is_writable(escaped(text))


def test_names() -> None:
    assert has_names("a ${{ x }}")
    assert not has_names(escaped("a ${{ x }}"))
    assert not has_names("a")


@pytest.mark.parametrize(("text", "can"), [("a\n\tb", True), ("a\u00a0", False), ("\r", False), ("é", True)])
def test_is_writable(text: str, can: bool) -> None:
    assert is_writable(text) is can


def test_texts_of_any_length_take_no_time() -> None:
    long = "word1 " * 500_000
    assert pattern([long, f"{long}x"]) is None
    assert skeleton("x" * 5_000_000) == "x" * 5_000_000
