"""Externals: what is wrong with one, and its digest."""

from __future__ import annotations

from msgspec import structs

from rgraph import names
from rgraph.catalog.types import External
from rgraph.errors import Place, Problems
from rgraph.licenses import check_expression
from rgraph.lock import Lock
from rgraph.manifest.external import ExternalManifest
from rgraph.purls import checked_purl
from rgraph.steps.shells import dialect_of


def external(name: str, written: ExternalManifest, place: Place, lock: Lock, problems: Problems) -> External:
    """An External as the catalogue has it, with its digest if one is known; notes what is wrong with it."""

    def check(made: object, *path: str | int) -> None:
        if isinstance(made, names.Bad):
            problems.add(place.at(*path), made.what, made.help)

    reference = names.reference(written.reference)
    check(reference, "reference")
    for index, platform in enumerate(written.platforms):
        check(names.platform(platform), "platforms", index)
    for index, purl in enumerate(written.provides):
        check(checked_purl(purl), "provides", index)
    if written.end_of_life:
        check(names.day(written.end_of_life), "end_of_life")
    if written.license:
        expression = check_expression(written.license)
        check(expression, "license")
        if isinstance(expression, str):
            written = structs.replace(written, license=expression)
    _check_state(written, place, problems)
    systems = {platform.split("/")[0] for platform in written.platforms}
    if len(systems) != 1:
        problems.add(
            place.at("platforms"), "an External is for one operating system", "make two Externals of it"
        )
    if "windows" in systems and not written.os_version:
        problems.add(
            place, "a Windows image needs the build of its host", "add `os_version: 10.0.17763`, for instance"
        )
    digest = reference.digest if isinstance(reference, names.ImageReference) else ""
    locked = lock.externals.get(name)
    if not digest and locked and locked.requested == written.reference:
        digest = locked.digest
    return External(place, name, written, digest)


def _check_state(written: ExternalManifest, place: Place, problems: Problems) -> None:
    """What images on top start with: it may be written into their Dockerfiles."""
    for key, text in (("user", written.user), ("workdir", written.workdir)):
        if not text.isprintable() or text.rstrip().endswith(("\\", "`")) or text.startswith("-"):
            problems.add(
                place.at(key),
                f"`{key}` is no single word of an instruction",
                "write it as USER or WORKDIR has it",
            )
    if not (written.workdir.startswith("/") or written.workdir[1:2] == ":"):
        problems.add(
            place.at("workdir"), f"`{written.workdir}` is no absolute folder", "write it from the root"
        )
    if written.shell and dialect_of(tuple(written.shell)) is None:
        problems.add(place.at("shell"), f"the shell `{written.shell[0]}` is not known")
