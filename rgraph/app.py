"""The use cases: one function for each command. They read, call the core, and write."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rgraph.catalog import Catalog, build_catalog
from rgraph.errors import Problems, UsageError
from rgraph.files.reader import JOURNAL, read_sources
from rgraph.fingerprint import fingerprints
from rgraph.inventory import Inventory
from rgraph.ledger import LEDGER_FILE, Ledger, next_tag, read_ledger
from rgraph.lock import read_lock
from rgraph.manifest.catalog import CatalogManifest
from rgraph.manifest.document import Manifest, convert
from rgraph.names import Bad, Fingerprint, ReleaseTag, release_date, release_tag
from rgraph.names import day as checked_day
from rgraph.plan import Plan, make_plan, state_of
from rgraph.render_names import README
from rgraph.resolve import Resolved, resolve
from rgraph.selection import Selectable, select, under
from rgraph.suggest import did_you_mean

# A plan writes nothing and shows no file: what only other commands need is imported where they need
# it, as a plan of a small catalogue takes less time than these imports.
if TYPE_CHECKING:
    from rgraph.advisories.interface import Advisories
    from rgraph.audit.run import Report
    from rgraph.files.trees import Tree
    from rgraph.files.writer import Drift, Files, Keep
    from rgraph.provenance import Bringing, LicenseUse, Listed
    from rgraph.render.view import View


class Workspace:
    """A catalogue, read and resolved; what not every command needs is worked out when asked for.

    It is read from the folder `root`, or from another tree; `manifests` are those of documents that
    the tree says are known. Raises ManifestError with all problems of the catalogue.
    """

    def __init__(
        self, root: Path, tree: Tree | None = None, manifests: Mapping[bytes, Manifest | None] | None = None
    ) -> None:
        self.root = root
        self.tree = tree
        if tree is None and (root / JOURNAL).exists():
            raise UsageError(
                "a `rgraph bump` was killed while it wrote: manifests may be half edited",
                "the next `rgraph bump` puts them back first; if all is well, remove .rgraph-bump",
            )
        problems, later = Problems(), Problems()
        sources = read_sources(root, problems, tree)
        documents = [
            (each.file, manifests[each.raw])
            if manifests and each.data is None
            else (each.file, convert(each.file, each.data, problems))
            for each in sources.documents
        ]
        written = [(file, manifest) for file, manifest in documents if manifest is not None]
        incomplete = len(problems) > 0
        if incomplete and not any(isinstance(manifest, CatalogManifest) for _, manifest in written):
            problems.raise_any()  # without its policy, much would seem wrong that is right
        self.ledger_bytes = sources.ledger or b""
        self.manifests = {
            each.raw: manifest for each, (_, manifest) in zip(sources.documents, documents, strict=True)
        }
        """Bytes of each document -> what it says."""
        self.ledger: Ledger = read_ledger(sources.ledger, problems)
        lock = read_lock(sources.lock, problems)
        self.catalog: Catalog = build_catalog(written, sources.files, sources.notices, lock, later)
        self.resolved: Resolved = resolve(self.catalog, later)
        problems.extend(problem for problem in later if not (incomplete and problem.unsure))
        problems.raise_any()

    @cached_property
    def fingerprints(self) -> Mapping[str, Fingerprint]:
        """Image id -> fingerprint."""
        return fingerprints(self.resolved)

    @cached_property
    def inventory(self) -> Inventory:
        """The components of all images."""
        return Inventory(self.resolved)

    def states(self) -> dict[str, str]:
        """Image id -> its state against the ledger."""
        return {
            id: state_of(image, self.fingerprints[id], self.ledger)
            for id, image in self.resolved.images.items()
        }

    def select(
        self,
        selectors: Sequence[str],
        exclude: Sequence[str] = (),
        path: str = "",
        modified: Collection[str] | None = None,
    ) -> list[str]:
        """Ids of the selected images, in order; `modified` are those that `state:modified` names.

        Raises UsageError.
        """
        selectable = Selectable(self.resolved.images, self.states, lambda: self.inventory.names, modified)
        chosen = select(selectable, selectors, exclude)
        if path:
            inside = under(self.resolved.images, path)
            chosen = [id for id in chosen if id in inside]
        return chosen


def plan(
    root: Path,
    selectors: Sequence[str],
    exclude: Sequence[str],
    path: str,
    date: str,
    num: int | None,
    tag: str,
) -> Plan:
    """The plan of the selected images. `date` is YYYYMMDD; `num` and `tag` are as for a cut."""
    return plan_of(Workspace(root), selectors, exclude, path, date, num, tag)


def plan_of(
    workspace: Workspace,
    selectors: Sequence[str],
    exclude: Sequence[str],
    path: str,
    date: str,
    num: int | None,
    tag: str,
) -> Plan:
    """The same of a catalogue that has been read."""
    release = release_for(workspace.ledger, date, num, tag)
    chosen = workspace.select(selectors, exclude, path) if selectors or exclude or path else None
    return make_plan(workspace.resolved, workspace.fingerprints, workspace.ledger, release, chosen)


def release_for(ledger: Ledger, date: str, num: int | None, tag: str) -> ReleaseTag:
    """The tag of the next release: as given, or by date and number. Raises UsageError."""
    if tag and num is not None:
        raise UsageError("--num and --tag exclude each other")
    if tag:
        made = release_tag(tag)
        if isinstance(made, Bad):
            raise UsageError(made.what, made.help)
        return made
    day = release_date(date)
    if isinstance(day, Bad):
        raise UsageError(day.what, day.help)
    if num is not None and num < 1:
        raise UsageError(f"{num} is no number of a release", "they start at 1")
    text = next_tag(ledger, day) if num is None else f"{day}.v{num}"
    made = release_tag(text)
    if isinstance(made, Bad):
        raise UsageError(made.what, "numbers have nine digits at most: take another date or number")
    return made


def generated(workspace: Workspace, ledger: Ledger | None = None) -> Callable[[], Files]:
    """A function that gives all generated files of a catalogue, for a ledger."""
    from rgraph.render.files import all_files

    seen = view(workspace, ledger or workspace.ledger)
    return lambda: all_files(seen)


def view(workspace: Workspace, ledger: Ledger) -> View:
    """A catalogue as generated files see it."""
    from rgraph.files.license_texts import standard_texts
    from rgraph.render.view import View

    return View(workspace.resolved, workspace.fingerprints, ledger, workspace.inventory, standard_texts())


def kept(ledger: Ledger) -> Keep:
    """What below `generated/` is no business of `generate`: releases are written once, by a cut.

    The folder of a release that the ledger does not have is left over from a cut that was killed.
    """
    tags = {release.tag for release in ledger.releases}

    def is_kept(path: str) -> bool:
        folder, _, rest = path.partition("/")
        tag = rest.partition("/")[0]
        return folder == "releases" and (tag in tags or isinstance(release_tag(tag), Bad))

    return is_kept


def check_releases(workspace: Workspace) -> None:
    """Compares all releases with their records. Raises ManifestError with all that is wrong."""
    from rgraph.files.releases import Releases

    Releases(workspace.root / "generated", workspace.ledger).check()


def generate(root: Path) -> Drift:
    """Writes `generated/`; what was changed, missing or stray is returned."""
    from rgraph.files import writer
    from rgraph.files.folder_lock import locked
    from rgraph.files.record import remove_leftovers
    from rgraph.files.releases import check_last

    with locked(root):
        workspace = Workspace(root)
        remove_leftovers(root / LEDGER_FILE)
        check_last(root / "generated", workspace.ledger)
        return writer.write(root / "generated", generated(workspace)(), kept(workspace.ledger))


def check_generated(root: Path) -> Drift:
    """What `generate` would change; writes nothing."""
    from rgraph.files import writer
    from rgraph.files.releases import check_last

    workspace = Workspace(root)
    check_last(root / "generated", workspace.ledger)
    return writer.check(root / "generated", generated(workspace)(), kept(workspace.ledger))


def diff_generated(root: Path) -> Iterator[str]:
    """What `generate` would change, as a unified diff."""
    from rgraph.files import writer

    workspace = Workspace(root)
    return writer.diff(root / "generated", generated(workspace)(), kept(workspace.ledger))


def audit(
    workspace: Workspace, ids: Sequence[str] | None, as_of: datetime.date, advisories: Path | None
) -> Report:
    """The findings of the audit on a day; of some images, or of all. Advisories are read, not fetched."""
    return audit_against(workspace, ids, as_of, advisories_at(advisories))


def advisories_at(path: Path | None) -> Advisories | None:
    """The advisories below a folder or in a zip, if one is given. Raises UsageError if it has none."""
    from rgraph.files.advisories import read_advisories

    return read_advisories(path) if path else None


def audit_against(
    workspace: Workspace,
    ids: Sequence[str] | None,
    as_of: datetime.date,
    advisories: Advisories | None,
) -> Report:
    """The findings of the audit on a day; of some images, or of all."""
    from rgraph.audit.run import audit as run
    from rgraph.audit.subject import Subject
    from rgraph.files.license_texts import standard_texts

    subject = Subject(
        workspace.resolved,
        workspace.inventory,
        workspace.ledger,
        as_of,
        advisories,
        readmes(workspace),
        standard_texts(),
    )
    return run(subject, ids)


def audit_day(catalog: Catalog, text: str, today: str) -> datetime.date:
    """The day of an audit: a date, the catalogue's own for `audited`, or today (YYYYMMDD) if it is empty.

    Raises UsageError.
    """
    if text == "audited":
        text = catalog.settings.audited
        if not text:
            help = "write `audited: YYYY-MM-DD` into manifests/catalog.yaml, or name a day"
            raise UsageError("the catalogue does not say when it was audited", help)
    made = checked_day(text) if text else today
    if isinstance(made, Bad):
        raise UsageError(made.what, made.help)
    return datetime.date.fromisoformat(made)


def rule_pages() -> dict[str, str]:
    """Rule -> its page of documentation, in Markdown."""
    from rgraph.audit.table import RULES

    return {id: _page(id) for id in RULES}


def rule_page(name: str) -> str:
    """The page of one rule, by its id or name. Raises UsageError if there is none."""
    from rgraph.audit.table import RULES

    names = {rule.name: id for id, rule in RULES.items()}
    id = names.get(name.lower(), name.upper())
    if id not in RULES:
        help = did_you_mean(name, [*RULES, *names]) or "`rgraph audit --explain` lists the rules"
        raise UsageError(f"there is no rule `{name}`", help)
    return _page(id)


def _page(id: str) -> str:
    # Late: only what explains rules needs it.
    from importlib.resources import files

    return (files("rgraph.audit") / "pages" / f"{id}.md").read_text(encoding="utf-8")


def below_repository(root: Path) -> str:
    """The catalogue's folder, relative to the git repository that holds it; empty if it is its root, or
    if there is none.
    """
    absolute = root.resolve()
    for folder in (absolute, *absolute.parents):
        if (folder / ".git").exists():
            path = absolute.relative_to(folder).as_posix()
            return "" if path == "." else path
    return ""


def why(workspace: Workspace, component: str, image: str) -> tuple[Bringing, ...]:
    """What brings the components that a pattern names, into one image or (if it is empty) into all.

    Raises UsageError if there is no such component or image.
    """
    from rgraph.provenance import why as answer

    id = one_image(workspace, image) if image else None
    return answer(workspace.resolved, workspace.inventory, component, id)


def components(workspace: Workspace, selectors: Sequence[str], exclude: Sequence[str]) -> tuple[Listed, ...]:
    """All components of the selected images. Raises UsageError for a wrong selector."""
    from rgraph.provenance import components as listed

    chosen = workspace.select(selectors, exclude)
    return listed(workspace.resolved, workspace.inventory, chosen)


def licenses(
    workspace: Workspace, selectors: Sequence[str], exclude: Sequence[str]
) -> tuple[LicenseUse, ...]:
    """All licences of the selected images. Raises UsageError for a wrong selector."""
    from rgraph.attribution import Attributions
    from rgraph.files.license_texts import standard_texts
    from rgraph.provenance import licenses as used

    chosen = workspace.select(selectors, exclude)
    attributions = Attributions(workspace.catalog, workspace.inventory, standard_texts())
    return used(workspace.resolved, workspace.inventory, attributions, chosen)


def readmes(workspace: Workspace) -> dict[str, str]:
    """READMEs as they stand in `generated/`, of the images with a restriction on use that have one."""
    found = {}
    for id, image in workspace.resolved.images.items():
        if workspace.inventory.restrictions(id):
            path = workspace.root / "generated" / image.folder / README
            found[id] = path.read_text(errors="replace") if path.is_file() else ""
    return found


def one_image(workspace: Workspace, id: str) -> str:
    """The id of one image. Raises UsageError if there is none or if several are meant."""
    found = workspace.select([id])
    if len(found) != 1:
        raise UsageError(f"`{id}` names {len(found)} images", f"name one of {', '.join(found[:5])}")
    return found[0]


def flattened(workspace: Workspace, id: str, private: bool) -> str:
    """One self-contained Dockerfile of an image."""
    from rgraph.render.flatten import flatten

    return flatten(workspace.resolved, id, private)


def picture(workspace: Workspace, ids: Sequence[str], format: str) -> str:
    """The graph of some images as `mermaid`, `dot`, `json` or `svg`."""
    from rgraph.render import pictures
    from rgraph.render.svg import svg

    images, level = workspace.resolved.images, workspace.resolved.level
    match format:
        case "mermaid":
            return pictures.mermaid(images, ids)
        case "dot":
            return pictures.dot(images, ids)
        case "json":
            return pictures.graph_json(images, workspace.catalog, ids, level)
    return svg(images, ids, level)


def init(target: Path) -> list[str]:
    """Makes a small catalogue; the files made. Raises UsageError if there is one."""
    from rgraph.files.init import init_catalogue

    return init_catalogue(target)
