"""pip."""

from __future__ import annotations

from typing import Any

from rgraph.importing.typing.found import Found, View, all_written, parts
from rgraph.steps.packages import Package, parse_package

_FLAGS = frozenset({"--no-cache-dir", "--no-deps", "--upgrade"})


def packages(view: View, index: int) -> Found | None:
    """`pip install`, and `python -m pip install`."""
    words = view.words(index)
    if "install" not in words or words[0].startswith("\x07"):
        return None
    place = words.index("install")
    cut = parts(words[place + 1 :])
    command = " ".join(words[:place])
    if len(cut) != 3 or not command.rsplit("/", 1)[-1].startswith(("pip", "python")):
        return None
    flags, indexes, specs = cut
    names, urls = all_written(specs), all_written(indexes[1::2])
    if set(flags) - _FLAGS or not names or urls is None:
        return None
    if not all(isinstance(parse_package("pip", each), Package) for each in names):
        return None
    data: dict[str, Any] = {"packages": names}
    if "--index-url" in indexes[::2]:
        if indexes[0] != "--index-url" or indexes[::2].count("--index-url") > 1:
            return None
        data["index"], urls = urls[0], urls[1:]
    if urls:
        data["extra_indexes"] = urls
    data |= {"dependencies": False} if "--no-deps" in flags else {}
    data |= {"command": command} if command != "pip" else {}
    data |= {"upgrade": True} if "--upgrade" in flags else {}
    data |= {} if "--no-cache-dir" in flags else {"cache": True}
    return Found({"pip": names if len(data) == 1 else data}, 1)
