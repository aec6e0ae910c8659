"""Names that must not be shared: ids, folders, references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rgraph.errors import Place, Problems
from rgraph.expressions import Value, as_text
from rgraph.image import RELEASE
from rgraph.resolve.drafts import Draft


def check_unique(drafts: Sequence[Draft], problems: Problems) -> dict[str, Draft]:
    """The drafts by id; the first of those that share one."""
    by_id: dict[str, Draft] = {}
    folders: dict[str, Draft] = {}
    references: dict[str, Draft] = {}
    for draft in drafts:
        first = by_id.setdefault(draft.id, draft)
        if first is not draft:
            problems.add(
                draft.place.at("variant"),
                f"two rows give `{draft.id}`: {_row(first.row)} and {_row(draft.row)}",
                "let the variant name every axis that differs",
            )
            continue
        other = folders.setdefault(draft.folder.lower(), draft)
        if other is not draft:
            problems.add(
                _said(draft, "folder"),
                f"`{draft.id}` and `{other.id}` share the folder `{draft.folder}`",
                "give each image a folder of its own (letter case does not count)",
            )
        for tag in draft.tags:
            reference = f"{draft.repository}:{tag}"
            other = references.setdefault(reference, draft)
            if other is not draft:
                problems.add(
                    _said(draft, "tags", "repository"),
                    f"`{draft.id}` and `{other.id}` share the reference "
                    f"`{reference.replace(RELEASE, 'RELEASE')}`",
                    "let the tags name what differs, or give the layers different repositories",
                )
    _check_nested(folders, problems)
    return by_id


def _check_nested(folders: Mapping[str, Draft], problems: Problems) -> None:
    for folder, draft in folders.items():
        parts = folder.split("/")
        for end in range(1, len(parts)):
            outer = folders.get("/".join(parts[:end]))
            if outer is not None:
                problems.add(
                    _said(draft, "folder"),
                    f"the folder `{draft.folder}` of `{draft.id}` is inside that of `{outer.id}`",
                    "give each image a folder of its own",
                )


def _said(draft: Draft, *keys: str) -> Place:
    """The first of the keys that the manifest has, else its name, which the defaults are made of."""
    manifest = draft.layer.manifest
    return draft.place.at(next((key for key in keys if getattr(manifest, key)), "name"))


def _row(row: Mapping[str, Value]) -> str:
    shown = (
        f"{name}: {as_text(value) if not isinstance(value, list) else '[...]'}" for name, value in row.items()
    )
    return f"{{{', '.join(shown)}}}"
