"""Labels of images: what they are, by the names that OCI gives, and which content they have.

Source: OCI image specification 1.1, "Annotations" ("Pre-Defined Annotation Keys"). No label holds a clock,
a name in staging, or a secret: they are part of what is published.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rgraph.builds.naming import FINGERPRINT
from rgraph.image import Image, ImageStep
from rgraph.names import Bad, reference
from rgraph.render.view import View
from rgraph.steps.image_settings import Label

OCI: Final = "org.opencontainers.image."
UNKNOWN: Final = "LicenseRef-not-declared"
"""Stands in `licenses` for what the catalogue knows no licence of: without it the rest would look whole."""


def labels(view: View, image: Image, parent_digest: str) -> dict[str, str]:
    """Label -> value of an image, sorted. What its own steps label counts before the names of OCI.

    `parent_digest` is that of what it is built on, as a registry has it; empty if it is not known.
    """
    own = {name for step in (*image.public, *image.private) for name in _labelled(step.source)}
    found = {
        "title": image.id,
        "version": image.variant,
        "licenses": licenses(view, image.id),
        "source": view.catalog.settings.source,
        "base.name": base_name(view, image),
        "base.digest": parent_digest or _locked(view, image),
    }
    named = {f"{OCI}{name}": value for name, value in found.items() if f"{OCI}{name}" not in own}
    # Not left out if it is empty: the parent's would be inherited.
    return dict(sorted({**named, FINGERPRINT: view.fingerprints[image.id]}.items()))


def is_content(found: Mapping[str, str], fingerprint: str) -> bool:
    """Whether labels say that an image has a content."""
    return found.get(FINGERPRINT) == fingerprint


def licenses(view: View, id: str) -> str:
    """One SPDX expression for all that an image holds: all licences, joined by AND (SPDX 2.3, annex D)."""
    found: set[str] = set()
    for bringer in view.inventory.bringers(id):
        if ":" not in bringer:
            found.add(view.catalog.externals[bringer].manifest.license or UNKNOWN)
        found.update(each.license or UNKNOWN for each in view.inventory.own(bringer))
    return " AND ".join(sorted({part for each in found for part in _conjuncts(each)}))


def base_name(view: View, image: Image) -> str:
    """What an image is built on, under a name that does not change with releases."""
    node = image.parent.to
    if image.parent.external:
        parts = reference(view.catalog.externals[node].reference)
        written = view.catalog.externals[node].manifest.reference
        return written if isinstance(parts, Bad) else parts.name + (parts.tag and f":{parts.tag}")
    parent = view.resolved.images[node]
    return f"{view.address(parent)}:{parent.floating_tags[0]}"


def _locked(view: View, image: Image) -> str:
    """The digest of an External, from the lock or its reference."""
    if not image.parent.external:
        return ""
    external = view.catalog.externals[image.parent.to]
    return external.digest or external.reference.partition("@")[2]


def _labelled(step: ImageStep) -> Iterator[str]:
    if isinstance(step.step, Label):
        yield from (name for name, _ in step.step.labels)
    for member in step.members:
        yield from _labelled(member)


def _conjuncts(expression: str) -> Iterable[str]:
    """The parts of an expression that AND joins, where that needs no parser; else all of it."""
    if "(" not in expression and " OR " not in expression:
        return expression.split(" AND ")
    return (f"({expression})",) if re.search(r"\sOR\s", expression) else (expression,)
