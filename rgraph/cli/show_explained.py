"""Why an image is to be built, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable

from rgraph.cli.common import bold, dimmed, printable
from rgraph.comparison import Cause, Told
from rgraph.errors import Place
from rgraph.files.reader import locate
from rgraph.history import Explained

_Lines = dict[Place, int]
_MARKS = {"added": "+", "removed": "-", "changed": "~", "moved": ">"}


def explained_json(found: Explained) -> str:
    """For programs."""
    story = found.story
    old, new = _lines(found)
    document = {
        "schema": 1,
        "image": story.id,
        "state": found.state,
        "change": story.state,
        "since": found.since,
        "release": found.release,
        "tag": found.tag,
        "proved": found.proved,
        "fingerprint": {"old": story.old, "new": story.new},
        "causes": [_entry(told, old, new) for told in story.causes],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _entry(told: Told, old: _Lines, new: _Lines) -> dict[str, object]:
    cause = told.cause
    return {
        "kind": cause.kind,
        "change": cause.change,
        "what": cause.what,
        "from": cause.before,
        "to": cause.after,
        "step": cause.step,
        "recipe": cause.recipe,
        "of": cause.of,
        "old": _where(cause.old, old),
        "new": _where(cause.new, new),
        "way": list(told.way),
    }


def _where(place: Place | None, lines: _Lines) -> dict[str, object] | None:
    return {"file": place.file, "line": lines[place]} if place and place in lines else None


def _lines(found: Explained) -> tuple[_Lines, _Lines]:
    """Line of each place, in the catalogue that it is compared with and in the present one."""
    causes = [told.cause for told in found.story.causes]
    old = {cause.old for cause in causes if cause.old} if found.then else set()
    new = {cause.new for cause in causes if cause.new}
    tree = found.then.tree if found.then else None
    return (
        {place: at[0] for place, at in locate(found.now.root, _sorted(old), tree).items()},
        {place: at[0] for place, at in locate(found.now.root, _sorted(new)).items()},
    )


def _sorted(places: Iterable[Place]) -> list[Place]:
    return sorted(places, key=lambda place: (place.file, str(place.path), place.word))


def explained_text(found: Explained) -> str:
    """For people: a line for each cause, below it where it stands and how it reached the image."""
    story, (old, new) = found.story, _lines(found)
    against = f" since {printable(found.since or found.release)}" if found.since or found.release else ""
    head = {
        "new": f"{story.id} is new{against}" if against else f"{story.id} is in no release yet",
        "changed": f"{story.id} changed{against}",
        "unchanged": f"{story.id} did not change{against}",
        "removed": f"{story.id} is no more{against}",
    }[story.state]
    lines = [f"{bold(head)}: {_to_do(found)}"]
    for told in story.causes:
        lines += ["", *_told(told, old, new)]
    return "\n".join(lines)


def _to_do(found: Explained) -> str:
    match found.state:
        case "build":
            return "to build"
        case "retag":
            return f"its content is that of {found.tag}, tags are missing"
        case "removed":
            return "nothing to build"
    return "nothing to do"


def _told(told: Told, old: _Lines, new: _Lines) -> list[str]:
    cause = told.cause
    lines = [f"  {_MARKS[cause.change]} {printable(_sentence(cause))}"]
    place, lines_of = (cause.new, new) if cause.new else (cause.old, old)
    if place is not None:
        line = f":{lines_of[place]}" if place in lines_of else ""
        was = "" if cause.new else " (before)"
        recipe = f", recipe {cause.recipe}" if cause.recipe else ""
        lines.append(dimmed(f"    {place.file}{line}{was}{recipe}"))
    if len(told.way) > 1:
        lines.append(dimmed(f"    {' <- '.join(told.way)}"))
    return lines


def _sentence(cause: Cause) -> str:
    """What changed, from what to what."""
    if cause.kind == "tag":
        # It may stand on another image, or on what this one was.
        return f"tag {cause.what} " + (f"is that of {cause.before}" if cause.before else "is not given yet")
    name = cause.what if not cause.of or cause.of in cause.what else f"{cause.what} of {cause.of}"
    head = f"{_KINDS.get(cause.kind, cause.kind)} {name}"
    match cause.change:
        case "added" | "removed":
            value = cause.after or cause.before
            return f"{head} {cause.change}" + (f": {value}" if value else "")
        case "moved":
            return f"{head} moved"
    if not cause.before and not cause.after:
        return f"{head} changed"
    return f"{head}: {cause.before or 'nothing'} -> {cause.after or 'nothing'}"


_KINDS = {
    "new": "image",
    "removed": "image",
    "parent": "parent,",
    "external": "External:",
    "lock": "lock:",
    "fact": "licence fact:",
    "file": "file",
    "notice": "licence text",
    "license": "the catalogue's licence:",
    "template": "layout:",
    "matrix": "matrix:",
    "parameter": "parameter",
}
