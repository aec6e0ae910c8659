"""Everything about one image, with where it was said."""

from __future__ import annotations

import json

from rgraph.app import Workspace
from rgraph.cli.common import bold, columns
from rgraph.errors import Place
from rgraph.expressions import as_text
from rgraph.files.reader import locate
from rgraph.image import RELEASE, Image
from rgraph.inventory import Declared
from rgraph.ledger import current_tag
from rgraph.plan import state_of
from rgraph.render.dockerfile import commands, linked
from rgraph.render.tests_json import all_tests
from rgraph.render.view import View

_SAID = ("from", "variant", "repository", "tags", "folder", "platforms", "capabilities")


def _document(workspace: Workspace, id: str) -> dict[str, object]:
    image = workspace.resolved.images[id]
    inventory = workspace.inventory
    fingerprint = workspace.fingerprints[id]
    view = View(workspace.resolved, workspace.fingerprints, workspace.ledger, inventory)
    steps = [
        *((f"stage {stage.name}", step) for stage in image.stages for step in stage.steps),
        *(("public", step) for step in image.public),
        *(("private", step) for step in image.private),
    ]
    texts = linked((step.text for _, step in steps), image, view.reference)
    declared = list(inventory.all(id))
    places = [image.place.at(name) for name in _SAID]
    found = locate(
        workspace.root, {*places, *(step.source.place for _, step in steps), *(d.place for _, d in declared)}
    )

    def where(place: Place) -> str:
        return f"{place.file}:{found[place][0] if place in found else 1}"

    return {
        "schema": 1,
        "id": id,
        "kind": image.kind,
        "manifest": image.place.file,
        "row": dict(image.row),
        "from": image.parent.to,
        "edges": [{"to": edge.to, "type": edge.type, "external": edge.external} for edge in image.edges],
        "repository": image.repository,
        "tags": [tag.replace(RELEASE, "RELEASE") for tag in image.tags],
        "folder": image.folder,
        "platforms": list(image.state.platforms),
        "capabilities": dict(image.state.capabilities),
        "user": image.state.user,
        "workdir": image.state.workdir,
        "shell": list(image.state.shell),
        "usage_restrictions": list(view.inventory.restrictions(id)),
        "state": state_of(image, fingerprint, workspace.ledger),
        "release": current_tag(workspace.ledger, id, fingerprint),
        "fingerprint": fingerprint,
        "said": {name: where(image.place.at(name)) for name in _SAID if _is_written(workspace, image, name)},
        "steps": [
            {"where": where(step.source.place), "part": part, "text": text}
            for (part, step), text in zip(steps, texts, strict=True)
        ],
        "commands": commands(image),
        "components": [_component(bringer, each, where(each.place)) for bringer, each in declared],
        "tests": all_tests(view, image),
    }


def _is_written(workspace: Workspace, image: Image, name: str) -> bool:
    manifest = workspace.catalog.layers[image.layer].manifest
    return bool(getattr(manifest, "from_" if name == "from" else name))


def _component(bringer: str, declared: Declared, where: str) -> dict[str, object]:
    return {
        "name": declared.name,
        "version": declared.version,
        "purl": declared.purl,
        "license": declared.license,
        "status": declared.fact.status if declared.fact else "",
        "from": bringer,
        "where": where,
    }


def show_json(workspace: Workspace, id: str) -> str:
    """For programs."""
    return json.dumps(_document(workspace, id), indent=2, ensure_ascii=False)


def show_text(workspace: Workspace, id: str) -> str:
    """For people."""
    document = _document(workspace, id)
    said: dict[str, str] = document["said"]  # type: ignore[assignment]
    image = workspace.resolved.images[id]
    facts = [
        ("kind", image.kind, image.place.file),
        ("row", ", ".join(f"{k}: {_shown(v)}" for k, v in image.row.items()) or "-", ""),
        ("from", image.parent.to, said.get("from", "")),
        *[("takes from", edge.to, "") for edge in image.edges if edge.type == "copy"],
        ("repository", image.repository, said.get("repository", "")),
        ("tags", ", ".join(document["tags"]), said.get("tags", "")),  # type: ignore[arg-type]
        ("folder", f"generated/{image.folder}", said.get("folder", "")),
        ("platforms", ", ".join(image.state.platforms), said.get("platforms", "")),
        (
            "capabilities",
            ", ".join(f"{k}: {_shown(v)}" for k, v in image.state.capabilities.items()) or "-",
            said.get("capabilities", ""),
        ),
        *[("restriction", text, "") for text in document["usage_restrictions"]],  # type: ignore[attr-defined]
        ("state", f"{document['state']}{_released(document)}", ""),
        ("fingerprint", str(document["fingerprint"]), ""),
    ]
    lines = [bold(id), ""]
    lines += [f"  {name:<13} {value}{f'  ({where})' if where else ''}" for name, value, where in facts]
    lines += ["", bold("Steps")]
    for step in document["steps"]:  # type: ignore[attr-defined]
        part = "" if step["part"] == "public" else f" ({step['part']})"
        lines += ["", f"  {step['where']}{part}", *(f"    {line}" for line in step["text"].split("\n"))]
    if document["commands"]:
        lines += ["", bold("Commands"), "", *(f"  {line}" for line in commands(image))]
    rows = [
        (each["name"], each["version"] or "-", each["license"] or "not known", each["from"], each["where"])
        for each in document["components"]  # type: ignore[attr-defined]
    ]
    table = columns(rows, ("component", "version", "licence", "from", "where"))
    lines += ["", bold("Components"), "", *(f"  {line}" for line in table.split("\n"))]
    tests = [f"  {test['name']} (from {test['from']})" for test in document["tests"]]  # type: ignore[attr-defined]
    return "\n".join([*lines, "", bold("Tests"), "", *(tests or ["  none"])])


def _released(document: dict[str, object]) -> str:
    return f", released as {document['release']}" if document["release"] else ""


def _shown(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return as_text(value) if isinstance(value, (str, bool)) else ""
