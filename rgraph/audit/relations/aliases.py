"""Names in the registry: tags that go to another image, and Externals that are images of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rgraph import names
from rgraph.audit.interface import Finding, Rule
from rgraph.audit.licensing.facts import few
from rgraph.audit.subject import Subject
from rgraph.image import Image
from rgraph.names import Bad

ALIAS_MOVED = Rule("RG304", "alias-moved", "warning", "A tag that moves has gone over to another image.")
OWN_IMAGE = Rule(
    "RG305", "external-is-own-image", "warning", "An External is an image that the catalogue builds."
)


def check(subject: Subject) -> Iterator[Finding]:
    """Findings of RG304 and RG305."""
    addresses = _addresses(subject)
    yield from _moved(subject, addresses)
    yield from _own(subject, addresses)


def _moved(subject: Subject, addresses: Mapping[str, list[Image]]) -> Iterator[Finding]:
    followers: dict[str, list[str]] = {}
    for name, external in subject.catalog.externals.items():
        reference = names.reference(external.manifest.reference)
        if isinstance(reference, Bad) or reference.digest or _plain(reference.name) not in addresses:
            continue
        repository = addresses[_plain(reference.name)][0].repository
        followers.setdefault(f"{repository}:{reference.tag or 'latest'}", []).append(name)
    for id, image in subject.images.items():
        for tag in image.floating_tags:
            address = f"{image.repository}:{tag}"
            holder, _ = subject.ledger.holders.get(address, (id, ""))
            if holder != id:
                yield _moved_finding(subject, image, address, holder, followers.get(address, []))


def _moved_finding(
    subject: Subject, image: Image, reference: str, holder: str, externals: list[str]
) -> Finding:
    gone = "" if holder in subject.images else ", which is gone"
    what = f"`{reference}` was `{holder}`{gone}, and is `{image.id}` from the next release on"
    above = [id for node in externals for id in subject.above(node)]
    if above:
        what += f"; what follows it by the External `{externals[0]}`: {few(f'`{each}`' for each in above)}"
    elif direct := [each for each in subject.above(image.id) if each != image.id]:
        what += f"; what stands on `{image.id}`: {few(f'`{each}`' for each in direct)}"
    help = "who pulls or builds on the tag gets another image: give it back, or tell them"
    images = subject.in_order([image.id, *above, *subject.above(image.id)])
    return Finding(ALIAS_MOVED, image.place.at("tags"), what, image.id, help, images, (reference,))


def _own(subject: Subject, addresses: Mapping[str, list[Image]]) -> Iterator[Finding]:
    for name, external in subject.catalog.externals.items():
        reference = names.reference(external.manifest.reference)
        own = () if isinstance(reference, Bad) else addresses.get(_plain(reference.name), ())
        if isinstance(reference, Bad) or not own:
            continue
        which = _which(subject, own, reference.tag)
        what = f"`{external.manifest.reference}` is {_named(own, which)}, which this catalogue builds:"
        what = f"{what} the graph does not see that images need it"
        help = f"write the image's id instead of `{name}`: " + (which or few(each.id for each in own))
        place = external.place.at("reference")
        yield Finding(OWN_IMAGE, place, what, name, help, subject.above(name))


def _named(own: list[Image] | tuple[Image, ...], which: str) -> str:
    if which:
        return f"`{which}`"
    return f"one of {few(f'`{each.id}`' for each in own)}" if len(own) > 1 else f"`{own[0].id}`"


def _which(subject: Subject, own: list[Image] | tuple[Image, ...], tag: str) -> str:
    """The image that has a tag, now or by a release; empty if none is known to."""
    for image in own:
        if (tag or "latest") in image.floating_tags:
            return image.id
    holder, _ = subject.ledger.holders.get(f"{own[0].repository}:{tag}", ("", ""))
    return holder if holder in subject.images else ""


def _addresses(subject: Subject) -> dict[str, list[Image]]:
    """The repositories of the catalogue's images, at the registry and at staging."""
    settings = subject.catalog.settings
    found: dict[str, list[Image]] = {}
    for image in subject.images.values():
        for host in dict.fromkeys((settings.registry, settings.staging)):
            if host or not settings.registry:
                address = f"{host}/{image.repository}" if host else image.repository
                found.setdefault(_plain(address), []).append(image)
    return found


def _plain(address: str) -> str:
    """An address without the registry that Docker takes where none is named."""
    for prefix in ("docker.io/", "index.docker.io/", "library/"):
        address = address.removeprefix(prefix)
    return address
