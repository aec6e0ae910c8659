"""conda, mamba and micromamba."""

from __future__ import annotations

from typing import Any

from rgraph.importing.typing.found import Found, View, all_written, parts
from rgraph.steps.packages import Package, parse_package

_PROGRAMS = ("conda", "mamba", "micromamba")


def packages(view: View, index: int) -> Found | None:
    """`conda install -y`, and `conda clean -afy` behind it."""
    words = view.words(index)
    if words[:1] not in tuple((name,) for name in _PROGRAMS) or words[1:2] != ("install",):
        return None
    cut = parts(words[2:])
    if len(cut) != 4:
        return None
    flags, channels, name, specs = cut
    names, sources = all_written(specs), all_written(channels[1::2])
    if flags != ("y",) or not names or sources is None:
        return None
    if not all(isinstance(parse_package("conda", each), Package) for each in names):
        return None
    cleaned = view.words(index + 1) == (words[0], "clean", "a", "f", "y", "\x07", "\x07", "", "\x07")
    data: dict[str, Any] = {"packages": names}
    if sources:
        data["channels"] = sources
    if name and name[0]:
        data["environment"] = name[0]
    if words[0] != "conda":
        data["command"] = words[0]
    if not cleaned:
        data["clean"] = False
    return Found({"conda": names if len(data) == 1 else data}, 2 if cleaned else 1)
