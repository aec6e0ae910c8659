"""What forbids a promotion, and what is deleted after a failure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rgraph.builds.naming import FINGERPRINT, by_content
from rgraph.engines.registry import Registry as Client
from rgraph.files.folder_lock import locked
from tests.cli.promoted import (
    OTHER,
    Spoil,
    answer,
    client,
    expected,
    made,
    nobody,
    production,
    promote,
    seen,
    staging,
)
from tests.engines.layouts import push
from tests.engines.running import Registry
from tests.errors.running import run, written
from tests.tools.promoting import IDS, Stage

__all__ = ["client", "made", "nobody", "production", "staging"]


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
