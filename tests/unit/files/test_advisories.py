"""Reading advisories from a folder or a zip."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from rgraph.advisories.interface import Advisories
from rgraph.errors import UsageError
from rgraph.files import advisories as reading
from rgraph.files.advisories import read_advisories
from rgraph.files.second_half import ENOUGH

GOOD = '{"id": "A-1", "affected": [{"package": {"ecosystem": "PyPI", "name": "tool"}, "versions": ["1.10"]}]}'
GOOD_YAML = """\
id: A-1
details: |
  &nothing *of this* is read
affected:
  - package: {ecosystem: PyPI, name: tool}
    versions: [1.10]
withdrawn: null
"""


def folder(root: Path, files: Mapping[str, str | bytes]) -> Path:
    top = root / "given"
    for name, content in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return top


def packed(root: Path, files: Mapping[str, str | bytes]) -> Path:
    path = root / "given.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def skipped(found: Advisories) -> list[str]:
    return [f"{each.place.file}:{each.place.line}:{each.place.column}: {each.what}" for each in found.skipped]


def many(count: int) -> dict[str, str | bytes]:
    return {f"{number % 7}/{number}.json": GOOD.replace("A-1", f"A-{number}") for number in range(count)}


@pytest.mark.parametrize("text", [GOOD, "\N{ZERO WIDTH NO-BREAK SPACE}" + GOOD])
def test_json_and_yaml_say_the_same(tmp_path: Path, text: str) -> None:
    one = read_advisories(folder(tmp_path / "a", {"a.json": text}))
    for name in ("a.yaml", "b/c/a.YML"):
        other = read_advisories(folder(tmp_path / name, {name: GOOD_YAML}))
        assert (one.by_package, one.by_id, one.count) == (other.by_package, other.by_id, other.count)
    assert one.by_package[("PyPI", "tool")][0][1].versions == ("1.10",)


def test_a_zip_says_the_same_as_its_folder(tmp_path: Path) -> None:
    files = {**many(5), "b.yaml": GOOD_YAML, "broken.json": "{", ".hidden/a.json": "{", "README.md": "{"}
    unpacked, zipped = read_advisories(folder(tmp_path, files)), read_advisories(packed(tmp_path, files))
    assert unpacked.by_id == zipped.by_id
    assert skipped(unpacked) == ["given/broken.json:1:2: is no JSON: it ends too early"]
    assert skipped(zipped) == ["given.zip/broken.json:1:2: is no JSON: it ends too early"]


def test_both_halves_are_read(tmp_path: Path) -> None:
    files = many(ENOUGH + 10)
    files["0/0.json"] = files[f"6/{ENOUGH + 1 - (ENOUGH + 1) % 7 + 6}.json"] = "[]"
    for source in (folder(tmp_path, files), packed(tmp_path, files)):
        found = read_advisories(source)
        assert found.count == len(files) - 2
        assert len(found.skipped) == 2
        assert found.by_id.keys() == {f"A-{name.split('/')[1].removesuffix('.json')}" for name in files} - {
            f"A-{each.place.file.rsplit('/', 1)[1].removesuffix('.json')}" for each in found.skipped
        }


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "", "1:1: is no JSON: it ends too early"),
        ("a.json", '{"id": "A-1",\n  "affected": [}', "2:16: is no JSON: invalid character"),
        ("a.json", '{"id": "\xe9\n"}', "1:10: is no JSON: invalid character"),
        ("a.json", b'{"id":\n"\xff"}', "2:1: is no JSON: it is not UTF-8"),
        ("a.json", '{"id": "A", "more": ' + "[" * 100_000, "is nested too deep"),
        ("a.json", "[]", "is no advisory in OSV format: expected `object`, got `array`"),
        ("a.json", '{"name": "a", "version": "1"}', "0:0: is no advisory: it has no `id`"),
        ("a.json", '{"id": 5}', "`id`: expected `str`, got `int`"),
        ("a.json", '{"id": " "}', "its `id` is empty"),
        ("a.json", '{"id": "A", "affected": {}}', "`affected`: expected `array | null`, got `object`"),
        (
            "a.json",
            '{"id": "A", "affected": [{"package": {"name": "a"}}]}',
            "missing required field `ecosystem`",
        ),
        (
            "a.json",
            '{"id": "A", "affected": [{"versions": [1.0]}]}',
            "`affected[0].versions[0]`: expected `str`",
        ),
        (
            "a.json",
            '{"id": "A", "affected": [{"ranges": '
            '[{"type": "SEMVER", "events": [{"introduced": "0", "fixed": "1"}]}]}]}',
            "an event is one of `introduced`, `fixed`, `last_affected` and `limit`",
        ),
        ("a.json", '{"id": "A", "withdrawn": "no"}', "`withdrawn` is no point in time"),
        ("a.json", '{"id": "A", "withdrawn": ""}', "`withdrawn` is no point in time"),
        ("a.yaml", "", "1:1: is no YAML that can be read: the file is empty"),
        ("a.yaml", "id: A\naffected: [\n", "is no YAML that can be read: the file ends inside brackets"),
        (
            "a.yaml",
            "id: A\nid: B\n",
            "2:1: is no YAML that can be read: a key that is not text, stands twice",
        ),
        ("a.yaml", "id: A\naffected: &a []\naliases: *a\n", "2:11: is no YAML that can be read: `&a`"),
        ("a.yaml", f"id: A\naffected: {'[' * 60}{']' * 60}", "nested deeper than 50 levels"),
        ("a.yaml", "[" * 100_000, "is no YAML that can be read"),
        ("a.yaml", "- id: A\n", "is no advisory in OSV format: expected `object`, got `array`"),
        ("a.yaml", "on: push\njobs: {}\n", "is no advisory: it has no `id`"),
        (
            "a.yaml",
            "id: A\naffected: [{package: {name: a, ecosystem: null}}]\n",
            "expected `str`, got `null`",
        ),
        ("a.yaml", b"id: \xff\n", "1:5: is no YAML that can be read: the byte 0xFF is not UTF-8"),
    ],
)
def test_what_is_wrong_is_named_and_skipped(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    found = read_advisories(folder(tmp_path, {name: content, "good.json": GOOD}))
    assert found.count == 1
    (line,) = skipped(found)
    assert line.startswith(f"given/{name}:")
    assert message in line


def test_nothing_follows_a_link(tmp_path: Path) -> None:
    outside = folder(tmp_path / "outside", {"a.json": GOOD})
    source = folder(tmp_path, {"good.json": GOOD})
    (source / "file.json").symlink_to(outside / "a.json")
    (source / "folder").symlink_to(outside)
    (source / "loop").symlink_to(source)
    found = read_advisories(source)
    assert found.count == 1
    assert skipped(found) == [
        f"given/{name}:0:0: is a symbolic link" for name in ("file.json", "folder", "loop")
    ]


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder(tmp_path, {"good.json": GOOD}))
    assert read_advisories(tmp_path / "link").count == 1


def test_what_is_no_file_is_skipped_and_blocks_nothing(tmp_path: Path) -> None:
    source = folder(tmp_path, {"good.json": GOOD, "inner.zip": b""})
    os.mkfifo(source / "pipe.json")
    assert skipped(read_advisories(source)) == [
        "given/inner.zip:0:0: is a zip inside of the folder",
        "given/pipe.json:0:0: is not a regular file",
    ]


def test_without_an_advisory_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no `.*nowhere`"):
        read_advisories(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"holds no advisory$"):
        read_advisories(folder(tmp_path, {"README.md": ""}))
    with pytest.raises(
        UsageError, match=r"holds no advisory: given/a.json: is no JSON: .*; 1 more are like it"
    ):
        read_advisories(folder(tmp_path, {"a.json": "", "b.json": ""}))
    with pytest.raises(UsageError, match=r"holds no advisory$"):
        read_advisories(packed(tmp_path, {"README.md": ""}))
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(UsageError, match="is neither a folder nor a zip"):
        read_advisories(tmp_path / "text.zip")


def test_advisories_that_are_all_withdrawn_are_no_error(tmp_path: Path) -> None:
    source = folder(tmp_path, {"a.json": '{"id": "A-1", "withdrawn": "2026-01-01T00:00:00Z"}'})
    found = read_advisories(source)
    assert (found.count, found.withdrawn) == (0, 1)


@pytest.mark.parametrize(
    "name", ["../a.json", "b/../../a.json", "/a.json", "b//a.json", "./a.json", "b\\..\\a.json"]
)
def test_paths_do_not_lead_out_of_a_zip(tmp_path: Path, name: str) -> None:
    found = read_advisories(packed(tmp_path, {name: GOOD, "good.json": GOOD}))
    assert skipped(found) == [f"given.zip/{name}:0:0: its path leads out of the zip"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["given.zip"]


def test_bad_entries_of_a_zip_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "given.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good.json", GOOD)
        link = zipfile.ZipInfo("link.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("damaged.json", GOOD)
        archive.getinfo("damaged.json").CRC ^= 1
        archive.writestr("encrypted.json", GOOD)
        archive.getinfo("encrypted.json").flag_bits |= 1
        archive.writestr("longer.json", GOOD + " " * 10_000_000)
        archive.getinfo("longer.json").file_size = len(GOOD)
        archive.writestr("large.json", GOOD + " " * reading.MAX_SIZE)
        archive.writestr("inner.zip", b"")
        archive.writestr("lzma.json", GOOD, zipfile.ZIP_LZMA)
    whole = bytearray(path.read_bytes())
    # Behind the local header (30 bytes and the name) stand 4 bytes, then LZMA's 5 of properties.
    start = whole.index(b"lzma.json") + len("lzma.json") + 4
    whole[start : start + 5] = b"\xff" * 5
    path.write_bytes(whole)
    assert skipped(read_advisories(path)) == [
        "given.zip/damaged.json:0:0: cannot be unpacked: bad crc-32 for file 'damaged.json'",
        "given.zip/encrypted.json:0:0: is encrypted",
        "given.zip/inner.zip:0:0: is a zip inside of the zip",
        "given.zip/large.json:0:0: has 33 MiB, more than the 32 MiB that are read",
        "given.zip/link.json:0:0: is a symbolic link",
        "given.zip/longer.json:0:0: cannot be unpacked: bad crc-32 for file 'longer.json'",
        "given.zip/lzma.json:0:0: cannot be unpacked: invalid or unsupported options",
    ]


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(200):
            archive.writestr(f"{number}.json", GOOD)
            archive.getinfo(f"{number}.json").file_size = reading.MAX_SIZE
    with pytest.raises(UsageError, match="unpacks to 6400 MiB, more than the 4096 that are read"):
        read_advisories(path)


@pytest.mark.parametrize("make", [folder, packed])
def test_files_are_counted_before_they_are_read(
    tmp_path: Path, make: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(make)
    source = make(tmp_path, many(4))
    monkeypatch.setattr(reading, "MAX_ADVISORIES", 3)
    with pytest.raises(UsageError, match="holds more than 3 files"):
        read_advisories(source)


def test_a_large_file_is_skipped(tmp_path: Path) -> None:
    source = folder(tmp_path, {"good.json": GOOD})
    with (source / "large.json").open("wb") as stream:
        stream.truncate(reading.MAX_SIZE + 2**20)
    assert skipped(read_advisories(source)) == [
        "given/large.json:0:0: has 33 MiB, more than the 32 MiB that are read"
    ]


def test_names_are_shown_in_characters_that_can_be_seen(tmp_path: Path) -> None:
    source = folder(tmp_path, {"good.json": GOOD, "a\n\x1b[31m.json": "{"})
    assert skipped(read_advisories(source)) == ["given/a\\n\\x1b[31m.json:1:2: is no JSON: it ends too early"]


def test_the_same_bytes_give_the_same_value_in_any_order(tmp_path: Path) -> None:
    files = list(many(30).items())
    one = read_advisories(packed(tmp_path, dict(files)))
    other = read_advisories(packed(tmp_path, dict(reversed(files))))
    assert list(one.by_id) == list(other.by_id)
    assert json.dumps(skipped(one)) == json.dumps(skipped(other))
