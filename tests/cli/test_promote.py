"""promote between two real registries: what is promoted, under which tags."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from rgraph.builds.naming import FINGERPRINT
from rgraph.engines.registry import Registry as Client
from rgraph.ledger import LEDGER_FILE, Digests, encode, line_hash
from tests.cli.promoted import (
    OTHER,
    _numbers,
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
from tests.engines.running import Registry, program
from tests.errors.running import run, written
from tests.tools.promoting import BASE_DIGEST, IDS, Stage, stage

__all__ = ["client", "made", "nobody", "production", "staging"]


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


def test_a_parent_of_another_build_is_remarked(made: Stage) -> None:
    print = made.prints()["mid:one"]
    made.build(labels={"mid:one": {FINGERPRINT: print, BASE_DIGEST: OTHER}})
    done = promote(made, made.cut())
    assert done.code == 0
    assert done.err.startswith("mid:one: it was built upon sha256:000000000000... of `low:one`, and ")


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
