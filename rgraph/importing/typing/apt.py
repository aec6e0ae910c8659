"""apt: packages, keys."""

from __future__ import annotations

from typing import Any

from rgraph.importing.typing.found import Found, View, all_written, as_written, environment, parts
from rgraph.steps.packages import Package, parse_package

_PROGRAMS = ("apt-get", "apt")
_FLAGS = frozenset({"-y", "--no-install-recommends", "--only-upgrade"})


def packages(view: View, index: int) -> Found | None:
    """`apt-get update`, one `install`, and what is cleaned up behind it."""
    updated = _is(view.words(index), "update")
    place = index + 1 if updated else index
    split = environment(view.words(place))
    if split is None or not split[1] or split[1][0] not in _PROGRAMS or split[1][1:2] != ("install",):
        return None
    env, words = split
    program = words[0]
    (flags, *rest) = parts(words[2:])
    names = all_written(rest[0]) if rest else None
    if not names or "-y" not in flags or set(flags) - _FLAGS:
        return None
    if not all(isinstance(parse_package("apt", name), Package) for name in names):
        return None
    if updated and view.words(index)[0] != program:
        return None
    clean, end = _cleaning(view, place + 1, program)
    data: dict[str, Any] = {"packages": names}
    if "--no-install-recommends" not in flags:
        data["recommends"] = True
    if "--only-upgrade" in flags:
        data["only_upgrade"] = True
    quiet = env.pop("DEBIAN_FRONTEND", "") or view.values.get("DEBIAN_FRONTEND", "")
    if quiet not in ("", "noninteractive"):
        return None
    more: dict[str, Any] = {"env": env} if env else {}
    more |= {} if updated else {"update": False}
    more |= {} if clean == ["lists"] else {"clean": clean}
    more |= {} if quiet else {"noninteractive": False}
    more |= {} if program == "apt-get" else {"command": program}
    data |= more
    return Found({"apt": names if len(data) == 1 else data}, end - index)


def _is(words: tuple[str, ...], verb: str) -> bool:
    return words[:1] in (("apt-get",), ("apt",)) and words[1:] == (verb, "\x07")


_LISTS = ("rm", "f", "r", "\x07", "/var/lib/apt/lists/\x01*")


def _cleaning(view: View, index: int, program: str) -> tuple[list[str], int]:
    found: list[str] = []
    while True:
        words = view.words(index)
        if words == _LISTS:
            found.append("lists")
        elif words == (program, "clean", "\x07"):
            found.append("archives")
        elif words == (program, "autoremove", "-y", "\x07"):
            found.append("unneeded")
        else:
            return found, index
        index += 1


def key(view: View, index: int) -> Found | None:
    """`apt-key adv --fetch-keys URL`, and `curl URL | apt-key add -`."""
    words = view.words(index)
    if words[:3] == ("apt-key", "adv", "--fetch-keys") and len(words) == 4:
        url = as_written(words[3])
        return Found({"key": {"url": url, "command": "apt-key"}}, 1) if _address(url) else None
    if words[:1] != ("\x07download",) or words[-6:-1] != ("\x07|", "apt-key", "add", "-", "\x07in"):
        return None
    program, *flags, address, target = words[1:-6]
    url = as_written(address)
    if target != "-" or not _address(url):
        return None
    data: dict[str, Any] = {"url": url}
    if program == "wget":
        data["command"] = program
    elif set(flags) != {"f", "L"}:
        data["options"] = [f"-{''.join(sorted(flags))}sS"]
    return Found({"key": data}, 1)


def _address(url: str | None) -> bool:
    return bool(url) and str(url).startswith(("https://", "http://")) and " " not in str(url)
