"""R packages: install2.r, `install.packages` of one repository, remotes' `install_github`.

`BiocManager::install`, pak and devtools choose versions and repositories in ways of their own: what
they do is said by no typed step, so such commands stay as they are.
"""

from __future__ import annotations

import re
from typing import Any

from rgraph.importing.equivalence.rcode import Node, read_calls
from rgraph.importing.typing.found import Found, View, all_written, parts
from rgraph.steps.packages import Package, parse_package
from rgraph.steps.r import CRAN, SNAPSHOTS


def packages(view: View, index: int) -> Found | None:
    """One command that installs R packages."""
    words = view.words(index)
    if words[:1] == ("install2.r",):
        return _install2(words)
    if words[:1] != ("\x07R",) or len(words) != 2:
        return None
    calls = read_calls(words[1])
    if calls is None or len(calls) != 1:
        return None
    data = _call(calls[0])
    return Found(data, 1) if data else None


def _install2(words: tuple[str, ...]) -> Found | None:
    cut = parts(words[1:])
    if len(cut) != 3:
        return None
    options, repositories, names = (all_written(each) for each in cut)
    if options is None or repositories is None or not names or len(repositories) > 1 or not _known(names):
        return None
    data: dict[str, Any] = {"packages": names}
    if repositories:
        data |= _repository(repositories[0])
        if not data.keys() & {"repository", "snapshot"}:
            data["repository"] = CRAN
    data |= {"command": "install2.r", **({"options": options} if options else {}), "verify": False}
    return Found({"cran": data}, 1)


def _known(names: list[str]) -> bool:
    return all(
        isinstance(each := parse_package("cran", name), Package) and not each.version for name in names
    )


def _repository(url: str) -> dict[str, str]:
    """What a `cran` step says of a repository."""
    if match := re.fullmatch(r"(.+)/([0-9]{4}-[0-9]{2}-[0-9]{2})", url):
        base = {} if match[1] == SNAPSHOTS else {"repository": match[1]}
        return {"snapshot": match[2], **base}
    return {} if url == CRAN else {"repository": url}


def _call(node: Node) -> dict[str, Any] | None:
    if isinstance(node, str):
        return None
    if node[0] == "install.packages" and [key for key, _ in node[1]] == ["", "repos"]:
        inner, url = node[1][0][1], node[1][1][1]
        names = [str(value)[1:-1] for _, value in inner[1]] if not isinstance(inner, str) else []
        if not isinstance(url, str) or not re.fullmatch(r'"https?://[^\s"\']+"', url) or not _known(names):
            return None
        return {"cran": {"packages": names, **_repository(url[1:-1]), "verify": False}}
    return _github(node[1]) if node[0] == "remotes::install_github" else None


def _github(arguments: tuple[tuple[str, Node], ...]) -> dict[str, Any] | None:
    if [key for key, _ in arguments] != ["", "upgrade"] or arguments[1][1] != '"never"':
        return None
    match = re.fullmatch(r'"([\w.-]+/[\w.-]+)(?:/([\w./-]+))?@([\w./-]+)"', str(arguments[0][1]))
    if not match:
        return None
    data = {"repo": match[1], "ref": match[3], **({"subdir": match[2]} if match[2] else {})}
    return {"github": {**data, "verify": False}}
