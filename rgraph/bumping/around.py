"""What must change with a version in the same step: addresses, commands, checksums.

A step whose version changes and whose address does not would claim what it does not bring.
"""

from __future__ import annotations

from typing import Any

from rgraph.bumping.forms import forms, number, parts_left
from rgraph.bumping.interface import Ask, Edit
from rgraph.bumping.leaves import Found, Leaf, bodies
from rgraph.bumping.written import Edits, Written, cells, find, follow, occurrences, text, token, with_more
from rgraph.errors import Path
from rgraph.names import Bad, sha256
from rgraph.steps.fetching import shown

_TYPED = frozenset({"apt", "conda", "pip", "cran", "bioconductor"})
"""Kinds of steps whose installer takes name and version, and nothing else."""

_FOLLOWING: dict[str, tuple[str, ...]] = {
    "source": ("version", "ref", "directory", "prepare", "configure", "make", "run"),
    "download": ("to", "extract", "run"),
    "url": ("version",),
    "github": (),
}
"""Kind of step -> keys in which the old version, where it stands for itself, becomes the new one."""


_NOT_LOCKED = "its checksum is in the lock, which has none of the new address: run `rgraph lock`"


def around(leaf: Leaf, ask: Ask, found: Found) -> None:
    """Adds to what was found in a step what goes with it; `found.olds` are the versions that go."""
    kind = leaf.step.kind
    if kind in _TYPED or not found.olds or found.refusals:
        return
    if len(found.olds) > 1:
        found.refuse(leaf.place(), f"the step names several versions: {', '.join(found.olds)}")
        return
    old = next(iter(found.olds))
    if kind == "take":
        what = "the component comes along from another image, and its version with it"
        found.refuse(leaf.place("provides"), what, "name another image, then correct `provides`")
    elif _brings_several(leaf, old):
        found.refuse(
            leaf.place("provides"),
            f"the step brings several components of version {old}, which the rest of it does not tell apart",
            "edit it yourself",
        )
    elif kind == "run":
        _commands(leaf, old, ask, found)
    else:
        for path, body in bodies(leaf.step):
            if kind in ("source", "download") or _is_changed(leaf, path, body, found):
                _body(leaf, path, body, _Version(old, ask), found)


def _brings_several(leaf: Leaf, old: str) -> bool:
    if leaf.step.provides is None:
        return False
    purls = text(leaf.written("provides", data=leaf.step.provides)).split("\n")
    return sum(bool(token(old).search(each)) for each in purls) > 1


class _Version:
    """The version that goes, and the one that comes."""

    def __init__(self, old: str, ask: Ask) -> None:
        self.ask = ask
        # A ref's `v` is no part of the version that addresses and commands name.
        self.old, self.new = number(old, ask.new)
        self._forms = forms(old, ask.new)

    def follow(self, written: Written, found: Found) -> None:
        """Puts the new version for the old one wherever a text says it, however it writes it."""
        for pair in self._forms:
            found.edits += follow(written, pair, found.by_spot)

    def same(self, said: str) -> str:
        """The new version as a text writes it that says the old one and nothing else; empty if it does
        not.
        """
        return dict(self._forms).get(said, "")


def _is_changed(leaf: Leaf, path: Path, body: Any, found: Found) -> bool:
    key = "ref" if leaf.step.kind == "github" else "version"
    written = leaf.written(*path, key, data=getattr(body, key))
    return text(written) != text(written, found.by_spot)


def _body(leaf: Leaf, path: Path, body: Any, version: _Version, found: Found) -> None:
    kind = leaf.step.kind
    if kind == "github":
        _reported(leaf.written(*path, "version", data=body.version), version, found, "the package reports")
        return
    if kind == "source" and body.git:
        _reported(leaf.written(*path, "version", data=body.version), version, found, "it is")
    for key in _FOLLOWING[kind]:
        data = getattr(body, key)
        if isinstance(data, (str, list)):
            version.follow(leaf.written(*path, key, data=data), found)
    key = "git" if getattr(body, "git", "") else "url"
    if key == "git":
        ref = leaf.written(*path, "ref", data=body.ref)
        _must_change(ref, version, found, "ref")
        of = f"{shown(text(leaf.written(*path, 'git', data=body.git)))} {text(ref, found.by_spot)}"
        _must_match(leaf.written(*path, "commit", data=body.commit), version, found, ("commit", of))
        return
    _addresses(leaf, path, body, version, found)


def _addresses(leaf: Leaf, path: Path, body: Any, version: _Version, found: Found) -> None:
    """The addresses of a download, one or one for each platform, and their checksums."""
    by_platform = body.url.items() if isinstance(body.url, dict) else [(None, body.url)]
    for platform, data in by_platform:
        where = (*path, "url") if platform is None else (*path, "url", platform)
        written = leaf.written(*where, data=data)
        _must_change(written, version, found, "address")
        if not body.sha256 and text(written) in version.ask.locked:
            found.left[leaf.place(*where), _NOT_LOCKED] = None
    if isinstance(body.sha256, dict):
        for platform, data in body.sha256.items():
            written = leaf.written(*path, "sha256", platform, data=data)
            if text(written) == text(written, found.by_spot):
                found.refuse(
                    leaf.place(*path, "sha256", platform),
                    f"the checksum belongs to version {version.old}, and each platform has its own",
                    "edit them yourself",
                )
    else:
        url = text(
            leaf.written(*path, "url", data=body.url if isinstance(body.url, str) else ""), found.by_spot
        )
        _must_match(leaf.written(*path, "sha256", data=body.sha256), version, found, ("sha256", shown(url)))


def _must_change(written: Written, version: _Version, found: Found, what: str) -> None:
    """Refuses unless a text names another version afterwards."""
    version.follow(written, found)
    before, after = text(written), text(written, found.by_spot)
    file, path = written.spots[0]
    place = Edit(file, path, 0, "", "").place
    if before == after:
        found.refuse(
            place,
            f"the {what} `{shown(before)}` does not name the version {version.old}: "
            "what it leads to would stay",
            "edit both yourself",
        )
        return
    part = parts_left(after, version.old, version.new)
    if part:
        found.refuse(
            place,
            f"the {what} would be `{shown(after)}`, where `{part}` is still of the old version",
            "edit it yourself",
        )


def _must_match(written: Written, version: _Version, found: Found, of: tuple[str, str]) -> None:
    """A checksum or a commit of the old version: what stands for the new one must be said. `of` is which
    of both, and what it is of.
    """
    what, subject = of
    before, after = text(written), text(written, found.by_spot)
    if not before:
        return  # there is none
    given = version.ask.sha256 if what == "sha256" else version.ask.commit
    word = "checksum" if what == "sha256" else "commit"
    place = Edit(*written.spots[0], 0, "", "").place
    if after and after != before:
        _turned(written, version, found, (word, what, given))
        found.checked.update({subject: place} if given else {})
        return
    if not given:
        found.refuse(
            place,
            f"the {word} {before[:12]}... belongs to version {version.old}",
            f"say that of version {version.new}: `--{what} ...`",
        )
        return
    new = _as_written(before, given)
    found.checked[subject] = place
    if before == given or text(written, found.by_spot) == new:
        return
    made = find(written, new, ((before, new),), found.by_spot) or _in_condition(
        written, (before, new), version, found.by_spot
    )
    found.edits += made
    if not made:
        found.refuse(place, f"the {word} is put together by an expression", "edit it yourself")


def _turned(written: Written, version: _Version, found: Found, of: tuple[str, str, str]) -> None:
    """A checksum or a commit that an expression makes another: it must be that of the new version, not of
    all others. `of` is the word for it, its option, and what was said by that.
    """
    word, option, given = of
    after = text(written, found.by_spot)
    place = Edit(*written.spots[0], 0, "", "").place
    if given and _as_written(after, given) != after:
        found.refuse(
            place, f"an expression gives the {word} {after[:12]}..., not the one said", "edit it yourself"
        )
    elif not given and not any(
        f"{quote}{new}{quote}" in cell.text
        for cell in cells(written)
        for new in (version.ask.new, version.new)
        for quote in "'\""
    ):
        found.refuse(
            place,
            f"the {word} would be {after[:12]}..., which is not said to be that of version {version.new}",
            f"make a condition on that version, or confirm it: `--{option} ...`",
        )


def _as_written(before: str, given: str) -> str:
    made = sha256(given)
    if isinstance(made, Bad):
        return given  # a commit
    return f"sha256:{made}" if before.startswith("sha256:") else made


def _in_condition(
    written: Written, pair: tuple[str, str], version: _Version, given: Edits
) -> tuple[Edit, ...]:
    """The edits of `'SUM' if version == '1.0'`: the version in the condition, and the checksum."""
    data = written.data
    if not isinstance(data, str):
        return ()
    file, path = written.spots[0]
    old, new = pair
    made = [Edit(file, path, start, old, new) for start in occurrences(data, old)]
    made += [
        Edit(file, path, start + 1, version.old, version.new)
        for quote in "'\""
        for start in occurrences(data, f"{quote}{version.old}{quote}")
    ]
    return tuple(made) if text(written, with_more(given, made)) == new else ()


def _reported(written: Written, version: _Version, found: Found, who: str) -> None:
    """The version that stands beside a ref: what a package of GitHub must report, or a program's own."""
    before, after = text(written), text(written, found.by_spot)
    if not before or before != after:
        return
    new = version.same(before)
    if not new:
        found.refuse(
            Edit(*written.spots[0], 0, "", "").place,
            f"the ref changes, and which version {who} then (now {before}) is not known",
            "edit both yourself",
        )
        return
    found.change(written, new, before, new)


def _commands(leaf: Leaf, old: str, ask: Ask, found: Found) -> None:
    """Commands that bring something: some must name the version, and all that do change."""
    version = _Version(old, ask)
    written = leaf.written("run", data=leaf.step.body)
    version.follow(written, found)
    if text(written) == text(written, found.by_spot):
        found.refuse(
            leaf.place("run"),
            f"no command names the version {version.old}: what is installed would stay",
            "edit both yourself",
        )
