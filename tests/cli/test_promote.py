"""promote between two real registries: what is promoted, and what forbids it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from rgraph.builds.naming import FINGERPRINT, by_content
from rgraph.engines.credentials import Keyring
from rgraph.engines.registry import Registry as Client
from rgraph.engines.web import Web
from rgraph.files.folder_lock import locked
from rgraph.ledger import LEDGER_FILE, Digests, encode, line_hash
from tests.engines.layouts import push
from tests.engines.running import Registry, program, registry
from tests.errors.running import Result, run, written
from tests.tools.promoting import BASE_DIGEST, IDS, Stage, stage

OTHER = f"sha256:{'0' * 64}"
_numbers = count(1)


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry(tmp_path_factory.mktemp("staging")) as running:
        yield running


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry(tmp_path_factory.mktemp("production")) as running:
        yield running


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own credentials must not count."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "none"))


@pytest.fixture
def made(staging: Registry, production: Registry, tmp_path: Path) -> Stage:
    """A catalogue with paths of its own at both registries: no two tests meet."""
    return stage(tmp_path / "catalogue", staging, production, f"p{next(_numbers)}")


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Web() as web:
        yield Client(web, Keyring([Path("none.json")]))


def answer(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.out)
    return found


def promote(made: Stage, tag: str, *options: str) -> Result:
    return run(made.root, "promote", "--release", tag, *options)


def seen(client: Client, references: dict[str, str]) -> dict[str, str]:
    """Reference -> digest, of those that are there."""
    return dict(client.digests(references).found)


def expected(references: dict[str, str], digests: dict[str, str]) -> dict[str, str]:
    return {reference: digests[id] for reference, id in references.items()}


def pulled(reference: str, folder: Path) -> None:
    """Pulls an image with all its platforms, by another program: everything is there and whole."""
    command = [program("skopeo", "skopeo"), "--insecure-policy", "copy", "--all", "--quiet"]
    options = ["--src-tls-verify=false", f"docker://{reference}", f"dir:{folder}"]
    subprocess.run([*command, *options], check=True, capture_output=True)


def test_the_whole_story(made: Stage, client: Client, tmp_path: Path) -> None:
    digests, tag = made.build(), made.cut()
    before = written(made.root)
    prints = made.prints()

    dry = promote(made, tag, "--dry-run")
    assert dry.code == 0
    assert f"release {tag} would be promoted: 3 images (nothing was written: --dry-run)" in dry.out
    assert seen(client, made.released(tag) | made.floating()) == {}
    assert written(made.root) == before

    done = promote(made, tag)
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith(f"release {tag} was promoted: 3 images, digests in the ledger\n")
    everything = made.released(tag) | made.floating()
    assert seen(client, everything) == expected(everything, digests)
    for number, reference in enumerate(everything):
        pulled(reference, tmp_path / f"pulled{number}")

    release, line = made.ledger().lines
    assert line == Digests(digests, tag, line_hash(encode(release)))
    assert (made.root / LEDGER_FILE).read_bytes().startswith(before[LEDGER_FILE])
    # Generated files name parents by digest, and are up to date; fingerprints and the plan are as before.
    dockerfile = (made.root / "generated/mid/one/Dockerfile").read_text()
    assert f"FROM {made.production}/low:one-{tag}@{digests['low:one']}\n" in dockerfile
    assert run(made.root, "generate", "--check").code == 0
    assert made.prints() == prints
    assert {
        each["state"] for each in json.loads(run(made.root, "plan", "--format", "json").out)["images"]
    } == {"reuse"}

    shown = run(made.root, "release", "show", tag).out
    assert all(each in shown for each in digests.values())
    assert answer(run(made.root, "release", "show", tag, "--format", "json"))["digests"] == digests
    assert answer(run(made.root, "release", "list", "--format", "json"))["releases"][0]["promoted"] is True

    after = written(made.root)
    again = promote(made, tag, "--format", "json")
    assert (again.code, answer(again)["changed"], answer(again)["noted"]) == (0, False, False)
    assert written(made.root) == after
    # The records are not needed any more.
    (made.records() / "build.json").unlink()
    assert "nothing to change" in promote(made, tag).out


def test_the_next_release(made: Stage, client: Client) -> None:
    """What changed is promoted, what did not keeps its tags; floating tags follow the newest release."""
    old, first = made.build(), made.cut()
    assert promote(made, first).code == 0
    made.change("top:one", "2")
    new, second = made.build("8", ("top:one",)), made.cut("20260102", "8")
    assert promote(made, second).code == 0
    assert seen(client, made.released(second)) == expected(made.released(second, ("top:one",)), new)
    assert seen(client, made.floating()) == expected(made.floating(), old | new)
    # The older one again: it does not take back what moved on.
    assert "nothing to change" in promote(made, first).out
    assert seen(client, made.floating()) == expected(made.floating(), old | new)

    # Back to the first content: a retag, for which no build is needed.
    made.change("top:one", "1")
    third = made.cut("20260103")
    done = promote(made, third, "--build-number", "none")
    assert (done.code, done.err) == (0, "")
    assert "one (moves)" in done.out
    assert seen(client, made.floating()) == expected(made.floating(), old)
    assert made.ledger().promoted[third] == {"top:one": old["top:one"]}


def test_a_release_that_failed_does_not_block_the_next(made: Stage, client: Client) -> None:
    """What its images are made from comes along, if the same build tested it."""
    made.build("7")
    first = made.cut()
    made.change("top:one", "2")
    digests = made.build("8")
    second = made.cut("20260102", "8")
    done = promote(made, second)
    assert (done.code, done.err) == (0, "")
    there = made.released(first, ("low:one", "mid:one")) | made.released(second, ("top:one",))
    assert seen(client, there) == expected(there, digests)
    assert made.ledger().promoted == {second: {"top:one": digests["top:one"]}}
    assert "nothing to change" in promote(made, second).out


def test_releases_that_are_promoted_in_another_order(made: Stage, client: Client) -> None:
    old, first = made.build(), made.cut()
    made.change("top:one", "2")
    new, second = made.build("8", ("top:one",)), made.cut("20260102", "8")
    refused = promote(made, second)
    assert refused.code == 1
    assert "top:one: it is made from `mid:one`, which was not promoted" in refused.out
    assert f"help: `rgraph promote --release {first}` first" in refused.out
    assert seen(client, made.released(second)) == {}
    # Both were cut, none promoted: the first has the floating tags until the second comes.
    assert promote(made, first).code == promote(made, second).code == 0
    assert seen(client, made.floating()) == expected(made.floating(), old | new)


def test_several_platforms(made: Stage, client: Client, tmp_path: Path) -> None:
    digests = made.build("7", IDS, "amd64", "arm64")
    tag = made.cut()
    assert promote(made, tag).code == 0
    assert seen(client, made.released(tag)) == expected(made.released(tag), digests)
    pulled(next(iter(made.released(tag))), tmp_path / "pulled")
    assert len(list((tmp_path / "pulled").glob("*.manifest.json"))) == 2


def test_a_tag_that_exists_with_another_digest(made: Stage, client: Client, tmp_path: Path) -> None:
    made.build()
    tag = made.cut()
    taken = f"{made.production}/top:one-{tag}"
    host, _, image = taken.partition("/")
    other = push(tmp_path / "other", Registry(host), image, "somebody else's")
    before = written(made.root)
    done = promote(made, tag)
    assert done.code == 1
    assert f"top:one: `{taken}` exists and is {other[:19]}..., not sha256:" in done.out
    assert "1 obstacle: nothing was promoted" in done.out
    everything = made.released(tag) | made.floating()
    assert seen(client, everything) == {taken: other}
    assert written(made.root) == before
    # Nor is anything of it at the registry by its digest.
    assert client.tags(f"{made.production}/low").__class__.__name__ == "Missing"


Spoil = Callable[[Stage], object]


def moved(made: Stage) -> None:
    push(made.root.parent / "moved", made.staging, f"{made.area}/mid:one--7", "another")


def deleted(made: Stage) -> None:
    record = json.loads((made.records() / "build.json").read_text())
    made.staging.delete(f"{made.area}/mid", record["images"]["mid:one"]["digest"])


def untested(made: Stage) -> None:
    made.edit("tests.json", lambda images: images.pop("mid:one"))


def built_again(made: Stage) -> None:
    made.edit("tests.json", lambda images: images["mid:one"].update(digest=OTHER, image_id=OTHER))


def not_built(made: Stage) -> None:
    made.edit("build.json", lambda images: images.pop("mid:one"))


def skipped(made: Stage) -> None:
    made.edit("build.json", lambda images: images["mid:one"].update(state="skipped", digest=""))


def other_content(made: Stage) -> None:
    made.edit("build.json", lambda images: images["mid:one"].update(fingerprint=OTHER))


def not_pushed(made: Stage) -> None:
    made.edit("build.json", lambda images: images["mid:one"].update(digest=""))
    made.edit("tests.json", lambda images: images["mid:one"].update(digest=""))


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (moved, "--7` was moved after its test: it is sha256:"),
        (deleted, "--7` is not there any more"),
        (untested, "it was not tested (build 7)"),
        (built_again, "it was built again after its test: what was tested is another image"),
        (not_built, "it was not built: it is not in it (build 7)"),
        (skipped, "it was not built: it was skipped in it (build 7)"),
        (other_content, "build 7 made other content of it than the release has"),
        (not_pushed, "it was not pushed to staging (build 7)"),
    ],
)
def test_what_forbids_a_promotion(made: Stage, client: Client, spoil: Spoil, what: str) -> None:
    made.build()
    tag = made.cut()
    spoil(made)
    before = written(made.root)
    done = promote(made, tag)
    assert (done.code, done.err) == (1, "")
    assert done.out.startswith("mid:one: ")
    assert what in done.out
    assert "\n  help: " in done.out
    assert seen(client, made.released(tag) | made.floating()) == {}
    assert written(made.root) == before
    found = answer(promote(made, tag, "--format", "json"))
    assert found["promoted"] is False
    assert found["obstacles"][0]["image"] == "mid:one"


@pytest.mark.parametrize("labels", [{}, {FINGERPRINT: OTHER}])
def test_a_label_that_is_not_the_ledgers(made: Stage, client: Client, labels: dict[str, str]) -> None:
    made.build(labels={"mid:one": labels})
    tag = made.cut()
    done = promote(made, tag)
    assert done.code == 1
    says = "says that its content is sha256:000" if labels else "does not say what its content is"
    assert says in done.out
    assert seen(client, made.released(tag)) == {}


def test_a_parent_of_another_build_is_remarked(made: Stage) -> None:
    print = made.prints()["mid:one"]
    made.build(labels={"mid:one": {FINGERPRINT: print, BASE_DIGEST: OTHER}})
    done = promote(made, made.cut())
    assert done.code == 0
    assert done.err.startswith("mid:one: it was built upon sha256:000000000000... of `low:one`, and ")


def fails(made: Stage) -> None:
    def change(images: dict[str, Any]) -> None:
        images["mid:one"]["state"] = "failed"
        images["mid:one"]["tests"][0]["state"] = "failed"

    made.edit("tests.json", change)


def fails_to_build(made: Stage) -> None:
    made.edit(
        "build.json", lambda images: images["mid:one"].update(state="failed", digest="", reason="exit 1")
    )


@pytest.mark.parametrize(
    ("spoil", "what"),
    [(fails, "its test `it starts` failed"), (fails_to_build, "it was not built: exit 1")],
)
def test_after_a_failure_the_tags_of_that_build_are_deleted(
    made: Stage, client: Client, spoil: Spoil, what: str
) -> None:
    made.build("6")
    digests, tag = made.build(), made.cut()
    prints = made.prints()
    spoil(made)
    seven = {made.staged(id): id for id in IDS}
    would = promote(made, tag, "--dry-run")
    assert (would.code, "would be deleted" in would.out) == (1, True)
    assert seen(client, seven) == expected(seven, digests)

    done = promote(made, tag, "--format", "json")
    assert (done.code, done.err) == (1, "")
    found = answer(done)
    assert [(each["image"], each["what"]) for each in found["failures"]] == [("mid:one", what)]
    pushed = IDS if spoil is fails else ("low:one", "top:one")
    assert {each for each in found["deleted"] if "--7" in each} == {made.staged(id) for id in pushed}
    assert not set(seen(client, seven)) & {made.staged(id) for id in pushed}
    # Another build's are there, and what is well is found again by its content.
    six = {made.staged(id, "6"): id for id in IDS}
    assert seen(client, six) == expected(six, digests)
    contents = {by_content(f"{made.staging.host}/{made.area}", id, prints[id]): id for id in IDS}
    assert set(seen(client, contents).values()) >= {digests["low:one"]}
    assert digests["top:one"] not in seen(client, contents).values()
    assert seen(client, made.released(tag) | made.floating()) == {}
    assert made.ledger().promoted == {}
    # Once more: nothing is left to delete, and it is as forbidden.
    again = answer(promote(made, tag, "--format", "json"))
    assert (again["deleted"], again["promoted"]) == ([], False)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--release", "20200101.v1"], "there is no release `20200101.v1`"),
        (["--release", "TAG", "--build-number", "9"], "there is no record of the build `9`"),
        (["--release", "TAG", "--build-number", "a b"], "`a b` is no build number"),
    ],
)
def test_what_there_is_not(made: Stage, options: list[str], what: str) -> None:
    tag = made.cut()
    done = run(made.root, "promote", *(each.replace("TAG", tag) for each in options))
    assert done.code == 2
    assert done.err.startswith(f"error: {what}")


def test_staging_and_registry_may_be_one(staging: Registry, client: Client, tmp_path: Path) -> None:
    made = stage(tmp_path / "catalogue", staging, staging, f"p{next(_numbers)}", "public")
    digests, tag = made.build("7", IDS, "amd64", "arm64"), made.cut()
    assert promote(made, tag).code == 0
    assert seen(client, made.released(tag)) == expected(made.released(tag), digests)


def test_what_was_promoted_in_another_way(made: Stage, client: Client, tmp_path: Path) -> None:
    """Tags that lead to what was tested are no obstacle, whoever gave them; staging need not have it then."""
    digests, tag = made.build(), made.cut()
    host = made.production.partition("/")[0]
    for reference, id in made.released(tag).items():
        command = ["skopeo", "--insecure-policy", "copy", "--quiet", "--src-tls-verify=false"]
        ends = [f"docker://{made.staged(id)}", f"docker://{reference}"]
        subprocess.run([*command, "--dest-tls-verify=false", *ends], check=True, capture_output=True)
        made.staging.delete(f"{made.area}/{id.partition(':')[0]}", digests[id])
    assert reference.startswith(host)
    assert promote(made, tag).code == 0
    assert made.ledger().promoted == {tag: digests}
    assert seen(client, made.floating()) == expected(made.floating(), digests)


def test_a_retag_of_what_was_released_before_there_were_digests(made: Stage, client: Client) -> None:
    """Its digest is what its own tag leads to, if the label is right."""
    old, first = made.build(), made.cut()
    assert promote(made, first).code == 0
    # As if an older rgraph had done it.
    ledger = made.root / LEDGER_FILE
    ledger.write_bytes(ledger.read_bytes().splitlines(keepends=True)[0])
    made.change("top:one", "2")
    new, second = made.build("8", ("top:one",)), made.cut("20260102", "8")
    # Its parent is at the registry by the tag of its release.
    assert promote(made, second).code == 0
    assert seen(client, made.floating()) == expected(made.floating(), old | new)
    made.change("top:one", "1")
    third = made.cut("20260103")
    assert promote(made, third).code == 0
    assert made.ledger().promoted == {second: new, third: {"top:one": old["top:one"]}}
    assert seen(client, made.floating()) == expected(made.floating(), old)


def test_a_retag_of_what_is_not_there(made: Stage, client: Client) -> None:
    _, first = made.build(), made.cut()
    made.change("top:one", "2")
    made.build("8", ("top:one",))
    made.cut("20260102", "8")
    made.change("top:one", "1")
    third = made.cut("20260103")
    done = promote(made, third)
    assert done.code == 1
    assert done.out.startswith(f"top:one: `{made.production}/top:one-{first}` is not at its registry\n")
    assert f"help: `rgraph promote --release {first}` first" in done.out
    assert seen(client, made.floating()) == {}


def test_nothing_but_tags_of_the_build_is_deleted(made: Stage, client: Client) -> None:
    """A record may come from anywhere, and say anything."""
    digests, tag = made.build(), made.cut()
    assert promote(made, tag).code == 0
    made.change("top:one", "2")
    made.build("8", ("top:one",))
    second = made.cut("20260102", "8")
    released = next(iter(made.released(tag, ("top:one",))))
    made.edit("build.json", lambda images: images["top:one"].update(reference=released, state="timeout"), "8")
    done = promote(made, second, "--format", "json")
    assert (done.code, answer(done)["deleted"]) == (1, [])
    assert seen(client, {released: "top:one"}) == {released: digests["top:one"]}


@pytest.mark.parametrize(("key", "what"), [("staging", "staging registry"), ("registry", "registry to")])
def test_a_catalogue_without_registries(made: Stage, key: str, what: str) -> None:
    path = made.root / "manifests/catalog.yaml"
    path.write_text("\n".join(line for line in path.read_text().splitlines() if not line.startswith(key)))
    done = promote(made, made.cut())
    assert done.code == 2
    assert done.err.startswith(f"error: the catalogue names no {what}")


def test_a_build_that_another_run_works_on(made: Stage) -> None:
    made.build()
    tag = made.cut()
    with locked(made.records()):
        done = promote(made, tag)
    assert done.code == 2
    assert done.err.startswith("error: another run of rgraph works on the build `7`")


def test_another_promotion_that_takes_long(made: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    made.build()
    tag = made.cut()
    monkeypatch.setattr(locked.__wrapped__, "__defaults__", (0.1,))  # type: ignore[attr-defined]
    with locked(made.root / "generated/releases"):
        done = promote(made, tag)
    assert done.code == 2
    assert done.err.startswith("error: another run of rgraph promotes a release of this catalogue\n  help: ")


def test_a_record_that_is_damaged(made: Stage) -> None:
    made.build()
    tag = made.cut()
    (made.records() / "build.json").write_text("{")
    done = promote(made, tag)
    assert (done.code, "this is no record of a build" in done.err) == (2, True)
