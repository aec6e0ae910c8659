"""Rules about references of Externals: tags that float, digests that are missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rgraph import names
from rgraph.audit.interface import Finding, Level, Rule
from rgraph.audit.subject import Subject
from rgraph.catalog import External

FLOATING = Rule(
    "RG102",
    "floating-reference",
    "error",
    "An External has no tag and no digest, or a tag that floats by its name.",
)
NO_DIGEST = Rule(
    "RG103",
    "external-without-digest",
    "warning",
    "An External has no digest, neither in its reference nor in the lock.",
)
RULES = (FLOATING, NO_DIGEST)

_FLOATS: Final = frozenset(
    {"latest", "nightly", "edge", "rolling", "canary", "main", "master", "trunk", "head", "tip"}
)
_FLOATS_ALONE: Final = frozenset(
    {
        "stable",
        "unstable",
        "testing",
        "sid",
        "dev",
        "devel",
        "develop",
        "next",
        "current",
        "lts",
        "snapshot",
        "preview",
    }
)
"""Words that also name a variant: `11.1-devel` is a fixed version with headers, `devel` floats."""
_FIXED = re.compile(
    r"(?:19|20)[0-9]{2}[-.]?[0-9]{2}[-.]?[0-9]{2}|(?<![0-9a-f])(?=[a-f]*[0-9])[0-9a-f]{7,40}(?![0-9a-f])"
)


def floats(tag: str) -> bool:
    """Whether a tag says by its name that it moves: `latest`, `nightly-py3`, but not `nightly-20240131`."""
    if _FIXED.search(tag):
        return False
    words = re.split(r"[._-]", tag.lower())
    if not _FLOATS.isdisjoint((words[0], words[-1])):
        return True
    return not _FLOATS_ALONE.isdisjoint((words[0], words[-1])) and not re.search("[0-9]", tag)


def check(subject: Subject) -> Iterator[Finding]:
    """All findings of these rules."""
    for name, external in subject.catalog.externals.items():
        reference = names.reference(external.manifest.reference)
        if not isinstance(reference, names.ImageReference) or reference.digest:
            continue
        yield from _floating(subject, name, external, reference)
        if not external.digest and subject.above(name):
            yield _without_digest(subject, name, external)


def _floating(
    subject: Subject, name: str, external: External, reference: names.ImageReference
) -> Iterator[Finding]:
    if reference.tag and not floats(reference.tag):
        return
    how = (
        f"floats: `{reference.tag}` is another image tomorrow"
        if reference.tag
        else "has no tag, which means `latest`"
    )
    level: Level | None = None
    if external.digest:
        how += f" (the lock holds it at {external.digest[:19]}... until it is renewed)"
        level = "warning"
    what = f"the reference `{external.manifest.reference}` of `{name}` {how}"
    place = external.place.at("reference")
    help = "name the tag of a version, or the digest"
    yield Finding(FLOATING, place, what, name, help, subject.above(name), level=level)


def _without_digest(subject: Subject, name: str, external: External) -> Finding:
    written = external.manifest.reference
    what = f"`{written}` of `{name}` has no digest, so its tag can bring another image"
    locked = subject.catalog.lock.externals.get(name)
    if locked:
        what = f"`{written}` of `{name}` has no digest: the lock's is of `{locked.requested}`"
    help = f"run `rgraph lock {name}`, or write the digest behind it: `@sha256:...`"
    return Finding(NO_DIGEST, external.place.at("reference"), what, name, help, subject.above(name))
