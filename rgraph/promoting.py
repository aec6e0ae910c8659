"""The use case of promotion: what was tested in staging goes to the registry that people pull from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct, structs

from rgraph.app import Workspace, generated, kept
from rgraph.builds.naming import number_of
from rgraph.builds.record import BUILDS, BuildRecord, TestRecord
from rgraph.engines.answers import Answer, Answers, ask_all
from rgraph.engines.errors import CouldNotAskError, Missing, Refused
from rgraph.engines.progress import Progress
from rgraph.engines.registry import Registry
from rgraph.engines.registry_writing import RegistryWriter
from rgraph.errors import UsageError
from rgraph.files.builds import is_there, opened
from rgraph.files.folder_lock import locked
from rgraph.files.releases import Releases, check_last
from rgraph.files.transaction import WriteError
from rgraph.ledger import LEDGER_FILE, Ledger
from rgraph.names import Bad
from rgraph.promotion.judging import (
    Candidate,
    Seen,
    Step,
    Verdict,
    judge,
    place_of,
    questions,
    short,
)
from rgraph.promotion.noting import noted
from rgraph.promotion.tested import Obstacle, failures, tags_to_delete, tested_digest
from rgraph.promotion.wanted import Wanted, wanted
from rgraph.release.import_cfg import BUILD_NUMBER
from rgraph.release.record import Record
from rgraph.releasing import appended, releases_of

_AT_ONCE = 4
"""Images that are copied at the same time: each takes two connections, and a host has eight."""
_GOES_ON = "the ledger does not have the release's digests yet: run it again, and it goes on"


class Ask(Struct, frozen=True):
    """Whom to ask."""

    registry: Registry
    writer: RegistryWriter
    progress: Progress


class Request(Struct, frozen=True):
    """What is to be promoted."""

    release: str
    number: str | None = None
    """Of the build; None for the one that the release was cut with, or else `local`."""
    builds: Path | None = None
    """Where records of builds are; None for the usual place."""
    dry_run: bool = False


class Promoted(Struct, frozen=True, eq=False):
    """What became of a release."""

    release: str
    number: str
    dry_run: bool
    verdict: Verdict
    failures: tuple[Obstacle, ...] = ()
    """Images of the build that failed: nothing is promoted then."""
    deleted: tuple[str, ...] = ()
    """Tags that were deleted in staging, as the build failed; in a dry run those that would be."""
    not_deleted: Mapping[str, CouldNotAskError] = {}
    is_noted: bool = False
    """Whether this run put the digests into the ledger."""

    @property
    def is_well(self) -> bool:
        """Whether the release is promoted, or may be."""
        return not (self.failures or self.verdict.obstacles)

    @property
    def changes(self) -> bool:
        """Whether anything was, or is, to be done at the registry."""
        return any(step.copies or any(tag.is_to_do for tag in step.tags) for step in self.verdict.steps)


def promote(root: Path, request: Request, ask: Ask) -> Promoted:
    """Promotes a release, or says what keeps it from being promoted.

    First everything is checked. Then all images are copied by digest; then come the tags that are given once
    and for all, then those that move, and at last the digests go into the ledger. So a run that ends in the
    middle leaves nothing that the next one does not complete, and no tag of the release before its content.
    Raises UsageError, ManifestError, WriteError, and CouldNotAskError if a registry cannot be asked.
    """
    releases_of(root).recorded(request.release)  # before all else, as it costs little
    with _alone(root):
        workspace = Workspace(root)
        check_last(root / "generated", workspace.ledger)
        record = Releases(root / "generated", workspace.ledger).recorded(request.release)
        number = _number(request, record)
        images = wanted(record, workspace.ledger, number)
        if isinstance(images, Bad):
            raise UsageError(images.what, images.help)
        if not record.catalogue.registry:
            help = "write `registry: HOST` into manifests/catalog.yaml, and cut a release"
            raise UsageError("the catalogue names no registry to promote to", help)
        again = request.release in workspace.ledger.promoted
        candidates, obstacles = _known(images), list[Obstacle]()
        if not again:
            build, tests = _records(root, request, number, images, record.catalogue.staging)
            known = {*workspace.resolved.images, *(each.id for each in record.images)}
            if failed := tuple(each for each in failures(build, tests) if each.image in known):
                return _given_up(workspace, request, ask, record, build, failed)
            images = _with_parents(root, workspace.ledger, images, build, tests)
            candidates, obstacles = _candidates(images, build, tests, ask)
        verdict = _judged(candidates, ask, again=again)
        verdict = Verdict(verdict.steps, (*obstacles, *verdict.obstacles), verdict.remarks)
        if verdict.obstacles or request.dry_run:
            return Promoted(request.release, number, request.dry_run, verdict)
        _write(verdict.steps, ask)
        own = {image.id for image in record.images}
        digests = {each.image.id: each.digest for each in candidates if each.image.id in own}
        is_noted = _note(root, request.release, digests)
    return Promoted(request.release, number, False, verdict, is_noted=is_noted)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Nobody else promotes a release of the catalogue meanwhile. Raises WriteError."""
    try:
        with locked(root / "generated" / "releases"):
            yield
    except WriteError as error:
        if error.what.startswith("another run of rgraph is writing in") and "releases" in error.what:
            what = "another run of rgraph promotes a release of this catalogue"
            raise WriteError(what, "wait for it to end, then try again") from None
        raise


def _number(request: Request, record: Record) -> str:
    told = record.build if record.build != BUILD_NUMBER else None
    number = number_of(told if request.number is None else request.number)
    if isinstance(number, Bad):
        raise UsageError(number.what, number.help)
    return number


def _records(
    root: Path, request: Request, number: str, images: Sequence[Wanted], staging: str
) -> tuple[BuildRecord, TestRecord]:
    """The records of the build; empty ones if no image of the release needs any."""
    nothing = BuildRecord(number=number, pushed=False, images={}), TestRecord(number=number, images={})
    if not any(_needs_record(each) for each in images):
        return nothing
    if not staging:
        help = "write `staging: HOST/PATH` into manifests/catalog.yaml, and cut a release"
        raise UsageError("the catalogue names no staging registry to promote from", help)
    folder = (request.builds or root / BUILDS) / number
    help = f"`rgraph build --push --build-number {number}`, then `rgraph test`; or name another build"
    if not is_there(root, request.builds, number):
        raise UsageError(f"there is no record of the build `{number}` ({folder})", help)
    with opened(root, request.builds, number, make=False) as found:
        build, tests = found.build(), found.tests()
    if build is None:
        raise UsageError(f"there is no record of the build `{number}` ({folder})", help)
    for each in (build, tests):
        if each is not None and each.number != number:
            raise UsageError(f"{folder} holds the record of the build `{each.number}`", help)
    return build, tests or nothing[1]


def _needs_record(image: Wanted) -> bool:
    """Whether only the records of a build know the digest."""
    return not (image.digest or image.held)


def _known(images: Iterable[Wanted]) -> tuple[Candidate, ...]:
    """Images whose digest the ledger has."""
    return tuple(Candidate(each, each.digest, False) for each in images if each.digest)


def _with_parents(
    root: Path, ledger: Ledger, images: Sequence[Wanted], build: BuildRecord, tests: TestRecord
) -> tuple[Wanted, ...]:
    """The images of a release, and those that they are made from of releases that were never promoted, as
    far as this build tested them: a release with a failure must not keep all later ones from people.
    """
    releases = Releases(root / "generated", ledger)
    found = {image.id: image for image in images}
    theirs: dict[str, Mapping[str, Wanted]] = {}
    todo = [(parent.id, parent.release) for image in images for parent in image.parents]
    while todo:
        id, release = todo.pop()
        if id in found or not release or not releases.is_recorded(release):
            continue
        record = releases.recorded(release)
        if release not in theirs:
            all_of = wanted(record, ledger, build.number)
            theirs[release] = {} if isinstance(all_of, Bad) else {each.id: each for each in all_of}
        each = theirs[release].get(id)
        if each is not None and isinstance(tested_digest(each, build, tests), str):
            found[id] = each
            # A release names as parents only those of other releases.
            inside = next(image for image in record.images if image.id == id).edges
            todo += [(edge.to, release) for edge in inside if not edge.external]
            todo += [(parent.id, parent.release) for parent in each.parents]
    return tuple(
        structs.replace(each, parents=tuple(one for one in each.parents if one.id not in found))
        for each in sorted(found.values(), key=lambda each: (each.wave, each.id))
    )


def _candidates(
    images: Sequence[Wanted], build: BuildRecord, tests: TestRecord, ask: Ask
) -> tuple[tuple[Candidate, ...], list[Obstacle]]:
    """Each image with the digest that was tested, or promoted before; and those that have none."""
    held = [each.held for each in images if not each.digest and each.held]
    there = _digests(held, ask)
    found: list[Candidate] = []
    obstacles: list[Obstacle] = []
    for image in images:
        digest: str | Obstacle = image.digest
        if _needs_record(image):
            digest = tested_digest(image, build, tests)
        elif not image.digest:
            help = f"`rgraph promote --release {image.release}` first"
            missing = Obstacle(image.id, f"`{image.held}` is not at its registry", help)
            digest = there.get(image.held, missing)
        if isinstance(digest, Obstacle):
            obstacles.append(digest)
        else:
            found.append(Candidate(image, digest, _needs_record(image)))
    return tuple(found), obstacles


def _judged(candidates: tuple[Candidate, ...], ask: Ask, *, again: bool) -> Verdict:
    """What registries say of the candidates, judged. Raises CouldNotAskError."""
    digests = _digests(questions(candidates), ask)
    places = {place: each.digest for each in candidates if (place := place_of(each, digests))}
    labels: dict[str, Mapping[str, str]] = {}

    def look(place: str) -> Answer:
        found = ask.writer.labels(place)
        if isinstance(found, Missing):
            return found
        labels[places[place]] = found
        return place

    ask.progress.begin("images", len(places))
    ask_all(places, look, _AT_ONCE, progress=ask.progress).raise_failed()
    return judge(candidates, Seen(digests, labels), again=again)


def _digests(references: Sequence[str], ask: Ask) -> Mapping[str, str]:
    """Reference -> digest, of those that are there. Raises CouldNotAskError."""
    if not references:
        return {}
    ask.progress.begin("references", len(references))
    answers = ask.registry.digests(references, progress=ask.progress)
    answers.raise_failed()
    return answers.found


def _write(steps: Sequence[Step], ask: Ask) -> None:
    """Copies, then gives tags, and looks whether all is as it should be. Raises CouldNotAskError."""
    digests = {tag.target.reference: step.digest for step in steps for tag in step.tags if tag.is_to_do}
    sources = {f"{home}@{step.digest}": step.source for step in steps for home in step.copies}
    homes = {step.image.id: tuple(f"{home}@{step.digest}" for home in step.copies) for step in steps}
    fixed = {tag.target.reference for step in steps for tag in step.tags if not tag.target.floating}

    def copy(destination: str) -> Answer:
        return ask.writer.copy(sources[destination], destination)

    def give(reference: str) -> Answer:
        digest = digests[reference]
        if reference in fixed:
            now = ask.registry.digest(reference)
            if now != digest and not isinstance(now, Missing):
                # Somebody was faster, since all was checked.
                return Refused(f"`{reference}` is {short(now)} by now, not {short(digest)}")
        manifest = ask.writer.manifest(f"{reference.rpartition(':')[0]}@{digest}")
        return manifest if isinstance(manifest, Missing) else ask.writer.put(reference, manifest)

    # Wave by wave: what an image has from its parent is there already, and is mounted.
    for wave in sorted({step.image.wave for step in steps}):
        copies = [each for step in steps if step.image.wave == wave for each in homes[step.image.id]]
        _all_or_stop("images", copies, copy, ask)
    _all_or_stop("tags", [each for each in digests if each in fixed], give, ask)
    _all_or_stop("tags", [each for each in digests if each not in fixed], give, ask)
    now = _digests(list(digests), ask)
    for reference, digest in digests.items():
        if now.get(reference) != digest:
            found = short(now[reference]) if reference in now else "not there"
            raise CouldNotAskError(reference, f"it is {found}, {short(digest)} was put there", _GOES_ON)


def _all_or_stop(what: str, questions: Sequence[str], ask_one: Callable[[str], Answer], ask: Ask) -> None:
    """Does something for all; after the first failure nothing more is begun. Raises CouldNotAskError."""
    failed: list[CouldNotAskError] = []

    def once(question: str) -> Answer:
        if failed:
            raise failed[0]
        try:
            answer = ask_one(question)
            if not isinstance(answer, str):
                raise CouldNotAskError(question, answer.what, answer.help)
        except CouldNotAskError as error:
            failed.append(error)
            raise
        return answer

    if not questions:
        return
    ask.progress.begin(what, len(questions))
    answers: Answers = ask_all(questions, once, _AT_ONCE, progress=ask.progress)
    for error in answers.failed.values():
        help = f"{error.help}; {_GOES_ON}" if error.help else _GOES_ON
        raise CouldNotAskError(error.whom, error.why, help)


def _note(root: Path, release: str, digests: Mapping[str, str]) -> bool:
    """Puts the digests into the ledger, and regenerates; whether they were not there yet.

    Raises WriteError, then with the ledger as it was.
    """
    from rgraph.files import writer
    from rgraph.files.record import content, remove_leftovers

    with locked(root):
        # Read anew: it may have been written while the images were copied.
        workspace = Workspace(root)
        remove_leftovers(root / LEDGER_FILE)
        check_last(root / "generated", workspace.ledger)
        line, ledger = noted(workspace.ledger, release, digests)
        files = generated(workspace, ledger)
        if not line:
            # A run that was killed may have left its line without the other files.
            writer.write(root / "generated", files(), kept(ledger))
            return False
        before = content(root / LEDGER_FILE)
        after = workspace.ledger_bytes + line + b"\n"
        with appended(root, before, after, f"the release {release} was promoted"):
            writer.write(root / "generated", files(), kept(ledger))
        return True


def _given_up(
    workspace: Workspace,
    request: Request,
    ask: Ask,
    record: Record,
    build: BuildRecord,
    failed: tuple[Obstacle, ...],
) -> Promoted:
    """Deletes the tags of a failed build in staging, and no others."""
    needs = {id: tuple(edge.to for edge in image.edges) for id, image in workspace.resolved.images.items()}
    numbered, contents = tags_to_delete(build, failed, record.catalogue.staging, needs)
    nothing = Verdict((), (), ())
    number, references = build.number, [*numbered, *contents]
    if request.dry_run:
        return Promoted(request.release, number, True, nothing, failed, tuple(references))

    def delete(reference: str) -> Answer:
        expected = {**contents, **numbered}[reference]
        found = ask.registry.digest(reference)
        if isinstance(found, str) and found != expected:
            return Missing(f"`{reference}` is not what this build put there")
        gone = ask.writer.delete_tag(reference)
        return reference if gone else Missing(f"`{reference}` is not there any more")

    ask.progress.begin("tags", len(references))
    answers = ask_all(references, delete, _AT_ONCE, progress=ask.progress)
    deleted = tuple(answers.found)
    return Promoted(request.release, number, False, nothing, failed, deleted, answers.failed)
