"""What a public copy must not hold, and whether it does.

Nothing here decides what is copied: that is made of public parts alone (public.py). This is the second look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from msgspec import Struct

from rgraph.audit.text.secret_words import secrets_in
from rgraph.errors import RefusedError
from rgraph.image import Image, Rendered
from rgraph.manifest.catalog import CatalogManifest
from rgraph.render.view import View

_URL = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s\"'`<>|;)(\\]{4,2000}", re.IGNORECASE)
_FEW = 10
"""Leaks that a message names."""


class _Private(Struct, frozen=True):
    """A text that must not be published."""

    why: str
    forms: tuple[bytes, ...]
    """The text in lower case, also as a purl writes it."""
    pattern: re.Pattern[bytes] | None = None
    """Where the text only counts as a whole word."""

    def is_in(self, lower: bytes) -> bool:
        if not any(form in lower for form in self.forms):
            return False
        return self.pattern is None or self.pattern.search(lower) is not None


class Leaks:
    """Looks for private texts and for secrets in what is to be published, and notes what it finds."""

    def __init__(self, view: View) -> None:
        self._private = tuple(_private_texts(view))
        self._lines: set[str] = set()
        self._found: list[str] = []

    def is_private(self, image: Image, address: str) -> bool:
        """Whether an image's own name is private: then it is not published at all."""
        names = "\n".join((image.id, address, image.folder, *image.tags))
        return self.has_private(names.encode())

    def has_private(self, content: bytes) -> bool:
        """Whether a text holds something private."""
        lower = content.lower()
        return any(each.is_in(lower) for each in self._private)

    def look(self, path: str, content: bytes) -> None:
        """Looks for private texts."""
        lower = content.lower()
        for each in self._private:
            if each.is_in(lower):
                self._found.append(f"{path} holds {each.why}")

    def look_for_secrets(self, path: str, content: bytes) -> None:
        """Looks for secrets, once in each line that is new."""
        for line in content.decode(errors="replace").splitlines():
            if line not in self._lines:
                self._lines.add(line)
                self._found += [f"{path} holds {each.kind} (`{each.start}...`)" for each in secrets_in(line)]

    def raise_any(self) -> None:
        """Raises RefusedError if anything was found."""
        if self._found:
            more = len(self._found) - _FEW
            lines = [*self._found[:_FEW], *([f"and {more} more"] if more > 0 else [])]
            raise RefusedError(
                "the public copy would hold what is private:\n" + "\n".join(f"  {each}" for each in lines),
                "nothing was written: move it to `private`, or give it another name",
            )


def private_settings(settings: CatalogManifest) -> dict[str, str]:
    """Text that a public part must not hold -> why, as the audit's RG206 has it."""
    found = {text: f"`{text}`, which the policy calls private" for text in settings.policy.private if text}
    staging = settings.staging
    # Who stages below the address that people pull from hides nothing.
    if staging and not f"{settings.registry}/".startswith(f"{staging}/"):
        found.setdefault(staging, f"the staging registry `{staging}`")
    return found


def _private_texts(view: View) -> Iterator[_Private]:
    for text, why in private_settings(view.catalog.settings).items():
        yield _Private(why, _forms(text))
    for reference, name in _private_references(view).items():
        form = re.escape(reference.lower().encode())
        yield _Private(
            f"the reference of `{name}`, which only private parts use (a `take` with `provides: []` keeps it "
            "out of notices)",
            _forms(reference),
            re.compile(rb"(?<![\w./-])" + form + rb"(?![\w.-])"),
        )
    for url in _private_urls(view):
        yield _Private("an address that only private parts use", _forms(url))


def _forms(text: str) -> tuple[bytes, ...]:
    """A text as files write it: plain, or percent-encoded as a qualifier of a purl (purl specification)."""
    texts = (text, text.replace("/", "%2f"), quote(text, safe=":"), quote(text, safe=""))
    return tuple(dict.fromkeys(each.lower().encode() for each in texts))


def public_steps(image: Image) -> Iterator[Rendered]:
    """The steps of an image that its public Dockerfile shows."""
    for stage in image.stages:
        yield from stage.steps
    yield from image.public


def public_edges(image: Image) -> set[str]:
    """What an image's public Dockerfile names: ids of images and names of Externals."""
    named = {image.parent.to, *(stage.source for stage in image.stages)}
    for rendered in public_steps(image):
        for step in (rendered.source, *rendered.source.members):
            named.update(step.sources)
    return named


def _private_references(view: View) -> Mapping[str, str]:
    """Reference -> name of each External that private parts use and no public part does."""
    used: set[str] = set()
    shown: set[str] = set()
    for image in view.resolved.images.values():
        used.update(edge.to for edge in image.edges if edge.external)
        shown |= public_edges(image)
    externals = view.catalog.externals
    public = {externals[name].manifest.reference for name in used & shown}
    return {
        externals[name].manifest.reference: name
        for name in sorted(used - shown)
        if externals[name].manifest.reference not in public
    }


def _private_urls(view: View) -> Iterator[str]:
    """Addresses in private parts that stand in nothing that is public."""
    images = view.resolved.images.values()
    private = _urls(step for image in images for step in image.private)
    if private:
        public = _urls(step for image in images for step in public_steps(image)) | _said(view)
        yield from sorted(private - public)


def _urls(steps: Iterable[Rendered]) -> set[str]:
    distinct = {step.text for step in steps}
    return {url.rstrip(".,/") for text in distinct for url in _URL.findall(text)}


def _said(view: View) -> set[str]:
    """Addresses that notices and READMEs name."""
    facts = (fact.manifest for facts in view.catalog.facts.values() for fact in facts)
    texts = [text for fact in facts for text in (fact.homepage, fact.source_offer)]
    texts += [external.manifest.homepage for external in view.catalog.externals.values()]
    texts += [view.catalog.settings.source, view.catalog.settings.source_offer]
    return {url.rstrip(".,/") for text in texts for url in _URL.findall(text)}
