"""Input that means harm: each ends in a clear error, quickly, with nothing written."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.errors.running import catalogue, run, written

LAYER = "kind: base\nname: bad\nfrom: ubuntu\nvariant: one\n"
SECONDS = 30.0
"""Far above what any of these takes; an attack that works takes minutes or the memory."""


def refused(root: Path, *messages: str) -> None:
    """`check` and `generate` refuse the catalogue, name the reasons, and change nothing."""
    before = written(root)
    start = time.monotonic()
    result = run(root, "check")
    assert time.monotonic() - start < SECONDS
    assert result.code == 2, result
    assert result.out == ""
    assert "Traceback" not in result.err
    assert "error" in result.err
    for message in messages:
        assert message in result.err
    assert len(result.err) < 40_000
    assert run(root, "generate").code == 2
    assert written(root) == before


def with_layer(root: Path, text: str | bytes) -> Path:
    catalogue(root)
    content = text if isinstance(text, bytes) else (LAYER + text).encode()
    (root / "manifests/base/bad.yaml").write_bytes(content)
    return root


DEEP = 100_000
BOMB = "\n".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)

FILES: dict[str, tuple[bytes, str]] = {
    "null bytes": (b"kind: base\0\nname: bad\n", "U+0000"),
    "only null bytes": (b"\0" * 100, "UTF-16"),
    "not UTF-8": (b"kind: base\nname: b\xffd\n", "bad.yaml:2:8: error: the byte 0xFF is not UTF-8"),
    "half a character": (b"kind: base\nname: \xe2\x82\n", "not UTF-8"),
    "a bomb of aliases": (f"kind: base\na: &a [x]\n{BOMB}\n".encode(), "aliases are not allowed"),
    "an alias of itself": (b"kind: base\na: &a [*a]\n", "anchors are not allowed"),
    "deep lists": (b"kind: base\na: " + b"[" * DEEP + b"]" * DEEP, "nested deeper than 50"),
    "deep open lists": (b"kind: base\na: " + b"[" * DEEP, "bad.yaml:2:"),
    "deep mappings": (b"kind: base\na: " + b"{a: " * DEEP + b"}" * DEEP, "nested deeper than 50"),
    "deep block lists": (b"kind: base\na:\n" + b"- " * DEEP + b"x\n", "nested deeper than 50"),
    "deep block mappings": (b"".join(b" " * i + b"a:\n" for i in range(2000)), "nested deeper than 50"),
    "deep keys": (b"? " * DEEP + b"x\n", "bad.yaml:1:"),
    "many keys": (b"kind: base\n" + b"".join(b"k%d: x\n" % i for i in range(50_000)), "unknown key `k0`"),
    "many bad steps": (LAYER.encode() + b"steps:\n" + b"- x\n" * 100_000, "expected a step"),
    "huge integer": (
        LAYER.encode() + b"tests: [{name: a, command: b, nodes: 99999999999999999999}]\n",
        "no number",
    ),
    "superscript digit": (
        LAYER.encode() + "tests: [{name: a, command: b, nodes: \u00b2}]\n".encode(),
        "no number",
    ),
    "kind is a number": (b"kind: 5\nname: bad\n", "unknown kind `5`"),
    "python object": (b"kind: !!python/object/apply:os.system ['touch pwned']\n", "is not allowed"),
    "binary tag": (b"kind: !!binary YmFzZQ==\n", "the tag `!!binary` is not allowed"),
    "line separator in a comment": ("kind: base # x\u2028name: evil\n".encode(), "U+2028"),
    "escape sequence of a terminal": (b"kind: base\nname: \x1b[31mred\n", "U+001B"),
    "right-to-left override": ("kind: base\nname: \u202ebad\n".encode(), "U+202E"),
}


@pytest.mark.parametrize("name", FILES)
def test_file(name: str, tmp_path: Path) -> None:
    content, message = FILES[name]
    refused(with_layer(tmp_path, content), message)
    assert "\x1b" not in run(tmp_path, "check").err


def test_a_file_of_100_mb(tmp_path: Path) -> None:
    catalogue(tmp_path)
    with open(tmp_path / "manifests/base/bad.yaml", "wb") as stream:
        stream.truncate(100 * 2**20)
    before = (tmp_path / "manifests/base/bad.yaml").stat().st_mtime_ns
    result = run(tmp_path, "check")
    assert result.code == 2
    assert "manifests/base/bad.yaml:1:1: error: has 100 MiB, more than the 8 MiB that are read" in result.err
    assert (tmp_path / "manifests/base/bad.yaml").stat().st_mtime_ns == before


EXPRESSIONS = {
    "attribute": "''.__class__",
    "attribute by filter": "'' | attr('__class__')",
    "index": "device['__class__']",
    "call": "range(1000000000)",
    "repetition": "'a' * 1000000000",
    "power": "9 ** 9 ** 9",
    "test": "device is defined",
    "loop": "[x for x in device]",
    "replace bomb": "'a'" + " | replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaa')" * 8,
    "join bomb": "'aaaaaaaaaaaaaaaaaaaa'"
    + " | replace('a', 'a a') | split(' ') | join('aaaaaaaaaaaaaaaaaaaa')" * 6,
    "concat bomb": " ~ ".join(["(device | replace('', device))"] * 30) + " | nofilter",
    "parentheses": "(" * 450 + "device" + ")" * 450,
    "lists": "[" * 450 + "]" * 450,
    "not": "not " * 2000 + "device",
    "minus": "-" * 900 + "device",
    "long": "'" + "x" * 10**6 + "'",
    "statement": "device }}${% for i in device %}x${% endfor %}${{ device.x",
    "comment": "device {# x #}",
    "unclosed text": "'abc",
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expression(name: str, tmp_path: Path) -> None:
    text = json.dumps("${{ " + EXPRESSIONS[name] + " }}")
    body = f"matrix: {{device: [cpu]}}\nsteps:\n  - env: {{A: {text}}}\n"
    refused(with_layer(tmp_path, body), "bad.yaml:7:14: error: ")


def test_the_shell_keeps_its_braces(tmp_path: Path) -> None:
    body = "steps:\n  - run: ['echo ${#x} {{ x }} {% raw %}']\n    provides: []\n"
    assert run(with_layer(tmp_path, body), "check").code == 0


LAYERS: dict[str, tuple[str, str]] = {
    "a matrix of 10^9 rows": (
        "matrix: {" + ", ".join(f"{c}: [{', '.join(map(str, range(10)))}]" for c in "abcdefghi") + "}\n",
        "the matrix has 1000000000 rows, more than 5000",
    ),
    "20,000 rows to include": ("matrix: {include: [" + "{a: b}, " * 20_000 + "]}\n", "more than 5000"),
    "a list of lists as value": (
        "matrix: {a: [" + "[" * 40 + "x" + "]" * 40 + ']}\nsteps: [{user: "${{ a }}"}]\n',
        "list",
    ),
    "name of 10,000 characters": ("repository: " + "r" * 10_000 + "\n", "no repository"),
    "folder of 10,000 characters": ("folder: " + "f/" * 5_000 + "f\n", "no folder"),
    "tag of 10,000 characters": ("tags: [" + "t" * 10_000 + "]\n", "no tag"),
    "unknown recipe of 10,000 characters": (
        "steps: [{use: " + "u" * 10_000 + "}]\n",
        "there is no recipe `uuu",
    ),
    "unknown key of 10,000 characters": ("k" * 1_000 + ": x\n", "unknown key `kkk"),
    "folder above the catalogue": ("folder: ../../etc\n", "leads out of generated/"),
    "folder with a dot": ("folder: ./x\n", "leads out of generated/"),
    "absolute folder": ("folder: /etc/x\n", "no folder below generated/"),
    "folder of Windows": ("folder: '..\\x'\n", "no folder below generated/"),
    "file to copy above the catalogue": (
        "steps: [{copy: {files: [../../../etc/passwd], to: /x}}]\n",
        "no file of manifests/files/",
    ),
    "script above the catalogue": (
        "tests: [{name: a, script: ../catalog.yaml}]\n",
        "there is no file `../catalog.yaml`",
    ),
    "unknown stage": (
        "stages: [{name: a, from: nowhere}]\nsteps: [{take: {from: a, path: /x, to: /x}}]\n",
        "there is no stage or External `nowhere`",
    ),
    "stage that takes from itself": ("stages: [{name: a, from: a}]\n", "there is no stage or External `a`"),
    "layer on itself": (
        'steps: [{take: {from: "bad:one", path: /x, to: /x}}]\n',
        "a cycle: bad:one -> bad:one",
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name: str, tmp_path: Path) -> None:
    text, message = LAYERS[name]
    refused(with_layer(tmp_path, text), message)


def test_two_thousand_layers_that_stand_on_nothing(tmp_path: Path) -> None:
    catalogue(tmp_path)
    for number in range(2000):
        text = f"kind: base\nname: l{number}\nfrom: nowhere\nvariant: one\n"
        (tmp_path / f"manifests/base/l{number}.yaml").write_text(text)
    result = run(tmp_path, "check")
    assert result.code == 2
    assert "... and 1,900 more problems" in result.err or "... and 1,900 problems more" in result.err
    assert result.err.endswith("2,000 problems in 2,000 files\n")


def test_recipes_that_use_each_other(tmp_path: Path) -> None:
    catalogue(tmp_path)
    for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
        text = f"kind: recipe\nname: {name}\nsteps: [{{use: {other}}}, {{use: {other}}}]\n"
        (tmp_path / f"manifests/recipes/{name}.yaml").write_text(text)
    (tmp_path / "manifests/base/bad.yaml").write_text(LAYER + "steps: [{use: a}]\n")
    refused(tmp_path, "the recipe uses itself: a -> b -> c -> a")


def test_recipes_that_double_each_time(tmp_path: Path) -> None:
    catalogue(tmp_path)
    for number in range(40):
        use = f"[{{use: d{number + 1}}}, {{use: d{number + 1}}}]" if number < 39 else "[{user: root}]"
        text = f"kind: recipe\nname: d{number}\nsteps: {use}\n"
        (tmp_path / f"manifests/recipes/d{number}.yaml").write_text(text)
    (tmp_path / "manifests/base/bad.yaml").write_text(LAYER + "steps: [{use: d0}]\n")
    refused(tmp_path, "error: recipes use each other more than")


def link(root: Path, path: str, target: str | Path) -> None:
    place = root / "manifests" / path
    if place.is_dir():
        for each in place.iterdir():
            each.unlink()
        place.rmdir()
    place.unlink(missing_ok=True)
    place.symlink_to(target)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("base/bad.yaml", "/etc/passwd"),
        ("base/bad.yaml", "../r/r-base.yaml"),
        ("base/more", "/etc"),
        ("base/loop", "."),
        ("files/secret", "/etc/shadow"),
        ("files/folder", "/etc"),
        ("files", "/etc"),
        ("notices/own.txt", "/etc/passwd"),
        ("notices", "/etc"),
        ("rgraph.lock", "/etc/passwd"),
        ("releases.jsonl", "/etc/passwd"),
        ("catalog.yaml", "nowhere"),
    ],
)
def test_symbolic_link(path: str, target: str, tmp_path: Path) -> None:
    link(catalogue(tmp_path), path, target)
    refused(tmp_path, f"manifests/{path}:1:1: error: is a symbolic link")


def test_manifests_is_a_symbolic_link(tmp_path: Path) -> None:
    catalogue(tmp_path / "other")
    (tmp_path / "manifests").symlink_to("other/manifests")
    refused(tmp_path, "is a symbolic link")


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    catalogue(tmp_path)
    os.mkfifo(tmp_path / "manifests/base/bad.yaml")
    result = run(tmp_path, "check")
    assert result.code == 2
    assert "manifests/base/bad.yaml:1:1: error: is not a regular file" in result.err


def no_manifests(root: Path) -> str:
    return "holds no catalogue: there is no folder `manifests`"


def empty(root: Path) -> str:
    (root / "manifests").mkdir()
    return "there is no manifest of kind catalog"


def is_a_file(root: Path) -> str:
    (root / "manifests").write_text("kind: base\n")
    return "manifests"


def too_deep(root: Path) -> str:
    catalogue(root)
    deep = root / "manifests/base"
    for _ in range(40):
        deep = deep / "d"
    deep.mkdir(parents=True)
    return "nested deeper than 30"


@pytest.mark.parametrize("make", [no_manifests, empty, is_a_file, too_deep])
def test_folder(make: Callable[[Path], str], tmp_path: Path) -> None:
    refused(tmp_path, make(tmp_path))


def test_a_folder_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root nothing is unreadable, so the system's answer is made up."""
    scandir = os.scandir

    def refuse(path: str | Path) -> object:
        if str(path).endswith("manifests/r"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("rgraph.files.tree.os.scandir", refuse)
    result = run(catalogue(tmp_path), "check")
    assert result.code == 2
    assert "manifests/r:1:1: error: the folder cannot be read: permission denied" in result.err


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text + b"\n\n# the end",
        lambda text: b"---\n" + text,
    ],
    ids=["windows line ends", "byte order mark", "comment", "document marker"],
)
def test_what_editors_do_changes_nothing(change: Callable[[bytes], bytes], tmp_path: Path) -> None:
    catalogue(tmp_path)
    before = run(tmp_path, "plan", "--date", "20260101", "--format", "json")
    for path in (tmp_path / "manifests").rglob("*.yaml"):
        path.write_bytes(change(path.read_bytes()))
    assert run(tmp_path, "plan", "--date", "20260101", "--format", "json") == before


def generated_is_a_file(root: Path) -> str:
    (root / "generated").write_text("x")
    return "generated"


def generated_is_a_link(root: Path) -> str:
    (root / "elsewhere").mkdir()
    (root / "elsewhere/precious").write_text("x")
    (root / "generated").symlink_to("elsewhere")
    return "is a symbolic link"


@pytest.mark.parametrize("make", [generated_is_a_file, generated_is_a_link])
def test_generated(make: Callable[[Path], str], tmp_path: Path) -> None:
    message = make(catalogue(tmp_path))
    before = written(tmp_path)
    for arguments in (["generate"], ["generate", "--check"], ["generate", "--diff"], ["release", "cut"]):
        result = run(tmp_path, *arguments)
        assert result.code == 2, arguments
        assert message in result.err
        assert written(tmp_path) == before, arguments


def test_a_link_inside_generated_is_not_followed(tmp_path: Path) -> None:
    catalogue(tmp_path)
    (tmp_path / "precious").mkdir()
    (tmp_path / "generated/base").mkdir(parents=True)
    (tmp_path / "generated/base/cpu").symlink_to(tmp_path / "precious")
    assert run(tmp_path, "generate").code == 0
    assert list((tmp_path / "precious").iterdir()) == []
    assert not (tmp_path / "generated/base/cpu").is_symlink()
