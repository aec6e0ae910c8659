"""What the records of a build say: which of its images failed, and which digest was tested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from rgraph.builds.naming import at_digest, by_content
from rgraph.builds.record import BuildRecord, BuiltImage, TestedImage, TestRecord
from rgraph.graph import closure, reverse
from rgraph.promotion.wanted import Wanted
from rgraph.release.import_cfg import staging_name


class Obstacle(Struct, frozen=True):
    """Something that keeps a release from being promoted."""

    image: str
    """Id of the image that it is about."""
    what: str
    """One sentence without a full stop."""
    help: str = ""


def failures(build: BuildRecord, tests: TestRecord) -> tuple[Obstacle, ...]:
    """All images of a build that could not be built, or whose tests failed, by id.

    What was only not tried is none of them, nor is a test of content that was built anew since.
    """
    return tuple(_failures(build, tests))


def _failures(build: BuildRecord, tests: TestRecord) -> Iterator[Obstacle]:
    for id, built in sorted(build.images.items()):
        log = f"read {built.log}" if built.log else ""
        if built.state == "failed":
            yield Obstacle(
                id, f"it was not built: {built.reason}" if built.reason else "it was not built", log
            )
        elif built.state == "timeout":
            yield Obstacle(id, "its build took too long and was ended", log)
        elif (tested := tests.images.get(id)) and is_same(built, tested) and tested.state == "failed":
            names = [each.name for each in tested.tests if each.state != "passed"]
            which = f" `{names[0]}`" if len(names) == 1 else f"s {', '.join(f'`{each}`' for each in names)}"
            yield Obstacle(id, f"its test{which if names else 's'} failed")


def is_same(built: BuiltImage, tested: TestedImage) -> bool:
    """Whether what was tested is what was built."""
    return (built.digest, built.image_id) == (tested.digest, tested.image_id) or bool(
        built.digest and built.digest == tested.digest
    )


def tested_digest(image: Wanted, build: BuildRecord, tests: TestRecord) -> str | Obstacle:
    """The digest of an image that was built, pushed and tested, or why there is none."""
    number, built, tested = build.number, build.images.get(image.id), tests.images.get(image.id)
    again = f"`rgraph build --push --build-number {number} {image.id}`, then `rgraph test`"
    if built is None or not built.is_there:
        state = "was skipped in it" if built else "is not in it"
        return Obstacle(image.id, f"it was not built: it {state} (build {number})", again)
    if built.fingerprint != image.fingerprint:
        what = f"build {number} made other content of it than the release has"
        return Obstacle(image.id, what, "cut a release of what was built, or build what was released")
    if not build.pushed or not built.digest:
        return Obstacle(image.id, f"it was not pushed to staging (build {number})", again)
    if built.reference != image.staged:
        return Obstacle(image.id, f"it was pushed as `{built.reference}`, not as `{image.staged}`", again)
    if tested is None:
        return Obstacle(image.id, f"it was not tested (build {number})", "`rgraph test` tests it")
    if not is_same(built, tested):
        what = "it was built again after its test: what was tested is another image"
        return Obstacle(image.id, what, "`rgraph test` tests it")
    return built.digest if tested.state == "passed" else Obstacle(image.id, "its tests failed")


def tags_to_delete(
    build: BuildRecord, failed: tuple[Obstacle, ...], staging: str, needs: Mapping[str, tuple[str, ...]]
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What a failed build leaves in staging and must not: the tags with its number, and the tags by content
    of what failed and of all that stands on it, so that the next build makes them anew. Each with the
    digest that the build pushed, or found there.

    `needs`: id -> ids that it is made from.
    """
    pushed = {id: each for id, each in sorted(build.images.items()) if each.digest}
    numbered = {
        each.reference: each.digest
        for id, each in pushed.items()
        # A record may come from anywhere: nothing but tags of this build is ever deleted for it.
        if each.reference == staging_name(staging, id, build.number)
    }
    spoilt = set(closure([each.image for each in failed], reverse(needs)))
    contents = {
        by_content(staging, id, each.fingerprint): each.digest
        for id, each in pushed.items()
        if id in spoilt and each.is_there
    }
    return numbered, contents


def in_staging(image: Wanted, digest: str) -> str:
    """A digest in the repository that the build pushed an image to."""
    return at_digest(image.staged, digest)
