"""The use cases that compare the catalogue with an earlier one: `--since REV`, `explain`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from msgspec import Struct, structs

from rgraph.app import Workspace, one_image, release_for
from rgraph.comparison import Cause, Comparison, Story, Told
from rgraph.engines.git import commit_of_release, is_shallow, read_revision
from rgraph.errors import ManifestError, UsageError
from rgraph.files.reader import MANIFESTS
from rgraph.files.snapshot import RevisionError
from rgraph.ledger import LEDGER_FILE, Ledger, current_tag
from rgraph.names import Bad, ReleaseTag, release_tag
from rgraph.plan import Plan, make_plan_since, modified_since, state_of
from rgraph.texts import FORMAT


class Choice(Struct, frozen=True):
    """Which images a command is about."""

    selectors: Sequence[str] = ()
    exclude: Sequence[str] = ()
    path: str = ""


def workspace_at(root: Path, rev: str, like: Workspace | None = None) -> Workspace:
    """The catalogue of `root` at a revision of git, without a checkout; its ledger is empty.

    Manifests that have the same bytes in `like` are not parsed again. Raises RevisionError with all
    problems of the catalogue at the revision, UsageError if there is no such revision or no catalogue
    in it, CouldNotAskError if git cannot be asked.
    """
    manifests = like.manifests if like else {}
    files = like.catalog.files if like else {}
    held = {f"{MANIFESTS}/files/{name}": content for name, content in files.items()}
    tree = read_revision(root, rev, manifests.keys(), held)
    try:
        return Workspace(root, tree, manifests)
    except ManifestError as error:
        raise RevisionError(tree, error.problems) from None


class Since(Struct, frozen=True):
    """A revision to compare with."""

    rev: str
    all_if_unchanged: bool = False
    """Whether a plan has all that was chosen if none of it changed."""


class Changed(Struct, frozen=True):
    """What changed since a revision."""

    plan: Plan
    """Those chosen images that changed: all of them are to build."""
    removed: tuple[str, ...]
    """All images that the revision had and that are no more, sorted."""


def plan_since(
    workspace: Workspace, since: Since, choice: Choice, date: str, num: int | None, tag: str
) -> Changed:
    """The plan of those chosen images that changed since a revision.

    Raises what `workspace_at` does, and UsageError.
    """
    release = release_for(workspace.ledger, date, num, tag)
    earlier = workspace_at(workspace.root, since.rev, workspace).fingerprints
    chosen = _chosen(workspace, choice, modified_since(workspace.fingerprints, earlier))
    made = make_plan_since(
        workspace.resolved,
        workspace.fingerprints,
        workspace.ledger,
        release,
        chosen,
        earlier,
        since.all_if_unchanged,
    )
    return Changed(made, tuple(sorted(earlier.keys() - workspace.fingerprints.keys())))


def list_since(workspace: Workspace, rev: str, choice: Choice) -> list[str]:
    """Ids of those chosen images that changed since a revision, in order. Raises as `plan_since` does."""
    earlier = workspace_at(workspace.root, rev, workspace)
    modified = modified_since(workspace.fingerprints, earlier.fingerprints)
    return [id for id in _chosen(workspace, choice, modified) if id in modified]


def _chosen(workspace: Workspace, choice: Choice, modified: Collection[str]) -> list[str]:
    return workspace.select(choice.selectors, choice.exclude, choice.path, modified)


class Explained(Struct, frozen=True):
    """Why one image is in its state, and where what is told was read."""

    story: Story
    state: str
    """`build`, `reuse` or `retag`; `removed` for an image that there is no more."""
    now: Workspace
    then: Workspace | None
    """The catalogue that it was compared with; None if it was not needed."""
    since: str
    """The revision that it was compared with; empty if none was needed."""
    release: str
    """The release that it was compared with, if any."""
    proved: bool = True
    """Whether the catalogue of the release's commit gives the fingerprint that the release recorded."""

    @property
    def tag(self) -> str:
        """The release that gave its present content a tag; empty if none did."""
        id = self.story.id
        return current_tag(self.now.ledger, id, self.now.fingerprints[id]) or "" if self.story.new else ""


def explain_since(root: Path, id: str, rev: str) -> Explained:
    """Why an image is another one than at a revision of git. Raises as `plan_since` does."""
    now = Workspace(root)
    then = workspace_at(root, rev, now)
    story = _compared(now, then).story(_id(now, then, id))
    state = {"unchanged": "reuse", "removed": "removed"}.get(story.state, "build")
    return Explained(story, state, now, then, rev, "")


def explain_release(root: Path, id: str, tag: str) -> Explained:
    """Why an image is in its state against a release; against its own last one if `tag` is empty.

    What a release was made of is read from the oldest commit of git whose ledger holds it: only an
    image that has other content needs that. Raises UsageError if there is no such release or it is in
    no commit, and what `workspace_at` raises.
    """
    now = Workspace(root)
    _check_release(now.ledger, tag)
    if id not in now.resolved.images and tag:
        then = _at_release(now, ReleaseTag(tag))
        return Explained(_compared(now, then).story(_id(now, then, id)), "removed", now, then, "", tag)
    id = one_image(now, id)
    image, fingerprint = now.resolved.images[id], now.fingerprints[id]
    state = state_of(image, fingerprint, now.ledger)
    recorded, release = _recorded(now.ledger, id, tag)
    if not recorded:
        new = Told(Cause(kind="new", change="added", what=id, new=image.place), (id,))
        return Explained(Story(id, "new", "", fingerprint, (new,)), state, now, None, "", tag)
    if recorded == fingerprint:
        story = Story(id, "unchanged", recorded, fingerprint, tuple(_missing_tags(now, id)))
        return Explained(story, state, now, None, "", tag or release)
    then = _at_release(now, release)
    proved = then.fingerprints.get(id) == recorded
    if not proved and is_shallow(now.root):
        # Its oldest commit seems to have brought all that stands in it, later manifests too.
        raise UsageError(f"what the release {release} was made of is not known", _SHALLOW)
    story = structs.replace(_compared(now, then).story(id), state="changed", old=recorded)
    if not proved:
        story = structs.replace(story, causes=(Told(_OTHERWISE, (id,)), *story.causes))
    return Explained(story, state, now, then, "", tag or release, proved)


_SHALLOW = "this clone has only a part of the history: `git fetch --unshallow` brings the rest"
_OTHERWISE = Cause(
    kind="template",
    change="changed",
    what="rgraph itself, or manifests that were never committed",
    after=FORMAT,
)
"""The manifests of a release give another fingerprint now than the release recorded."""


def _compared(now: Workspace, then: Workspace) -> Comparison:
    return Comparison(then.resolved, now.resolved, then.fingerprints, now.fingerprints)


def _id(now: Workspace, then: Workspace, id: str) -> str:
    return id if id in then.resolved.images else one_image(now, id)


def _check_release(ledger: Ledger, tag: str) -> None:
    if not tag:
        return
    made = release_tag(tag)
    if isinstance(made, Bad):
        raise UsageError(made.what, made.help)
    if all(release.tag != tag for release in ledger.releases):
        raise UsageError(f"the ledger has no release {tag}", "`rgraph release list` shows all")


def _recorded(ledger: Ledger, id: str, tag: str) -> tuple[str, ReleaseTag]:
    """The fingerprint that an image had at a release (or has last), and the release that recorded it."""
    found = "", ReleaseTag(tag)
    for release in ledger.releases:
        if id in release.images:
            found = release.images[id].fingerprint, ReleaseTag(release.tag)
        if release.tag == tag:
            break
    return found


def _at_release(now: Workspace, tag: ReleaseTag) -> Workspace:
    commit = commit_of_release(now.root, tag)
    if not commit:
        what = f"git has no commit with the release {tag}, so what it was made of is not known"
        commit_it = f"commit {LEDGER_FILE}, or name a revision: `--since REV`"
        raise UsageError(what, _SHALLOW if is_shallow(now.root) else commit_it)
    return workspace_at(now.root, commit, now)


def _missing_tags(now: Workspace, id: str) -> list[Told]:
    """References that an image should hold and does not."""
    image, mine = now.resolved.images[id], (id, str(now.fingerprints[id]))
    tag = current_tag(now.ledger, id, now.fingerprints[id]) or ""
    causes = [
        Cause(
            kind="tag",
            change="added" if holder is None else "changed",
            what=reference,
            before=holder[0] if holder else "",
            after=id,
            new=image.place.at("tags"),
        )
        for reference in image.references(tag)
        if (holder := now.ledger.holders.get(reference)) != mine
    ]
    return [Told(cause, (id,)) for cause in causes]
