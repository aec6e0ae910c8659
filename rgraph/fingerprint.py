"""Fingerprints: a hash of the hashes of everything that can change an image."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from rgraph.catalog import Catalog, External
from rgraph.catalog.facts import own_texts
from rgraph.components import fact_of, said_fact, shown
from rgraph.image import Image
from rgraph.names import Fingerprint, Purl
from rgraph.programs import Program
from rgraph.purls import parse_purl
from rgraph.resolve import Resolved
from rgraph.texts import TEXTS


def fingerprints(resolved: Resolved) -> dict[str, Fingerprint]:
    """Image id -> fingerprint: `sha256(own parts, then each edge with what stands at its end)`.

    Equal fingerprints mean equal Dockerfiles (but for the tags of parents), licence, notices, SBOM,
    tests and copied files. Linear in images and edges; no file is rendered.
    """
    catalog = resolved.catalog
    common = _common(catalog)
    contents = {name: _content(data) for name, data in catalog.files.items()}
    externals = {name: _external(external, catalog) for name, external in catalog.externals.items()}
    along = {node: _along(catalog, node, found) for node, found in catalog.lock.transitive.items()}
    found: dict[str, Fingerprint] = {}
    for id, image in resolved.images.items():
        digest = hashlib.sha256(common)
        digest.update(_own(image, contents))
        digest.update(along.get(id, b""))
        for edge in image.edges:
            digest.update(f"\0{edge.type}\0{edge.to}\0".encode())
            digest.update(externals[edge.to] if edge.external else found[edge.to].encode())
            digest.update(along.get(edge.to, b"") if edge.external else b"")
        found[id] = Fingerprint(f"sha256:{digest.hexdigest()}")
    return found


def _common(catalog: Catalog) -> bytes:
    own = catalog.settings.license
    text = catalog.notices.get(own.text, "") if own else ""
    offer = catalog.settings.source_offer
    return hashlib.sha256(msgspec.json.encode((TEXTS, own, text, offer))).digest()


def _content(data: bytes) -> bytes:
    digest = hashlib.sha256(data).digest()
    return digest + b"program" if isinstance(data, Program) else digest


def _own(image: Image, contents: Mapping[str, bytes]) -> bytes:
    frame = image.frame
    head = msgspec.json.encode(
        (
            image.id,
            image.state.platforms,
            frame.args,
            frame.entrypoint,
            frame.cmd,
            frame.healthcheck,
            frame.tests,
            image.restore,
            image.files,
            [(stage.name, stage.source, *filter(None, [stage.platform])) for stage in image.stages],
        )
    )
    parts = [head]
    for stage in image.stages:
        parts += [b"\0stage\0", *(step.digest for step in stage.steps)]
    parts += [b"\0public\0", *(step.digest for step in image.public)]
    parts += [b"\0private\0", *(step.digest for step in image.private)]
    parts += [contents[name] for name in image.files]
    return b"".join(parts)


def _along(catalog: Catalog, node: str, locked: Mapping[str, str]) -> bytes:
    """What the lock's transitive components add to notices and SBOM; of what has none, nothing."""
    parts = []
    for purl, license in sorted(locked.items()):
        fact = fact_of(parse_purl(Purl(purl)), catalog.facts) or said_fact(purl, license, node)
        names = own_texts(fact.manifest.license, fact.manifest.notice, catalog.notices) if fact else ()
        texts = [(name, catalog.notices.get(name, "")) for name in names]
        parts.append((purl, license, shown(fact), texts))
    return b"\0along\0" + hashlib.sha256(msgspec.json.encode(parts)).digest()


def _external(external: External, catalog: Catalog) -> bytes:
    """What an External adds: what FROM names, and what notices and SBOM say of it."""
    written = external.manifest
    texts = [(name, catalog.notices[name]) for name in own_texts(written.license, "", catalog.notices)]
    facts = [fact_of(parse_purl(Purl(purl)), catalog.facts) for purl in sorted(written.provides)]
    return hashlib.sha256(
        msgspec.json.encode(
            (
                external.reference,
                written.homepage,
                written.license,
                texts,
                written.usage_restriction,
                written.distribution,
                sorted(written.provides),
                [shown(fact) for fact in facts],
            )
        )
    ).digest()
