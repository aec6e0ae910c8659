"""Reading revisions of real repositories, friendly and hostile ones."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from rgraph.app import Workspace
from rgraph.engines.errors import CouldNotAskError
from rgraph.engines.git import commit_of, commit_of_release, is_shallow, read_revision
from rgraph.errors import ManifestError, Problems, UsageError
from rgraph.files.reader import MAX_MANIFEST_SIZE, Sources, read_sources
from rgraph.files.snapshot import RevisionError
from rgraph.history import workspace_at
from rgraph.names import ReleaseTag
from tests.errors.running import catalogue
from tests.tools.repository import commit, git, repository


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The common catalogue, committed."""
    folder = repository(tmp_path / "catalogue")
    catalogue(folder)
    commit(folder)
    return folder


def put(root: Path, name: str, content: bytes | str = b"x\n") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def both(root: Path) -> tuple[Sources, list[object], Sources, list[object]]:
    """What the disk holds, and what its last commit does, with their problems."""
    on_disk, in_git = Problems(), Problems()
    disk = read_sources(root, on_disk)
    stored = read_sources(root, in_git, read_revision(root, "HEAD"))
    return disk, sorted(on_disk, key=str), stored, sorted(in_git, key=str)


def test_a_revision_reads_as_the_disk_does(root: Path) -> None:
    put(root, "manifests/files/deep/er/bytes.bin", bytes(range(256)))
    put(root, "manifests/notices/a.txt", b"\xef\xbb\xbfone\r\ntwo\n")
    put(root, "manifests/.hidden/x.yaml")
    put(root, "manifests/files/.hidden")
    put(root, "manifests/files/empty", b"")
    put(root, "manifests/rgraph.lock", '{"schema": 1}')
    put(root, "manifests/README.md")
    commit(root)
    disk, problems, stored, others = both(root)
    assert stored == disk
    assert problems == others == []


def test_the_ledger_is_left_out(root: Path) -> None:
    put(root, "manifests/releases.jsonl", "not a ledger\n")
    commit(root)
    assert read_sources(root, tree=read_revision(root, "HEAD")).ledger is None
    (root / "manifests/releases.jsonl").unlink()
    assert workspace_at(root, "HEAD").ledger.releases == ()


def test_problems_are_those_of_the_disk(root: Path) -> None:
    (root / "manifests/link.yaml").symlink_to("catalog.yaml")
    (root / "manifests/folder").symlink_to("base")
    put(root, "manifests/files/x")
    (root / "manifests/files/link").symlink_to("x")
    put(root, "manifests/notices/bad.txt", b"a\n\xff")
    (root / "manifests/notices/link.txt").symlink_to("bad.txt")
    put(root, "manifests/base/odd\u200b.yaml")
    put(root, "manifests/large.yaml", b"#" * (MAX_MANIFEST_SIZE + 1))
    put(root, f"manifests/{'d/' * 31}deep.yaml")
    put(root, "manifests/broken.yaml", "kind: [\n")
    commit(root)
    disk, problems, stored, others = both(root)
    assert others == problems
    assert len(problems) == 9
    assert stored == disk


def test_manifests_that_are_a_link(root: Path) -> None:
    shutil.move(root / "manifests", root / "elsewhere")
    (root / "manifests").symlink_to("elsewhere")
    commit(root)
    with pytest.raises(ManifestError, match="symbolic link"):
        read_sources(root, tree=read_revision(root, "HEAD"))


@pytest.mark.parametrize("path", ["manifests/sub", "manifests/files/sub", "manifests/notices/sub.txt"])
def test_a_submodule_is_refused(path: str, root: Path) -> None:
    id = git(root, "rev-parse", "HEAD")
    put(root, "manifests/notices/a.txt")
    put(root, "manifests/files/a.txt")
    git(root, "add", "--all")
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{id},{path}")
    git(root, "commit", "--quiet", "-m", "submodule")
    with pytest.raises(RevisionError) as raised:
        workspace_at(root, "HEAD")
    assert [(each.place.file, each.what.partition(":")[0]) for each in raised.value.problems] == [
        (path, "is a submodule")
    ]


def test_attributes_change_nothing(root: Path) -> None:
    """`git archive` would leave these files out or rewrite them."""
    put(root, ".gitattributes", "*.yaml export-ignore\n*.txt export-subst\n*.sh text eol=crlf\n")
    put(root, "manifests/files/run.sh", "a\nb\n")
    put(root, "manifests/notices/a.txt", "$Format:%H$\n")
    commit(root)
    _, _, stored, problems = both(root)
    assert problems == []
    assert len(stored.documents) == len(list((root / "manifests").rglob("*.yaml")))
    assert stored.notices["a.txt"] == "$Format:%H$\n"
    assert stored.files["run.sh"] == b"a\nb\n"


def test_what_is_known_is_not_read_again(root: Path) -> None:
    disk = read_sources(root)
    put(root, "manifests/files/new.yaml", disk.documents[0].raw)
    commit(root)
    known = {each.raw for each in disk.documents[1:]}
    stored = read_sources(root, tree=read_revision(root, "HEAD", known, {"manifests/files/x": b"unused"}))
    assert [(each.file, each.raw) for each in stored.documents] == [
        (each.file, each.raw) for each in disk.documents
    ]
    assert [each.data is None for each in stored.documents] == [False] + [True] * len(known)
    assert stored.files["new.yaml"] == disk.documents[0].raw


def test_manifests_are_shared_with_the_present_catalogue(root: Path) -> None:
    now = Workspace(root)
    then = workspace_at(root, "HEAD", now)
    assert then.fingerprints == now.fingerprints
    name = next(iter(now.catalog.layers))
    assert then.catalog.layers[name].manifest is now.catalog.layers[name].manifest


def test_a_manifest_with_the_bytes_of_a_file_to_copy(root: Path) -> None:
    manifest = (root / "manifests/base/base.yaml").read_bytes()
    put(root, "manifests/files/base.yaml", manifest)
    (root / "manifests/base/base.yaml").write_bytes(manifest + b"# changed\n")
    now = Workspace(root)
    assert workspace_at(root, "HEAD", now).fingerprints == now.fingerprints


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_every_kind_of_object_id(algorithm: str, tmp_path: Path) -> None:
    folder = repository(tmp_path / "catalogue", f"--object-format={algorithm}")
    catalogue(folder)
    assert len(commit(folder)) == (40 if algorithm == "sha1" else 64)
    disk = read_sources(folder)
    stored = read_sources(folder, tree=read_revision(folder, "HEAD", {each.raw for each in disk.documents}))
    assert all(each.data is None for each in stored.documents)


def test_a_catalogue_in_a_subfolder(tmp_path: Path) -> None:
    top = repository(tmp_path / "top")
    put(top, "manifests/catalog.yaml", "kind: other\n")
    below = top / "a folder" / "-x :(top) \u00e9\n"
    catalogue(below)
    commit(top)
    assert read_sources(below, tree=read_revision(below, "HEAD")) == read_sources(below)
    shutil.copytree(below, top / "later")
    with pytest.raises(UsageError, match="there is no folder `later/manifests`"):
        read_revision(top / "later", "HEAD")


def test_a_repository_without_the_folder(tmp_path: Path) -> None:
    folder = repository(tmp_path / "catalogue")
    put(folder, "README.md")
    first = commit(folder)
    catalogue(folder)
    commit(folder)
    with pytest.raises(UsageError, match=r"holds no catalogue: there is no folder `manifests`") as raised:
        read_revision(folder, first)
    assert raised.value.help
    assert read_revision(folder, "HEAD").kind("manifests") == "folder"


@pytest.mark.parametrize(
    "rev",
    [
        "",
        "nope",
        "-x",
        "--",
        "--all",
        "--help",
        "--output=x",
        "--git-dir=/nowhere",
        "-n1 HEAD",
        "HEAD\n--all",
        "HEAD\0",
        "HEAD x",
        "HEAD..HEAD",
        "^HEAD",
        "HEAD:manifests",
        "HEAD^{tree}",
        ":/nothing of the kind",
        "HEAD~100",
        "refs/heads/*",
        "f" * 40,
        "\udcff",
        "$(touch x)",
        "../x",
    ],
    ids=ascii,
)
def test_what_is_no_revision(rev: str, root: Path) -> None:
    before = sorted(root.rglob("*"))
    with pytest.raises(UsageError) as raised:
        read_revision(root, rev)
    assert raised.value.help
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("rev", ["HEAD", "main", "@", "HEAD~1", "v1", "HEAD^0", "HEAD^{/first}", "-odd"])
def test_what_is_one(rev: str, root: Path) -> None:
    commit(root, "first")
    git(root, "tag", "-a", "v1", "-m", "v1")
    commit(root, "second")
    git(root, "update-ref", "refs/heads/-odd", "HEAD")
    assert len(commit_of(root, rev)) == 40
    assert read_revision(root, rev).label == rev


def test_a_shallow_clone(root: Path, tmp_path: Path) -> None:
    commit(root)
    git(tmp_path, "clone", "--quiet", "--depth=1", root.as_uri(), "shallow")
    assert read_revision(tmp_path / "shallow", "HEAD").kind("manifests") == "folder"
    with pytest.raises(UsageError, match="git knows no commit `HEAD~1`") as raised:
        read_revision(tmp_path / "shallow", "HEAD~1")
    assert "shallow" in raised.value.help


def test_variables_that_lead_elsewhere(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = repository(tmp_path / "other")
    put(other, "manifests/catalog.yaml")
    commit(other)
    for name, value in {
        "GIT_DIR": other / ".git",
        "GIT_WORK_TREE": other,
        "GIT_INDEX_FILE": other / "index",
        "GIT_OBJECT_DIRECTORY": other / ".git/objects",
        "GIT_COMMON_DIR": other / ".git",
        "GIT_NAMESPACE": "other",
        "GIT_PREFIX": "manifests/",
        "GIT_ICASE_PATHSPECS": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "LC_ALL": "de_DE.UTF-8",
    }.items():
        monkeypatch.setenv(name, str(value))
    assert read_sources(root, tree=read_revision(root, "HEAD")) == read_sources(root)
    with pytest.raises(UsageError, match="git knows no commit"):
        read_revision(root, "nope")
    assert commit_of_release(root, ReleaseTag("20260101.v1")) == ""


def test_no_repository(tmp_path: Path) -> None:
    catalogue(tmp_path)
    for ask in (lambda: read_revision(tmp_path, "HEAD"), lambda: commit_of_release(tmp_path, RELEASE)):
        with pytest.raises(UsageError, match="is in no git repository"):
            ask()


RELEASE = ReleaseTag("20260101.v1")


def test_no_git(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(root))
    with pytest.raises(CouldNotAskError, match="cannot ask git: there is no such program") as raised:
        read_revision(root, "HEAD")
    assert raised.value.exit_code == 3
    put(root, "git", "not a program").chmod(0o644)
    with pytest.raises(CouldNotAskError):
        read_revision(root, "HEAD")


def test_a_repository_of_somebody_else(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    with pytest.raises(CouldNotAskError, match="does not trust the repository") as raised:
        read_revision(root, "HEAD")
    assert f"safe.directory {root.resolve()}" in raised.value.help
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "*")
    assert read_revision(root, "HEAD").kind("manifests") == "folder"


def test_an_object_that_is_missing(root: Path) -> None:
    id = git(root, "rev-parse", "HEAD:manifests/catalog.yaml")
    (root / f".git/objects/{id[:2]}/{id[2:]}").unlink()
    with pytest.raises(CouldNotAskError, match=id):
        read_revision(root, "HEAD")


def test_a_repository_without_commits(tmp_path: Path) -> None:
    folder = repository(tmp_path / "catalogue")
    catalogue(folder)
    with pytest.raises(UsageError, match="git knows no commit `HEAD`"):
        read_revision(folder, "HEAD")


def test_the_commit_of_a_release(root: Path) -> None:
    lines = ['{"tag":"20260101.v1","previous":"","images":{}}\n', '{"tag":"20260101.v11","previous":"x"}\n']
    assert commit_of_release(root, RELEASE) == ""
    put(root, "manifests/releases.jsonl", lines[0])
    first = commit(root)
    put(root, "manifests/base/more.txt")
    commit(root)
    put(root, "manifests/releases.jsonl", "".join(lines))
    git(root, "config", "log.showSignature", "true")
    third = commit(root)
    assert commit_of_release(root, RELEASE) == first
    assert commit_of_release(root, ReleaseTag("20260101.v11")) == third
    assert commit_of_release(root, ReleaseTag("20260101.v2")) == ""


def test_the_commit_of_a_release_that_was_merged(root: Path) -> None:
    """Both sides cut a release; the merge has lines that neither side had."""
    base = git(root, "rev-parse", "HEAD")
    put(root, "manifests/releases.jsonl", '{"tag":"20260101.v1","previous":""}\n')
    first = commit(root)
    git(root, "checkout", "--quiet", "-b", "side", base)
    put(root, "manifests/releases.jsonl", '{"tag":"20260101.v2","previous":""}\n')
    second = commit(root)
    git(root, "checkout", "--quiet", "main")
    with pytest.raises(subprocess.CalledProcessError):
        git(root, "merge", "--quiet", "side")
    put(
        root,
        "manifests/releases.jsonl",
        '{"tag":"20260101.v1","previous":""}\n{"tag":"20260102.v1","previous":"x"}\n',
    )
    merge = commit(root)
    assert merge not in (first, second)
    assert len(git(root, "show", "--no-patch", "--format=%P", merge).split()) == 2
    put(root, "manifests/base/more.txt")
    commit(root)
    assert commit_of_release(root, RELEASE) == first
    assert commit_of_release(root, ReleaseTag("20260101.v2")) == second
    assert commit_of_release(root, ReleaseTag("20260102.v1")) == merge


def test_the_commit_of_a_release_is_the_first_whatever_the_clocks(root: Path) -> None:
    put(root, "manifests/releases.jsonl", '{"tag":"20260101.v1"}\n')
    first = commit(root)
    for number, date in enumerate(("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "2010-01-01T00:00:00Z")):
        put(root, "manifests/releases.jsonl", '{"tag":"20260101.v1"}\n' * (number % 2))
        git(root, "add", "--all")
        tree = git(root, "write-tree")
        made = git(root, "commit-tree", tree, "-p", "HEAD", "-m", date, date=date)
        git(root, "update-ref", "HEAD", made)
    assert commit_of_release(root, RELEASE) == first


def test_whether_a_clone_is_shallow(root: Path, tmp_path: Path) -> None:
    commit(root)
    git(tmp_path, "clone", "--quiet", "--depth=1", root.as_uri(), "shallow")
    assert (is_shallow(root), is_shallow(tmp_path / "shallow")) == (False, True)
    with pytest.raises(UsageError, match="is in no git repository"):
        is_shallow(tmp_path)
