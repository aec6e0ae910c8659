"""What comes along with images, as the lock has it: in the lock, in notices and SBOMs, in answers."""

from __future__ import annotations

import json
from pathlib import Path

from rgraph import app
from rgraph.app import Workspace
from rgraph.errors import Problems
from rgraph.lock import Lock, LockedExternal, read_lock
from rgraph.locking import asked_for, lock_text, merged, problems_of, review, with_transitive
from rgraph.render.notices import Notices
from rgraph.render.readme import Readmes
from rgraph.render.sbom import Sboms
from tests.errors.running import catalogue, run

LIBC = "pkg:deb/ubuntu/libc6@2.31?distro=ubuntu-20.04"
ZLIB = "pkg:deb/ubuntu/zlib1g@1.2.11?distro=ubuntu-20.04"
CURL = "pkg:deb/ubuntu/curl@7.68.0-1ubuntu2?distro=ubuntu-20.04"
JOKE = "pkg:pypi/joke@1.0"
ALONG = {"ubuntu": {LIBC: "LGPL-2.1-or-later", ZLIB: ""}, "base:cpu": {CURL: "curl", JOKE: "LicenseRef-Joke"}}
FACTS = """\
kind: components
components:
  - {purl: pkg:deb/libc6, license: LGPL-2.0-or-later, status: verified, copyright: Somebody}
"""


def workspace(tmp_path: Path, along: object = None, facts: str = "") -> Workspace:
    root = catalogue(tmp_path)
    lock = {"transitive": ALONG if along is None else along}
    (root / "manifests" / "rgraph.lock").write_text(json.dumps(lock))
    if facts:
        (root / "manifests" / "components.yaml").write_text(facts)
    return Workspace(root)


def test_a_lock_without_any_is_written_as_before() -> None:
    lock = Lock(externals={"a": LockedExternal("a:1", "sha256:" + "0" * 64)})
    assert "transitive" not in lock_text(lock)
    assert with_transitive(lock, {"base:cpu": {}}) == lock


def test_written_and_read_it_is_the_same() -> None:
    lock = with_transitive(Lock(), ALONG)
    text = lock_text(lock)
    problems = Problems()
    assert read_lock(text.encode(), problems) == lock
    assert not len(problems)
    assert text.endswith(f'      "{LIBC}": "LGPL-2.1-or-later",\n      "{ZLIB}": ""\n    }}\n  }}\n}}\n')
    assert lock_text(with_transitive(lock, {"base:cpu": {}})).count("base:cpu") == 0


def test_other_answers_leave_it_alone() -> None:
    lock = with_transitive(Lock(), ALONG)
    after = merged(lock, {("download", "https://x.example/a"): "0" * 64})
    assert after.transitive == lock.transitive
    assert after.downloads


def test_what_is_about_nothing_is_unused_and_pruned(tmp_path: Path) -> None:
    found = workspace(tmp_path, {**ALONG, "base:gone": {LIBC: ""}})
    (entry,) = (each for each in review(found.resolved) if each.kind == "transitive")
    assert (entry.name, entry.state) == ("base:gone", "unused")
    assert entry not in asked_for([entry], upgrade=True)
    assert problems_of([entry]) == ()
    assert merged(found.catalog.lock, {}, [entry.key]).transitive == ALONG


def test_the_inventory_has_it_with_what_the_package_says(tmp_path: Path) -> None:
    inventory = workspace(tmp_path).inventory
    (libc, zlib) = (each for each in inventory.own("ubuntu") if each.transitive)
    assert (libc.purl, libc.license, libc.fact and libc.fact.status) == (LIBC, "LGPL-2.1-or-later", "assumed")
    assert (zlib.purl, zlib.license, zlib.fact) == (ZLIB, "", None)
    assert libc.place.path == ("transitive", "ubuntu", LIBC)
    assert {each.purl for _, each in inventory.all("base:cpu")} >= {LIBC, ZLIB, JOKE}


def test_what_a_manifest_declares_is_not_along(tmp_path: Path) -> None:
    inventory = workspace(tmp_path).inventory
    assert [each.transitive for each in inventory.own("base:cpu") if each.name == "curl"] == [False]


def test_a_fact_of_the_catalogue_holds_in_place_of_what_the_package_says(tmp_path: Path) -> None:
    (libc,) = (
        each for each in workspace(tmp_path, facts=FACTS).inventory.own("ubuntu") if "libc6" in each.purl
    )
    assert (libc.license, libc.fact and libc.fact.status) == ("LGPL-2.0-or-later", "verified")


def test_notices_sbom_and_readme(tmp_path: Path) -> None:
    found = workspace(tmp_path)
    view = app.view(found, found.ledger)
    notices = Notices(view).text("base:cpu").decode()
    assert "libc6 2.31" in notices
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in notices
    assert "No text supplied for LicenseRef-Joke" in notices
    components = {each["bom-ref"]: each for each in json.loads(Sboms(view).text("base:cpu"))["components"]}
    assert components[LIBC]["licenses"] == [{"license": {"id": "LGPL-2.1-or-later"}}]
    assert {"name": "rgraph:transitive", "value": "true"} in components[LIBC]["properties"]
    assert {"name": "rgraph:transitive", "value": "true"} not in components[CURL]["properties"]
    readme = Readmes(view).text(found.resolved.images["base:cpu"])
    assert "What comes along with it, 2 packages, stands in `sbom.cdx.json`." in readme
    assert "zlib1g" not in readme


def test_why(tmp_path: Path) -> None:
    root = workspace(tmp_path).root
    shown = run(root, "why", "joke")
    assert shown.code == 0
    assert "manifests/rgraph.lock:1:" in shown.out
    assert "comes along with base:cpu" in shown.out
    assert run(root, "components").out.count("zlib1g") == 2


def test_rules_about_manifests_do_not_see_it(tmp_path: Path) -> None:
    """That a parent has unasked what an image asks for is no fault of the image's; its licences count."""
    plain, along = tmp_path / "plain", tmp_path / "along"
    codes = []
    for folder, held in ((plain, {}), (along, {"ubuntu": {CURL: "", JOKE: ""}})):
        root = workspace(folder, held).root
        report = json.loads(run(root, "audit", "--as-of", "2026-01-01", "--format", "json").out)
        codes.append([each["rule"] for each in report["findings"]])
    assert set(codes[1]) - {"RG201"} == set(codes[0]) - {"RG201"}
    assert codes[1].count("RG201") == codes[0].count("RG201") + 2
