"""git, asked by its own program: what `manifests/` held at a revision, without a checkout.

The objects are read as they are stored (git-ls-tree, git-cat-file): `git archive` would leave out what
`export-ignore` names and rewrite what `export-subst` does.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from rgraph.engines.checkout import is_pointer_to, is_with_line_feeds, makes_crlf
from rgraph.engines.errors import CouldNotAskError
from rgraph.errors import RgraphError, UsageError
from rgraph.files.reader import MANIFESTS, MAX_FILE_SIZE, MAX_RECORD_SIZE
from rgraph.files.snapshot import Entry, Snapshot
from rgraph.files.tree import Kind
from rgraph.files.trees import COPIED
from rgraph.ledger import LEDGER_FILE
from rgraph.lock import LOCK_FILE
from rgraph.names import Bad, ReleaseTag, release_tag
from rgraph.programs import Program

_KINDS: Final[dict[bytes, Kind]] = {b"040000": "folder", b"120000": "link", b"160000": "submodule"}
"""Modes of a tree's entries (git's user manual, "The Object Database"); all others are files."""

_CHOOSING: Final = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_GLOB_PATHSPECS",
        "GIT_GRAFT_FILE",
        "GIT_ICASE_PATHSPECS",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_LITERAL_PATHSPECS",
        "GIT_NAMESPACE",
        "GIT_NOGLOB_PATHSPECS",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
"""Variables that lead git to another repository than the one that holds the folder (`git rev-parse
--local-env-vars`), or to another reading of paths. Hooks of git set them."""


class _Failed(Exception):
    """git ended with an error."""

    def __init__(self, message: bytes) -> None:
        self.message = message.decode(errors="replace")
        super().__init__(self.message)

    @property
    def is_fatal(self) -> bool:
        """Whether git could not go on, beyond not finding what was asked for."""
        return any(line.startswith("fatal:") for line in self.message.splitlines())


def commit_of(root: Path, rev: str) -> str:
    """The id of the commit that a revision names, in the repository that holds the folder `root`.

    Raises UsageError if there is no such commit or no repository, CouldNotAskError if git cannot be asked.
    """
    if not rev or not rev.isprintable():
        raise UsageError(f"{rev!a} is no revision", "name a commit, a tag or a branch, such as `HEAD~1`")
    try:
        # Without the option, a revision that begins with `-` would be one itself.
        found = _run(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
    except _Failed as error:
        raise (_refused(root, error) if error.is_fatal else _unknown(root, rev)) from None
    return found.decode().strip()


def read_revision(
    root: Path, rev: str, known: Collection[bytes] = (), held: Mapping[str, bytes] | None = None
) -> Snapshot:
    """What stands under `manifests/` of the catalogue in `root` at a revision, but for the ledger.

    `known` and `held` are bytes for which git is not asked. Files with the bytes of one of `known` are
    marked as known. `held` are files as the disk has them, by their path in the catalogue: what git stores
    of the same file in another form (line feeds only, a pointer of Git LFS) counts as equal to it.
    Raises UsageError if the revision is unknown or has no `manifests`, CouldNotAskError if git cannot be
    asked.
    """
    commit = commit_of(root, rev)
    try:
        below = os.fsdecode(_run(root, "rev-parse", "--show-prefix").removesuffix(b"\n"))
        listed = list(_listed(root, f"{commit}:{below}"))
        if not listed:
            raise UsageError(f"`{rev}` holds no catalogue: there is no folder `{below}{MANIFESTS}`", _LATER)
        found = _entries(root, listed, known, held or {})
        return Snapshot(rev, _as_checked_out(root, found, held or {}))
    except _Failed as error:
        raise _refused(root, error) from None


_LATER = "name a revision that has the catalogue in the same folder"


def commit_of_release(root: Path, tag: ReleaseTag) -> str:
    """The id of the first commit whose ledger holds a release; empty if it is in none.

    Raises UsageError if there is no repository, CouldNotAskError if git cannot be asked.
    """
    options = ("--no-textconv", "--no-ext-diff", "--no-show-signature", "--no-color", "--format=%H")
    # With merges, as a conflict may have been solved there; with parents after children, whatever the dates.
    order = ("-m", "--topo-order")
    try:
        found = _run(root, "log", *options, *order, f'-S"tag":"{tag}"', "HEAD", "--", LEDGER_FILE).split()
    except _Failed as error:
        raise _refused(root, error) from None
    return found[-1].decode() if found else ""


def is_shallow(root: Path) -> bool:
    """Whether the repository is a clone without its whole history. Raises as `commit_of_release` does."""
    try:
        return _run(root, "rev-parse", "--is-shallow-repository").strip() == b"true"
    except _Failed as error:
        raise _refused(root, error) from None


class _Listed(Struct, frozen=True):
    """A line of git-ls-tree."""

    path: str
    kind: Kind
    id: bytes
    program: bool = False
    """Whether it may be executed."""

    def is_read(self, size: int) -> bool:
        """Whether it is a file of a size that may be read."""
        limit = MAX_RECORD_SIZE if self.path == LOCK_FILE else MAX_FILE_SIZE
        return self.kind == "file" and size <= limit


def _listed(root: Path, tree: str) -> Iterator[_Listed]:
    """All that stands under `manifests/` of a tree; nothing if there is no such tree."""
    try:
        lines = _run(root, "ls-tree", "-r", "-t", "-z", "--full-tree", tree, MANIFESTS)
    except _Failed as error:
        if "Not a valid object name" in error.message or "not a tree object" in error.message:
            return
        raise
    for line in lines.split(b"\0"):
        if line:
            facts, _, path = line.partition(b"\t")
            mode, _, id = facts.split()
            found = _Listed(os.fsdecode(path), _KINDS.get(mode, "file"), id, _is_program(mode, path))
            if found.path != LEDGER_FILE:
                yield found


def _is_program(mode: bytes, path: bytes) -> bool:
    return mode == b"100755" and path.startswith(COPIED.encode())


def _missing(id: bytes) -> _Failed:
    return _Failed(b"fatal: the object " + id + b" is missing")


def _entries(
    root: Path, listed: Sequence[_Listed], known: Collection[bytes], held: Mapping[str, bytes]
) -> dict[str, Entry]:
    width = max(len(each.id) for each in listed)
    parsed = {_id(content, width): content for content in known}
    contents = {_id(content, width): content for content in held.values()} | parsed
    sizes = {id: len(content) for id, content in contents.items()}
    # Of what is held, not even the size is asked for: a partial clone would fetch the file for it.
    others = [each for each in listed if each.kind == "file" and each.id not in contents]
    sizes |= _sizes(root, dict.fromkeys(each.id for each in others))
    contents |= _contents(root, dict.fromkeys(each.id for each in others if each.is_read(sizes[each.id])))
    found = {}
    for each in listed:
        size = sizes[each.id] if each.kind == "file" else 0
        is_read = each.is_read(size)
        content = contents[each.id] if is_read else None
        if each.program and content is not None:
            content = Program(content)
        found[each.path] = Entry(each.kind, size, content, is_read and each.id in parsed)
    return found


def _as_checked_out(root: Path, entries: dict[str, Entry], held: Mapping[str, bytes]) -> dict[str, Entry]:
    """The entries, with what the disk holds in place of another form of the same file."""
    stored = {
        path: entry.content
        for path in held
        if (entry := entries.get(path)) and entry.content is not None and entry.content != held[path]
    }
    same = {path for path, content in stored.items() if is_pointer_to(content, held[path])}
    with_feeds = [path for path, content in stored.items() if is_with_line_feeds(content, held[path])]
    same |= set(_converted(root, with_feeds))
    return entries | {path: Entry("file", len(held[path]), held[path]) for path in same}


def _converted(root: Path, paths: Sequence[str]) -> Iterator[str]:
    """The paths of text files whose lines git ends with CR LF when it writes them to the disk."""
    if not paths:
        return
    asked = b"".join(os.fsencode(path) + b"\0" for path in paths)
    answer = _run(root, "check-attr", "-z", "--stdin", "text", "eol", input=asked).split(b"\0")
    values = [value.decode(errors="replace") for value in answer[2::3]]
    settings = [
        _run(root, "config", "--default", "", "--get", name).decode(errors="replace").strip()
        for name in ("core.autocrlf", "core.eol")
    ]
    for path, text, eol in zip(paths, values[::2], values[1::2], strict=True):
        if makes_crlf(text, eol, *settings):
            yield path


def _id(content: bytes, width: int) -> bytes:
    """The id that git gives to a file's bytes (git-hash-object); of `width` digits."""
    made = hashlib.sha256() if width == 64 else hashlib.sha1(usedforsecurity=False)
    made.update(b"blob %d\0" % len(content))
    made.update(content)
    return made.hexdigest().encode()


def _sizes(root: Path, ids: Iterable[bytes]) -> Mapping[bytes, int]:
    """The sizes of files in bytes, by their ids (git-cat-file, "BATCH OUTPUT")."""
    asked = b"".join(id + b"\n" for id in ids)
    answer = _run(root, "cat-file", "--batch-check", input=asked) if asked else b""
    found: dict[bytes, int] = {}
    for line in answer.splitlines():
        head = line.split(b" ")
        if head[-1] == b"missing":
            raise _missing(head[0])
        found[head[0]] = int(head[2])
    return found


def _contents(root: Path, ids: Iterable[bytes]) -> Mapping[bytes, bytes]:
    """The bytes of files by their ids, in one run."""
    asked = b"".join(id + b"\n" for id in ids)
    answer = _run(root, "cat-file", "--batch", "--buffer", input=asked) if asked else b""
    found: dict[bytes, bytes] = {}
    start = 0
    while start < len(answer):
        end = answer.index(b"\n", start)
        head = answer[start:end].split(b" ")
        if head[-1] == b"missing":
            raise _missing(head[0])
        start = end + 1 + int(head[2])
        found[head[0]] = answer[end + 1 : start]
        start += 1  # a line feed follows each
    return found


_NO_HOOKS: Final = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false")
"""No command here has a hook today; a repository's programs are not to be run by one of tomorrow."""


def _run(root: Path, *arguments: str, input: bytes = b"") -> bytes:
    environment = {name: value for name, value in os.environ.items() if name not in _CHOOSING}
    # Messages in English, no question on the terminal, and no lock for what only reads.
    environment |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *_NO_HOOKS, *arguments],
            input=input,
            capture_output=True,
            env=environment,
            check=False,
        )
    except FileNotFoundError:
        help = "install git: it reads earlier revisions of the catalogue"
        raise CouldNotAskError("git", "there is no such program", help) from None
    except OSError as error:
        raise CouldNotAskError("git", f"it does not run: {error.strerror or error}") from None
    if done.returncode < 0:
        raise CouldNotAskError("git", f"it was ended by the signal {-done.returncode}")
    if done.returncode:
        raise _Failed(done.stderr)
    return done.stdout


def _unknown(root: Path, rev: str) -> RgraphError:
    """Why a revision has no commit: asks for something that every repository answers."""
    try:
        shallow = is_shallow(root)
    except RgraphError as other:
        return other
    if shallow:
        help = "this clone has only a part of the history: `git fetch --unshallow` brings the rest"
    elif not isinstance(release_tag(rev), Bad):
        help = f"a release is compared with by `rgraph diff {rev}` or `rgraph explain IMAGE --release {rev}`"
    else:
        help = "name a commit, a tag or a branch, such as `HEAD~1` or `origin/main`"
    return UsageError(f"git knows no commit `{rev}`", help)


def _refused(root: Path, error: _Failed) -> RgraphError:
    lines = [line.strip() for line in error.message.splitlines() if line.strip()]
    said = next((line for line in lines if line.startswith("fatal:")), lines[-1] if lines else "no reason")
    said = said.removeprefix("fatal:").strip()
    if said.startswith("not a git repository"):
        return UsageError(f"{root} is in no git repository", "only revisions of git can be compared with")
    if "dubious ownership" in said:
        help = f"if you trust it: `git config --global --add safe.directory {root.resolve()}`"
        return CouldNotAskError(
            "git", "it does not trust the repository, which belongs to someone else", help
        )
    return CouldNotAskError("git", said)
