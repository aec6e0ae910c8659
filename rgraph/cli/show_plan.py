"""A plan as text and as JSON."""

from __future__ import annotations

import msgspec

from rgraph.cli.common import columns, count
from rgraph.plan import Plan, PlannedImage


def plan_json(plan: Plan) -> str:
    """The plan for programs, one image a line."""
    encode = msgspec.json.Encoder().encode
    images = ",\n  ".join(encode(_entry(planned)).decode() for planned in plan.images)
    waves = encode(plan.waves).decode()
    return f'{{"schema": 1,\n "waves": {waves},\n "images": [\n  {images}\n ]}}'


def _entry(planned: PlannedImage) -> dict[str, object]:
    image = planned.image
    return {
        "id": image.id,
        "kind": image.kind,
        "wave": planned.wave,
        "state": planned.state,
        "reasons": planned.reasons,
        "repository": image.repository,
        "tags": planned.tags,
        "fingerprint": planned.fingerprint,
        "folder": image.folder,
        "edges": image.edges,
    }


def plan_text(plan: Plan) -> str:
    """The plan for people: a line for each image, then the counts."""
    rows = [
        (
            str(planned.wave),
            planned.image.id,
            planned.state,
            planned.reasons[0].kind if planned.reasons else "-",
            _built_on(planned),
            ", ".join(planned.tags),
        )
        for planned in plan.images
    ]
    states = [planned.state for planned in plan.images]
    counts = ", ".join(
        f"{states.count(state)} to {state}" for state in ("build", "retag", "reuse") if state in states
    )
    summary = f"{count(len(rows), 'image')} in {count(len(plan.waves), 'wave')}: {counts or 'nothing to do'}"
    return f"{columns(rows, ('wave', 'image', 'state', 'why', 'built on', 'tags'))}\n\n{summary}"


def _built_on(planned: PlannedImage) -> str:
    others = len(planned.image.edges) - 1
    return planned.image.parent.to + (f" (+{others})" if others else "")
