"""What registries answered, judged: what is to be copied, which tags are to be given, and what forbids it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from rgraph.builds.naming import FINGERPRINT, at_digest
from rgraph.promotion.tested import Obstacle, in_staging
from rgraph.promotion.wanted import Target, Wanted

BASE_DIGEST = "org.opencontainers.image.base.digest"
"""Label: what an image was built on (OCI image specification, "Pre-Defined Annotation Keys")."""

TagState = Literal["there", "new", "moves", "elsewhere"]
"""`elsewhere`: a floating tag of a release that was promoted before; it was moved since, and stays."""


class Candidate(Struct, frozen=True):
    """An image, and the digest that is to be promoted."""

    image: Wanted
    digest: str
    is_tested: bool
    """Whether it comes from the build whose tests passed, and not from an earlier promotion."""


class Seen(Struct, frozen=True):
    """What registries answered."""

    digests: Mapping[str, str]
    """Reference -> the digest that it leads to; what is not there is not in it."""
    labels: Mapping[str, Mapping[str, str]]
    """Digest -> labels."""


class Tag(Struct, frozen=True):
    """What is to be done about one reference."""

    target: Target
    state: TagState

    @property
    def is_to_do(self) -> bool:
        """Whether it is to be given."""
        return self.state in ("new", "moves")


class Step(Struct, frozen=True):
    """What is to be done for one image."""

    image: Wanted
    digest: str
    source: str
    """Where the content comes from, by digest."""
    copies: tuple[str, ...]
    """Repositories that lack it."""
    tags: tuple[Tag, ...]


class Verdict(Struct, frozen=True):
    """Whether a release may be promoted."""

    steps: tuple[Step, ...]
    """Of the images that nothing forbids."""
    obstacles: tuple[Obstacle, ...]
    remarks: tuple[Obstacle, ...]
    """What is strange and forbids nothing."""


def questions(candidates: tuple[Candidate, ...]) -> tuple[str, ...]:
    """The references that registries are to be asked about."""
    return tuple(dict.fromkeys(each for candidate in candidates for each in _questions(candidate)))


def _questions(candidate: Candidate) -> Iterator[str]:
    image = candidate.image
    if candidate.is_tested:
        yield image.staged
    yield from _places(candidate)
    for target in image.targets:
        yield target.reference
    for parent in image.parents:
        yield from parent.references


def place_of(candidate: Candidate, digests: Mapping[str, str]) -> str:
    """Where the content of a candidate is, by digest; empty if it is nowhere."""
    return next((each for each in _places(candidate) if digests.get(each) == candidate.digest), "")


def _places(candidate: Candidate) -> tuple[str, ...]:
    """Where the content may be, by digest."""
    image, digest = candidate.image, candidate.digest
    homes = [f"{home}@{digest}" for home in image.homes]
    held = [at_digest(image.held, digest)] if image.held else []
    return tuple(dict.fromkeys((in_staging(image, digest), *homes, *held)))


def judge(candidates: tuple[Candidate, ...], seen: Seen, *, again: bool) -> Verdict:
    """What is to be done; `again` says that the release was promoted before."""
    obstacles = [each for candidate in candidates for each in _obstacles(candidate, seen)]
    bad = {each.image for each in obstacles}
    steps = tuple(
        _step(candidate, seen, again=again) for candidate in candidates if candidate.image.id not in bad
    )
    return Verdict(steps, tuple(obstacles), tuple(_remarks(candidates, seen)))


def _obstacles(candidate: Candidate, seen: Seen) -> Iterator[Obstacle]:
    image, digest = candidate.image, candidate.digest
    for target in image.fixed:
        found = seen.digests.get(target.reference, digest)
        if found != digest:
            what = f"`{target.reference}` exists and is {short(found)}, not {short(digest)}"
            help = "a release's tag is never given to other content: cut a new release"
            yield Obstacle(image.id, what, help)
    if candidate.is_tested and not _is_done(candidate, seen):
        found = seen.digests.get(image.staged, "")
        if not found:
            help = f"`rgraph build --push` puts {image.id} there again"
            yield Obstacle(image.id, f"`{image.staged}` is not there any more", help)
        elif found != digest:
            what = (
                f"`{image.staged}` was moved after its test: it is {short(found)}, {short(digest)} was tested"
            )
            yield Obstacle(image.id, what, "find out who moved it; then build and test with a new number")
    if not place_of(candidate, seen.digests):
        yield Obstacle(image.id, f"{short(digest)} is at no registry any more")
    elif seen.labels.get(digest, {}).get(FINGERPRINT) != image.fingerprint:
        found = seen.labels.get(digest, {}).get(FINGERPRINT, "")
        says = f"says that its content is {short(found)}" if found else "does not say what its content is"
        what = f"{short(digest)} {says}; the release has {short(image.fingerprint)}"
        yield Obstacle(image.id, what, f"its label `{FINGERPRINT}` is wrong: build it by `rgraph build`")
    for parent in image.parents:
        if not any(seen.digests.get(each) for each in parent.references):
            help = (
                f"`rgraph promote --release {parent.release}` first; if that can never be, take its cut back "
                "and those after it, by git, and cut again"
                if parent.release
                else "cut a release of it"
            )
            yield Obstacle(image.id, f"it is made from `{parent.id}`, which was not promoted", help)


def _is_done(candidate: Candidate, seen: Seen) -> bool:
    """Whether a run that was stopped has given all tags that are given once already."""
    fixed = candidate.image.fixed
    return bool(fixed) and all(seen.digests.get(each.reference) == candidate.digest for each in fixed)


def _step(candidate: Candidate, seen: Seen, *, again: bool) -> Step:
    image, digest = candidate.image, candidate.digest
    copies = tuple(home for home in image.homes if seen.digests.get(f"{home}@{digest}") != digest)
    tags = tuple(Tag(each, _state(each, digest, seen, again=again)) for each in image.targets)
    return Step(image, digest, place_of(candidate, seen.digests), copies, tags)


def _state(target: Target, digest: str, seen: Seen, *, again: bool) -> TagState:
    found = seen.digests.get(target.reference)
    if found == digest:
        return "there"
    if found is None:
        return "new"
    return "elsewhere" if again else "moves"


def _remarks(candidates: tuple[Candidate, ...], seen: Seen) -> Iterator[Obstacle]:
    """Images that were built upon another build of a parent than the one that is promoted with them."""
    digests = {candidate.image.id: candidate.digest for candidate in candidates}
    for candidate in candidates:
        parent = candidate.image.parent
        base = seen.labels.get(candidate.digest, {}).get(BASE_DIGEST, "")
        if parent in digests and base and base != digests[parent]:
            what = f"it was built upon {short(base)} of `{parent}`, and {short(digests[parent])} is promoted"
            yield Obstacle(candidate.image.id, what, "both have the same content by their fingerprint")


def short(digest: str) -> str:
    """A digest as a sentence has it."""
    return f"{digest[:19]}..."
