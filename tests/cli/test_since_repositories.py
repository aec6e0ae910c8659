"""`--since REV` in every kind of repository: what stands there changes nothing, and nothing of it is run."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from rgraph.history import workspace_at
from tests.cli.test_since import R, built, change, put, root
from tests.errors.running import run
from tests.tools.repository import commit, git, repository

__all__ = ["root"]

RS = {"r-base:cpu", "r-base:gpu", "child:one"}
FILE = "manifests/files/train.py"


def edit(folder: Path) -> None:
    change(R, "r-essentials=3.6.0", "r-essentials=3.6.1")(folder / "manifests")


def worktree(root: Path, other: Path) -> Path:
    git(root, "worktree", "add", "--quiet", "--detach", str(other))
    return other


def subfolder(root: Path, other: Path) -> Path:
    repository(other)
    shutil.copytree(root / "manifests", other / "images" / "ours" / "manifests")
    commit(other)
    return other / "images" / "ours"


def linked(root: Path, other: Path) -> Path:
    other.symlink_to(root)
    return other


def submodule(root: Path, other: Path) -> Path:
    repository(other)
    git(other, "-c", "protocol.file.allow=always", "submodule", "add", "--quiet", root.as_uri(), "ours")
    commit(other)
    return other / "ours"


def shallow(root: Path, other: Path) -> Path:
    git(root, "clone", "--quiet", "--depth=1", root.as_uri(), str(other))
    return other


def partial(root: Path, other: Path) -> Path:
    """A clone that has no file but those of its commit: git fetches others when they are asked for."""
    git(root, "config", "uploadpack.allowFilter", "true")
    git(root, "clone", "--quiet", "--filter=blob:none", root.as_uri(), str(other))
    return other


def packed(root: Path, other: Path) -> Path:
    git(root, "gc", "--quiet", "--aggressive", "--prune=now")
    return root


def detached(root: Path, other: Path) -> Path:
    git(root, "checkout", "--quiet", "--detach")
    return root


def sparse(root: Path, other: Path) -> Path:
    put("../other/large.bin", b"x")(root / "manifests")
    commit(root)
    git(root, "sparse-checkout", "set", "manifests")
    assert not (root / "other").exists()
    return root


def separate(root: Path, other: Path) -> Path:
    git(root, "init", "--quiet", f"--separate-git-dir={other}")
    return root


def with_hash_of_64_digits(root: Path, other: Path) -> Path:
    repository(other, "--object-format=sha256")
    shutil.copytree(root / "manifests", other / "manifests")
    commit(other)
    return other


KINDS: list[Callable[[Path, Path], Path]] = [
    worktree,
    subfolder,
    linked,
    submodule,
    shallow,
    partial,
    packed,
    detached,
    sparse,
    separate,
    with_hash_of_64_digits,
]


@pytest.mark.parametrize("make", KINDS, ids=[make.__name__ for make in KINDS])
def test_every_kind_of_repository(make: Callable[[Path, Path], Path], root: Path, tmp_path: Path) -> None:
    folder = make(root, tmp_path / "other folder")
    assert built(folder) == {}
    edit(folder)
    assert set(built(folder)) == RS
    explained = run(folder, "explain", "child:one", "--since", "HEAD")
    assert "  ~ package r-essentials: 3.6.0 -> 3.6.1\n" in explained.out


def test_a_partial_clone_fetches_what_changed(root: Path, tmp_path: Path) -> None:
    put("files/unused.bin", b"first")(root / "manifests")
    first = commit(root)
    put("files/unused.bin", b"second")(root / "manifests")
    edit(root)
    commit(root)
    folder = partial(root, tmp_path / "partial")
    absent = set(git(folder, "rev-list", "--objects", "--all", "--missing=print").split())
    assert {
        f"?{git(root, 'rev-parse', f'{first}:manifests/{name}')}" for name in (R, "files/unused.bin")
    } <= absent
    plan = run(folder, "list", "--since", first, "--format", "ids")
    assert set(plan.out.split()) == RS
    shutil.rmtree(root)
    assert run(folder, "list", "--since", first, "--format", "ids") == plan


def test_a_partial_clone_without_its_origin(root: Path, tmp_path: Path) -> None:
    edit(root)
    commit(root)
    folder = partial(root, tmp_path / "partial")
    shutil.rmtree(root)
    result = run(folder, "plan", "--since", "HEAD~1")
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith("error: cannot ask git: ")


def test_a_bare_repository(root: Path, tmp_path: Path) -> None:
    git(root, "clone", "--quiet", "--bare", root.as_uri(), str(tmp_path / "bare"))
    result = run(tmp_path / "bare", "plan", "--since", "HEAD")
    assert (result.code, result.out) == (2, "")
    assert "there is no folder `manifests`" in result.err


def test_a_catalogue_that_git_does_not_have_yet(tmp_path: Path, root: Path) -> None:
    folder = repository(tmp_path / "other")
    put("README.md", "x")(folder)
    commit(folder)
    shutil.copytree(root / "manifests", folder / "manifests")
    result = run(folder, "plan", "--since", "HEAD")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: `HEAD` holds no catalogue: there is no folder `manifests`\n  help: ")


def test_no_repository(tmp_path: Path, root: Path) -> None:
    shutil.rmtree(root / ".git")
    for command in (["plan"], ["list"], ["explain", "child:one"]):
        result = run(root, *command, "--since", "HEAD")
        assert (result.code, result.out) == (2, "")
        assert "is in no git repository" in result.err


def test_a_release_is_no_revision(root: Path) -> None:
    result = run(root, "plan", "--since", "20260101.v1")
    assert (result.code, result.out) == (2, "")
    assert "git knows no commit `20260101.v1`" in result.err
    assert "`rgraph diff 20260101.v1`" in result.err


def test_lines_that_git_ends_otherwise_on_the_disk(root: Path) -> None:
    """Where a checkout has CR LF, `git status` is clean, and so is the plan."""
    put(".gitattributes", "*.py text eol=crlf\n*.yaml text eol=crlf\n*.txt text eol=crlf\n*.lock eol=crlf\n")(
        root
    )
    commit(root)
    git(root, "rm", "--quiet", "-r", "--cached", ".")
    git(root, "reset", "--quiet", "--hard")
    assert b"\r\n" in (root / FILE).read_bytes()
    assert b"\r\n" in (root / "manifests" / R).read_bytes()
    assert git(root, "status", "--porcelain") == ""
    assert built(root) == {}
    (root / FILE).write_bytes((root / FILE).read_bytes() + b"more\r\n")
    assert "child:one" in built(root)


def test_lines_that_somebody_ended_otherwise(root: Path) -> None:
    """Without an attribute or a setting, git holds what the disk held: other bytes are another file."""
    (root / FILE).write_bytes((root / FILE).read_bytes().replace(b"\n", b"\r\n"))
    assert "child:one" in built(root)
    git(root, "config", "core.autocrlf", "true")
    assert built(root) == {}
    put(".gitattributes", "*.py -text\n")(root)
    assert "child:one" in built(root)


def test_files_that_git_lfs_keeps(root: Path) -> None:
    """Git holds a pointer, the disk what it points to; no program of git-lfs is needed to see that."""

    def stored(content: bytes) -> None:
        oid = hashlib.sha256(content).hexdigest()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"
        put("files/train.py", pointer)(root / "manifests")

    stored(b"print('large')\n")
    commit(root)
    assert built(root) == {}  # a clone without git-lfs has the pointer
    put("files/train.py", b"print('large')\n")(root / "manifests")
    assert built(root) == {}
    put("files/train.py", b"print('larger')\n")(root / "manifests")
    assert "child:one" in built(root)
    explained = run(root, "explain", "base:cpu", "--since", "HEAD")
    assert "  ~ file train.py changed\n    manifests/files/train.py:1\n" in explained.out
    stored(b"print('larger')\n")
    assert "child:one" in built(root)


NAMES = ["a b", "-x", ":(top)y", "\u00e9", '"q"', "$(touch x)", "a\\b", "*"]


@pytest.mark.parametrize("name", NAMES)
def test_unusual_names(name: str, root: Path) -> None:
    shutil.move(root / "manifests" / R, root / f"manifests/r/{name}.yaml")
    put(f"files/{name}", b"one")(root / "manifests")
    commit(root)
    assert workspace_at(root, "HEAD").catalog.files[name] == b"one"
    assert built(root) == {}
    change(f"r/{name}.yaml", "r-essentials=3.6.0", "r-essentials=3.6.1")(root / "manifests")
    assert set(built(root)) == RS


def test_a_name_that_is_no_text(root: Path) -> None:
    path = os.path.join(os.fsencode(root), b"manifests/base/odd\xff.yaml")
    os.rename(root / "manifests/base/base.yaml", path)
    commit(root)
    git(root, "checkout", "--quiet", "HEAD~1", "--", ".")
    os.unlink(path)
    result = run(root, "plan", "--since", "HEAD")
    assert (result.code, result.out) == (2, "")
    assert "HEAD:manifests/base/odd\\udcff.yaml:1:1: error: its name holds a character" in result.err


def test_nothing_of_a_repository_is_run(root: Path, tmp_path: Path) -> None:
    """Hooks, filters, converters of diffs, a pager, a monitor: programs that a repository can name."""
    witness = tmp_path / "witness"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho ran \"$0\" >>'{witness}'\ncat\n")
    program.chmod(0o755)
    assert run(root, "release", "cut", "--date", "20260101").code == 0
    put(".gitattributes", "* filter=own diff=own text eol=crlf ident\n")(root)
    commit(root)
    edit(root)
    shutil.rmtree(root / ".git/hooks")
    (root / ".git/hooks").mkdir()
    for name in (
        "post-checkout",
        "pre-commit",
        "post-index-change",
        "reference-transaction",
        "fsmonitor-watchman",
    ):
        shutil.copy(program, root / ".git/hooks" / name)
    for key in (
        *(
            "filter.own.clean",
            "filter.own.smudge",
            "filter.own.process",
            "diff.own.textconv",
            "diff.own.command",
        ),
        *("diff.external", "core.fsmonitor", "core.pager", "pager.log", "core.editor", "core.sshCommand"),
        *(
            "core.askPass",
            "gpg.program",
            "credential.helper",
            "alias.log",
            "alias.rev-parse",
            "alias.cat-file",
        ),
    ):
        git(root, "config", key, str(program) if not key.startswith("alias") else f"!{program}")
    git(root, "config", "log.showSignature", "true")
    for command in (["plan"], ["list"], ["explain", "child:one"]):
        assert run(root, *command, "--since", "HEAD").code == 0
    assert "package r-essentials: 3.6.0 -> 3.6.1" in run(root, "explain", "child:one").out
    assert not witness.exists()
    # The programs are real: git runs them where it is asked to.
    subprocess.run(["git", "-C", str(root), "diff", "HEAD"], capture_output=True, check=False)
    assert witness.exists()


def test_git_that_is_killed(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each of its runs in turn; the answer is never a plan."""
    folder = tmp_path / "bin"
    folder.mkdir()
    number = tmp_path / "number"
    real = shutil.which("git")
    program = folder / "git"
    program.write_text(
        f"#!/bin/sh\nleft=$(cat '{number}')\necho $((left - 1)) >'{number}'\n"
        f'if [ "$left" -eq 0 ]; then kill -KILL $$; fi\nexec {real} "$@"\n'
    )
    program.chmod(0o755)
    edit(root)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    killed = 0
    for runs in range(20):
        number.write_text(str(runs))
        result = run(root, "plan", "--since", "HEAD")
        if result.code == 0:
            break
        killed += 1
        assert (result.code, result.out) == (3, "")
        assert result.err == "error: cannot ask git: it was ended by the signal 9\n"
    assert killed >= 4
    assert result.code == 0


def test_a_commit_that_is_damaged(root: Path) -> None:
    head = git(root, "rev-parse", "HEAD")
    path = root / f".git/objects/{head[:2]}/{head[2:]}"
    path.chmod(0o644)
    path.write_bytes(b"x")
    result = run(root, "plan", "--since", "HEAD")
    assert (result.code, result.out) == (3, "")
    assert "corrupt" in result.err
