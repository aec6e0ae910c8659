"""The use cases of releases: they are cut, listed, shown, told of and compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, structs

from rgraph.app import Workspace, generated, kept, release_for, view
from rgraph.engines.errors import CouldNotAskError
from rgraph.errors import UsageError
from rgraph.files.releases import Releases, check_last, last_state, ledger_of
from rgraph.history import workspace_at
from rgraph.ledger import LEDGER_FILE, Ledger
from rgraph.names import Bad, release_tag
from rgraph.plan import make_plan
from rgraph.release.differences import difference
from rgraph.release.notes import Notes, notes, only
from rgraph.release.record import Record, date_of
from rgraph.release.recording import Subject
from rgraph.release.state import NOTHING, State, state_of_catalogue
from rgraph.render.release_notes import About, about_now, about_releases

if TYPE_CHECKING:
    from rgraph.release.cut import Cut


def cut_release(root: Path, date: str, num: int | None, tag: str, build: str | None = None) -> Cut | None:
    """Appends a release to the ledger, writes its folder and regenerates; None if nothing changed.

    `build` is the number of the build that made the images. The folder is complete before the ledger has
    the line: a run that is killed leaves either no release, or one with all its files.
    Raises UsageError if the tag is taken, RefusedError if the policy forbids the release, WriteError.
    """
    from rgraph.files import release_folder, writer
    from rgraph.files.folder_lock import locked
    from rgraph.files.record import content, remove_leftovers
    from rgraph.release.cut import cut

    with locked(root):
        workspace = Workspace(root)
        remove_leftovers(root / LEDGER_FILE)
        check_last(root / "generated", workspace.ledger)
        release = release_for(workspace.ledger, date, num, tag)
        made = make_plan(workspace.resolved, workspace.fingerprints, workspace.ledger, release)
        result = cut(made, workspace.ledger, release)
        if result is None:
            # A cut that was killed may have left its line without the other files.
            writer.write(root / "generated", generated(workspace)(), kept(workspace.ledger))
            return None
        _check_notices(workspace, [planned.image.id for planned in result.images])
        files = generated(workspace, result.ledger)
        folder = _release_files(workspace, result, build)
        record = root / LEDGER_FILE
        before = content(record)
        with (
            release_folder.written(root / "generated", release, folder, lambda: content(record) != before),
            _appended(record, before, workspace.ledger_bytes + result.line + b"\n", release),
        ):
            writer.write(root / "generated", files(), kept(result.ledger))
        return result


@contextmanager
def _appended(path: Path, before: bytes | None, after: bytes, release: str) -> Iterator[None]:
    """Holds a new line in the ledger; takes it back on an error: what `generated/` does not show was not
    cut. Raises WriteError, also if the line cannot be taken back.
    """
    from rgraph.files.record import exchange
    from rgraph.files.transaction import WriteError

    exchange(path, before, after)
    try:
        yield
    except BaseException as error:
        try:
            exchange(path, after, before)
        except WriteError as second:
            what = f"the release {release} was cut, but generated/ was not written: {error}"
            raise WriteError(what, f"run `rgraph generate`; to take it back failed: {second}") from error
        raise


def _release_files(workspace: Workspace, made: Cut, build: str | None) -> dict[str, bytes]:
    """The files of a release that is being cut. Raises UsageError for a wrong build number."""
    from rgraph.release.import_cfg import build_number
    from rgraph.render.release_files import record_of_view, release_files

    number = build_number(build)
    if isinstance(number, Bad):
        raise UsageError(number.what, number.help)
    seen = view(workspace, made.ledger)
    record = record_of_view(seen, workspace.ledger, made, number)
    earlier = last_state(workspace.root / "generated", workspace.ledger, workspace.resolved.images)
    return release_files(seen, workspace.ledger, made, record, earlier)


def _check_notices(workspace: Workspace, ids: Sequence[str]) -> None:
    """Raises RefusedError if the policy wants complete notices, and those of some images are not."""
    from rgraph.attribution import Attributions, check_complete
    from rgraph.files.license_texts import standard_texts

    if workspace.catalog.settings.policy.notices == "complete":
        attributions = Attributions(workspace.catalog, workspace.inventory, standard_texts())
        check_complete(attributions, ids)


class Listed(Struct, frozen=True):
    """One release of a list."""

    tag: str
    date: str
    """YYYY-MM-DD."""
    built: tuple[str, ...]
    """Images that had this content for the first time."""
    retagged: tuple[str, ...]
    """Images that had it before."""
    recorded: bool
    """Whether its `release.json` is there."""


def listed(root: Path) -> tuple[Listed, ...]:
    """All releases, in the order of their cuts."""
    releases = releases_of(root)
    return tuple(
        Listed(
            each.tag,
            date_of(each.tag),
            tuple(id for id in each.images if releases.is_first(each.tag, id)),
            tuple(id for id in each.images if not releases.is_first(each.tag, id)),
            releases.is_recorded(each.tag),
        )
        for each in releases.all
    )


def recorded(root: Path, tag: str) -> Record:
    """What a release wrote down; the last one if `tag` is empty. Raises UsageError if there is none."""
    releases = releases_of(root)
    return releases.recorded(tag or _last(releases))


def releases_of(root: Path) -> Releases:
    """The releases of a catalogue, of whose manifests nothing is read. Raises as `ledger_of` does."""
    return Releases(root / "generated", ledger_of(root))


class Side(Struct, frozen=True):
    """What is compared."""

    kind: Literal["release", "revision", "now", "nothing"]
    """`nothing`: before the first release."""
    name: str = ""
    """A release's tag, or a revision as it was asked for."""


NOW = Side("now")


class Told(Struct, frozen=True):
    """The difference of two sides, told."""

    before: Side
    after: Side
    notes: Notes
    shown: About
    image: str = ""
    """The only image that it is about; empty for all."""

    @property
    def differs(self) -> bool:
        """Whether any image has other content, is new or is no more."""
        return bool(self.notes.removed) or any(each.became != "retagged" for each in self.notes.images)


def notes_of(root: Path, asked: str, image: str = "") -> Told:
    """The notes of a release (of the last one if `asked` is empty), or of all from one to another.

    `A..B` is all that was released after A, up to B; `..B` all up to B; `A..` all after A, with what the
    manifests say now. Only what the releases wrote down is read. Raises UsageError.
    """
    releases = releases_of(root)
    first, dots, last = (asked or _last(releases)).partition("..")
    if not dots:
        first, last = releases.predecessor(first), first
    if first and last and releases.line(first) >= releases.line(last):
        raise UsageError(f"{last} was not cut after {first}", "`rgraph diff` compares in either order")
    sides = _Sides(root, releases)
    told = sides.told(sides.release(first) if first else Side("nothing"), sides.release(last), image)
    return (
        told if dots else structs.replace(told, shown=about_releases([releases.recorded(last)], pages=True))
    )


def compare(root: Path, before: str, after: str, image: str = "") -> Told:
    """The difference of two releases or revisions of git.

    An empty `before` is the last release, an empty `after` the catalogue as it is now. Raises UsageError,
    and what `workspace_at` raises.
    """
    releases = releases_of(root)
    sides = _Sides(root, releases)
    start = before or (releases.tags[-1] if releases.tags else "")
    return sides.told(sides.named(start) if start else Side("nothing"), sides.named(after), image)


class _Sides:
    """What sides hold; each is read when it is asked for."""

    def __init__(self, root: Path, releases: Releases) -> None:
        self._root = root
        self._releases = releases
        self._now: Workspace | None = None

    @property
    def now(self) -> Workspace:
        if self._now is None:
            self._now = Workspace(self._root)
        return self._now

    def release(self, tag: str) -> Side:
        """A release, or the catalogue as it is now if the tag is empty."""
        return Side("release", self._releases.release(tag).tag) if tag else NOW

    def named(self, name: str) -> Side:
        if not name or name in self._releases.tags:
            return self.release(name)
        return Side("revision", name)

    def told(self, before: Side, after: Side, image: str) -> Told:
        old, new = self._state(before), self._state(after)
        earlier = self._releases.before(before.name) if before.kind == "release" else ()
        between = self._between(before, after)
        # Over several releases, an image may have lost tags and have them again: then it is as it was.
        released = self._releases.release(between[0]).images if len(between) == 1 else ()
        found = notes(old, new, difference(old, new), earlier, released)
        if image:
            _check_image(image, old, new)
            found = only(found, image)
        return Told(before, after, found, self._about(after, between), image)

    def _between(self, before: Side, after: Side) -> tuple[str, ...]:
        """The releases after one side, up to the other."""
        if "revision" in (before.kind, after.kind):
            return ()
        tags = self._releases.tags
        start = len(self._releases.before(before.name))
        return tags[start : len(self._releases.before(after.name)) if after.kind == "release" else None]

    def _about(self, after: Side, between: Sequence[str]) -> About:
        if after.kind == "release":
            records = [record for tag in between if (record := self._releases.record(tag))]
            return about_releases(records or [self._releases.recorded(after.name)])
        return about_now(self.now.catalog.settings.name)

    def _state(self, side: Side) -> State:
        match side.kind:
            case "nothing":
                return NOTHING
            case "release":
                return self._releases.state(side.name)
            case "now":
                return _state_now(self.now, self.now.ledger)
        return _state_now(self._at(side.name), self.now.ledger)

    def _at(self, rev: str) -> Workspace:
        try:
            return workspace_at(self._root, rev, self.now)
        except (UsageError, CouldNotAskError):
            if isinstance(release_tag(rev), Bad):
                raise
            self._releases.release(rev)  # which says that there is none
            raise


def _state_now(workspace: Workspace, ledger: Ledger) -> State:
    subject = Subject(workspace.resolved, workspace.fingerprints, workspace.inventory)
    return state_of_catalogue(subject, ledger)


def _check_image(id: str, before: State, after: State) -> None:
    if id not in before.images and id not in after.images:
        raise UsageError(f"neither side has an image `{id}`", "`rgraph list` shows those of now")


def _last(releases: Releases) -> str:
    if not releases.tags:
        raise UsageError("there is no release yet", "`rgraph release cut` makes one")
    return releases.tags[-1]
