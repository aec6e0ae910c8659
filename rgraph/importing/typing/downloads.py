"""Files from the web."""

from __future__ import annotations

import re
from typing import Any

from rgraph.importing.typing.found import Found, View, as_written


def fetched(words: tuple[str, ...]) -> tuple[dict[str, Any], str] | None:
    """What a `download` or `source` step says of a download as compared, and its target."""
    if words[:1] != ("\x07download",) or any(word == "\x07|" for word in words):
        return None
    program, *flags, address, target = words[1:]
    url = as_written(address)
    if not url or not re.match(r"(?:https?|ftp)://", url) or " " in url:
        return None
    data: dict[str, Any] = {"url": url}
    if program == "wget":
        data["command"] = program
    elif set(flags) != {"f", "L"}:
        data["options"] = [f"-{''.join(sorted(flags))}sS"]
    return data, target


def download(view: View, index: int) -> Found | None:
    """A file that stays (`to`), or one that is unpacked or used and then removed."""
    if view.words(index)[:1] == ("\x07named",):
        return _named(view.words(index))
    made = view.words(index)[1] if view.words(index)[:1] == ("\x07mkdir -p",) else ""
    place = index + 1 if made else index
    found = fetched(view.words(place))
    if found is None:
        return None
    data, target = found
    path = as_written(target)
    if path is None or not path.startswith("/"):
        return None
    if summed := checksum(view, place + 1, target):
        data["sha256"] = summed
    removal = _removal(view, place + 1, target)
    if removal and not made:
        return _used(view, place, data, path, removal)
    if made and target.rpartition("/")[0] != made:
        return None
    name = re.sub(r"[^A-Za-z0-9._+-]", "_", data["url"].split("?")[0].rstrip("/").rsplit("/", 1)[-1])
    data["to"] = path.removesuffix(name) if path.endswith("/" + name) else path
    end = start = place + (2 if summed else 1)
    while end < len(view.lines) and re.search(r"\$(?:FILE\b|\{FILE\})", view.commands[end].text):
        end += 1
    if end > start:
        data["run"] = [view.text(i) for i in range(start, end)]
    return Found({"download": _ordered(data), "provides": []}, end - index)


def checksum(view: View, place: int, target: str) -> str:
    """What the command at an index compares the file with; empty if it does not."""
    words = view.words(place)
    return words[1] if words[:1] == ("\x07checked",) and words[2] == target else ""


def _named(words: tuple[str, ...]) -> Found | None:
    url, folder = as_written(words[1]), words[2]
    if not url or not re.match(r"(?:https?|ftp)://", url) or not folder.startswith("/"):
        return None
    data = {"url": url, "to": folder.rstrip("/") + "/", "command": "wget", "named": True}
    return Found({"download": data, "provides": []}, 1)


def _removal(view: View, start: int, target: str) -> int:
    """Index of the command that removes the file and nothing else; 0 if there is none."""
    for index in range(start, len(view.lines)):
        words = view.words(index)
        if words[:1] == ("rm",) and words[-2:] == ("\x07", target):
            return index
    return 0


def _used(view: View, place: int, data: dict[str, Any], path: str, removal: int) -> Found | None:
    """With the commands that follow and name the file."""
    start = place + (2 if "sha256" in data else 1)
    naming = [i for i in range(start, removal) if _names(view, i, path)]
    if not naming:
        return None
    end = naming[-1] + 1
    if path != "/tmp/" + str(data["url"]).rsplit("/", 1)[-1]:
        data["file"] = path
    if view.words(start)[:1] == ("\x07mkdir -p",) and view.words(start + 1)[:1] == ("\x07unpack",):
        start += view.words(start)[1] == view.words(start + 1)[2]
    first = view.words(start)
    if first[:2] == ("\x07unpack", path) and first[2].startswith("/"):
        data["extract"] = first[2]
        data |= {"strip": first[3]} if first[3] else {}
        start += 1
    if start < end:
        data["run"] = [view.text(index) for index in range(start, end)]
    return Found({"download": _ordered(data), "provides": []}, end - place, (removal,))


def _names(view: View, index: int, path: str) -> bool:
    name = path.rsplit("/", 1)[-1]
    return name in view.commands[index].text or any(name in word for word in view.words(index))


_ORDER = ("url", "sha256", "file", "to", "extract", "strip", "command", "options", "run")


def _ordered(data: dict[str, Any]) -> dict[str, Any]:
    return {key: data[key] for key in _ORDER if key in data}
