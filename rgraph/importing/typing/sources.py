"""Programs built from source: an archive or a git repository, `configure`, `make`, what follows."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from rgraph.importing.typing.downloads import checksum, fetched
from rgraph.importing.typing.found import Found, View, all_written, as_written
from rgraph.steps.shells import unsafe_command


class _Got(Struct, frozen=True):
    """Where sources come from, and where they lie."""

    data: dict[str, Any]
    folder: str
    directory: str
    """Below the folder."""
    next: int


def source(view: View, index: int) -> Found | None:
    """Fetch into a folder, build there, and remove the folder if the RUN has made it."""
    if own := _own(view, index):
        return _found(view, index, own, True)
    place, folder, made = index, "", False
    if view.words(place)[:1] in (("\x07mkdir",), ("\x07mkdir -p",)):
        folder, made, place = view.words(place)[1], True, place + 1
    if view.words(place)[:1] == ("cd",) and folder in ("", view.words(place)[1]):
        folder, place = view.words(place)[1], place + 1
    elif made:
        return None
    got = _archive(view, place, folder) or _repository(view, place, folder)
    return _found(view, index, got, made) if got and got.folder.startswith("/") else None


def _found(view: View, index: int, got: _Got, made: bool) -> Found | None:
    end, after = _end(view, got, made)
    built = _built(view, got.next, end)
    name, version = _name(got)
    if built is None or not version:
        return None
    data: dict[str, Any] = {"name": name, "version": version, **got.data}
    data |= {"folder": got.folder} if got.directory else {}
    data |= {} if made else {"keep": True}
    return Found({"source": data | built}, after - index)


def _archive(view: View, place: int, folder: str) -> _Got | None:
    found = fetched(view.words(place))
    if found is None or not folder:
        return None
    data, target = found
    if summed := checksum(view, place + 1, target):
        data["sha256"], place = summed, place + 1
    unpacked = view.words(place + 1)
    if unpacked[:1] != ("\x07unpack",):
        return None
    if unpacked[1:] != (target, folder, "") or target.rpartition("/")[0] != folder:
        return None
    entered = view.words(place + 2)
    if entered[:1] != ("cd",) or not entered[1].startswith(folder + "/"):
        return None
    directory = as_written(entered[1].removeprefix(folder + "/"))
    return _Got({**data, "directory": directory}, folder, directory, place + 3) if directory else None


def _own(view: View, index: int) -> _Got | None:
    """As rgraph itself does it: unpacked without its first folder into `/tmp/NAME/source`."""
    made = view.words(index)
    found = fetched(view.words(index + 1))
    if made[:1] != ("\x07mkdir -p",) or found is None:
        return None
    data, target = found
    work, _, last = made[1].rpartition("/")
    place = index + 2
    if summed := checksum(view, place, target):
        data["sha256"], place = summed, place + 1
    unpacked = ("\x07unpack", target, made[1], "1")
    entered = ("cd", made[1])
    if last != "source" or (view.words(place), view.words(place + 1)) != (unpacked, entered):
        return None
    return _Got(data, work, "", place + 2) if work.rpartition("/")[0] == "/tmp" else None


def _repository(view: View, place: int, folder: str) -> _Got | None:
    words = view.words(place)
    if words[:1] != ("\x07clone",):
        return None
    branch, *flags, url, target = words[1:]
    below, _, directory = target.rpartition("/")
    if set(flags) - {"--depth=1"} or not branch or (folder and folder != below):
        return None
    texts = all_written((branch, url, directory))
    if texts is None or view.words(place + 1) != ("cd", target):
        return None
    data: dict[str, Any] = {"git": texts[1], "ref": texts[0]}
    data |= {} if flags else {"shallow": False}
    if directory != re.sub(r"(?:\.git)?/?$", "", url).rsplit("/", 1)[-1]:
        data["directory"] = texts[2]
    return _Got(data, below, directory, place + 2)


def _end(view: View, got: _Got, made: bool) -> tuple[int, int]:
    """Index behind the last command of the build, and behind what the step does."""
    if made:
        for index in range(got.next, len(view.lines)):
            if view.words(index) == ("rm", "f", "r", "\x07", got.folder):
                back = view.words(index - 1) == ("cd", "/")
                return (index - 1 if back else index), index + 1
        return -1, -1
    inside = f"{got.folder}/{got.directory}"
    last = got.next - 1
    for index in range(got.next, len(view.lines)):
        line = view.lines[index]
        if line is not None and (line.folder + "/").startswith(inside + "/"):
            last = index
    return last + 1, last + 1


def _built(view: View, start: int, end: int) -> dict[str, Any] | None:
    """Commands between two indexes as `prepare`, `configure`, `make` and `run`."""
    if end <= start or any(unsafe_command(view.commands[i].text) for i in range(start, end)):
        return None
    configure = next((i for i in range(start, end) if view.words(i)[:1] == ("./configure",)), -1)
    arguments = all_written(view.words(configure)[1:]) if configure >= 0 else None
    data: dict[str, Any] = {}
    place = start
    if arguments is not None:
        data |= {"prepare": [view.text(i) for i in range(start, configure)]} if configure > start else {}
        data |= {"configure": arguments} if arguments else {}
        place = configure + 1
    else:
        data["configure"] = False
    targets, place = _targets(view, place, end)
    data |= {} if targets == ["all", "install"] else {"make": targets}
    run = [view.text(i) for i in range(place, end)]
    return {**data, "run": run} if run else data


def _targets(view: View, place: int, end: int) -> tuple[list[str] | bool, int]:
    if place < end and view.words(place) == ("make", "\x07-j"):
        return True, place + 1
    found: list[str] = []
    while place < end:
        words = view.words(place)
        if words[:2] == ("make", "\x07-j") and len(words) == 3 and not words[2].startswith("install"):
            found.append(words[2])
        elif words[:1] == ("make",) and len(words) == 2 and words[1].startswith("install"):
            found.append(words[1])
        else:
            break
        place += 1
    return found or False, place


_VERSION = re.compile(r"(.*?)[-_]?v?([0-9]+(?:\.[0-9A-Za-z]+)+)")


def _name(got: _Got) -> tuple[str, str]:
    """Name and version, as the folder of the sources or the tag of the repository say them."""
    if "git" in got.data:
        match = _VERSION.fullmatch(got.data["ref"])
        return got.directory, match[2] if match else ""
    file = re.sub(r"\.(?:tar\.[a-z0-9]+|tgz|tbz2?|txz|tar)$", "", got.data["url"].rsplit("/", 1)[-1])
    match = _VERSION.fullmatch(got.directory.rsplit("/", 1)[-1] or file)
    if match and not got.directory:
        return got.folder.rpartition("/")[2], match[2]
    return (match[1], match[2]) if match and match[1] else ("", "")
