"""The bake file of one run: images that are built in one call, each upon the targets of its parents.

Source: buildx, "Bake file reference".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec
from msgspec import Struct

from rgraph.graph import closure, reverse


class Target(Struct, frozen=True):
    """One image of a bake file."""

    context: str
    dockerfile: str
    tags: Sequence[str]
    labels: Mapping[str, str]
    secrets: Sequence[str]
    platforms: Sequence[str]
    parents: Mapping[str, str]
    """What its Dockerfile names -> the image of the same call that takes its place."""


def bake_file(targets: Mapping[str, Target], names: Mapping[str, str]) -> bytes:
    """A bake file; `names` has a name for each target, as bake admits no id with a colon."""
    made = {names[id]: _target(target, names) for id, target in targets.items()}
    return msgspec.json.encode({"group": {"default": {"targets": list(made)}}, "target": made})


def _target(target: Target, names: Mapping[str, str]) -> dict[str, object]:
    made: dict[str, object] = {
        "context": target.context,
        "dockerfile": target.dockerfile,
        "tags": list(target.tags),
        "labels": {name: _plain(value) for name, value in target.labels.items()},
        "platforms": list(target.platforms),
        "contexts": {reference: f"target:{names[id]}" for reference, id in target.parents.items()},
        "secret": [f"id={name},env={name}" for name in target.secrets],
    }
    return {key: value for key, value in made.items() if value}


def _plain(text: str) -> str:
    """A text in which bake replaces nothing (HCL, "Template Expressions": `$${` and `%%{` are plain)."""
    return text.replace("${", "$${").replace("%{", "%%{")


def roots_of(blamed: Collection[str], targets: Mapping[str, Target]) -> tuple[list[str], list[str]]:
    """Which targets of a call have failed, of those that are blamed; and which can be tried again.

    What stands on a failure may be blamed in its place, or beside it.
    """
    users = users_of(targets)
    above = {id: closure([id], users) - {id} for id in blamed}
    failed = {id for id in blamed if not any(id in above[each] for each in blamed)}
    lost = closure(failed, users)
    return [id for id in targets if id in failed], [id for id in targets if id not in lost]


def users_of(targets: Mapping[str, Target]) -> Mapping[str, Sequence[str]]:
    """Target -> those that stand on it."""
    return reverse({id: list(target.parents.values()) for id, target in targets.items()})


def longest_chain(targets: Mapping[str, Target]) -> int:
    """How many targets stand upon each other at most; parents come before what stands on them."""
    depth: dict[str, int] = {}
    for id, target in targets.items():
        depth[id] = 1 + max((depth.get(parent, 0) for parent in target.parents.values()), default=0)
    return max(depth.values(), default=0)
