"""What a public copy must not hold, and whether it does.

Nothing here decides what is copied: that is made of public parts alone (public.py). This is the second look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from msgspec import Struct

from rgraph.audit.text.secret_words import secrets_in
from rgraph.audit.text.spelling import spellings
from rgraph.errors import RefusedError
from rgraph.image import Image, Rendered
from rgraph.manifest.catalog import CatalogManifest
from rgraph.names import Bad, reference
from rgraph.render.view import View

_URL = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s\"'`<>|;)(\\]{4,2000}", re.IGNORECASE)
_FEW = 10
"""Leaks that a message names."""


class _Private(Struct, frozen=True):
    """A text that must not be published."""

    why: str
    forms: tuple[str, ...]
    """The text in lower case, also as a purl writes it."""
    pattern: re.Pattern[str] | None = None
    """Where the text only counts as a whole word."""

    def is_in(self, texts: Iterable[str]) -> bool:
        return any(self._is_in(text) for text in texts)

    def _is_in(self, text: str) -> bool:
        if not any(form in text for form in self.forms):
            return False
        return self.pattern is None or self.pattern.search(text) is not None


class Leaks:
    """Looks for private texts and for secrets in what is to be published, and notes what it finds."""

    def __init__(self, view: View, released: Iterable[str] = ()) -> None:
        """`released` are references of Externals that earlier releases stood on."""
        self._private = tuple(_private_texts(view, released))
        self._spaced = any(" " in form for each in self._private for form in each.forms)
        self._lines: set[str] = set()
        self._found: list[str] = []

    def is_private(self, image: Image, address: str) -> bool:
        """Whether an image's own name is private: then it is not published at all."""
        names = "\n".join((image.id, address, image.folder, *image.tags))
        return self.has_private(names.encode())

    def has_private(self, content: bytes) -> bool:
        """Whether a text holds something private."""
        texts = self._texts(content)
        return any(each.is_in(texts) for each in self._private)

    def look(self, path: str, content: bytes) -> None:
        """Looks for private texts."""
        texts = self._texts(content) if self._private else ()
        for each in self._private:
            if each.is_in(texts):
                self._found.append(f"{path} holds {each.why}")

    def _texts(self, content: bytes) -> tuple[str, ...]:
        """A file as it is compared: in lower case, with and without escapes, also with its lines joined."""
        found = spellings(content.decode(errors="replace").lower())
        return (*found, *(" ".join(text.split()) for text in found)) if self._spaced else found

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


def _private_texts(view: View, released: Iterable[str]) -> Iterator[_Private]:
    for text, why in private_settings(view.catalog.settings).items():
        yield _Private(why, _forms(text))
    for each, name in _private_references(view).items():
        why = f"the reference of `{name}`, which only private parts use"
        yield _reference(each, f"{why} (a `take` with `provides: []` keeps it out of notices)")
    for each in _once_private(view, released):
        yield _reference(each, "the reference of an External that nothing public stands on any more")
    for url in _private_urls(view):
        yield _Private("an address that only private parts use", _forms(url))


def _reference(reference: str, why: str) -> _Private:
    form = re.escape(reference.lower())
    return _Private(why, _forms(reference), re.compile(rf"(?<![\w./-]){form}(?![\w.-])"))


def _forms(text: str) -> tuple[str, ...]:
    """A text as files write it: plain, or percent-encoded as a qualifier of a purl (purl specification)."""
    texts = (text, text.replace("/", "%2f"), quote(text, safe=":"), quote(text, safe=""))
    return tuple(dict.fromkeys(each.lower() for each in texts))


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
    used = {edge.to for image in view.resolved.images.values() for edge in image.edges if edge.external}
    shown = _shown(view)
    externals = view.catalog.externals
    public = {externals[name].manifest.reference for name in used & shown}
    return {
        externals[name].manifest.reference: name
        for name in sorted(used - shown)
        if externals[name].manifest.reference not in public
    }


def _once_private(view: View, released: Iterable[str]) -> list[str]:
    """References of released Externals from repositories that no public part names now.

    A record does not say which part of an image named an External, so what was public once and is gone from
    the catalogue counts, too.
    """
    externals = view.catalog.externals
    public = {_repository(externals[name].reference) for name in _shown(view) if name in externals}
    return sorted({each for each in released if _repository(each) not in public})


def _repository(text: str) -> str:
    parts = reference(text)
    return text if isinstance(parts, Bad) else parts.name


def _shown(view: View) -> set[str]:
    """Ids of images and names of Externals that public parts name."""
    return {name for image in view.resolved.images.values() for name in public_edges(image)}


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
