"""Plans for what builds them: what holds for any of them, and what a service must be able to take."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgraph.app import Workspace, plan_of, view
from rgraph.errors import UsageError
from rgraph.fingerprint import fingerprints
from rgraph.inventory import Inventory
from rgraph.ledger import Entry, Ledger, Release, indexed
from rgraph.names import ReleaseTag
from rgraph.plan import Plan, make_plan
from rgraph.release.cut import cut
from rgraph.release.import_cfg import BUILD_NUMBER
from rgraph.render import pipelines
from rgraph.render.pipelines import (
    LIMIT,
    OUTPUTS,
    STRING,
    Machine,
    azure_pipelines,
    bake,
    github,
    leg_names,
    legs,
    pipeline,
    shard,
)
from rgraph.render.view import View
from rgraph.resolve import Resolved
from tests.cases.running import names, set_up
from tests.laws.strategies import Documents, catalogues, minimal, resolved

TAG = ReleaseTag("20260101.v1")
LATER = ReleaseTag("20260102.v1")


def seen(images: Resolved, ledger: Ledger | None = None) -> View:
    return View(images, fingerprints(images), ledger or Ledger(), Inventory(images))


def planned(view: View, release: ReleaseTag = TAG) -> Plan:
    return make_plan(view.resolved, view.fingerprints, view.ledger, release)


def released(documents: Documents) -> View:
    """A catalogue of which a release was cut, with all in it."""
    view = seen(resolved(documents))
    made = cut(planned(view), view.ledger, TAG)
    assert made is not None
    return seen(view.resolved, made.ledger)


def plain(document: Mapping[str, object]) -> Any:
    """A document as a service reads it."""
    return json.loads(msgspec.json.encode(document))


def waves_of(document: Mapping[str, Any]) -> Iterator[list[str]]:
    """Names of the legs of each wave, of either service; each wave needs the one before."""
    before: list[str] = []
    for name, wave in document.get("jobs", document.get("stages", {})).items():
        assert wave.get("needs", wave.get("dependsOn")) == before
        before = [name]
        if "matrix" in wave:
            yield [leg["leg"] for leg in wave["matrix"]["include"]]
        else:
            yield [name for job in wave["jobs"].values() for name in job["matrix"]]


@settings(max_examples=60)
@given(catalogues(), st.integers(1, 4), st.sampled_from([github, azure_pipelines]))
def test_every_image_is_in_one_leg_behind_all_that_it_needs(
    documents: Documents, limit: int, service: Any
) -> None:
    view = seen(resolved(documents))
    document = plain(service(view, planned(view), limit))
    done: set[str] = set()
    for wave in waves_of(document):
        assert 0 < len(wave) <= limit
        images = [work for leg in wave for work in document["legs"][leg]["images"]]
        for work in images:
            needed = {edge.to for edge in view.resolved.images[work["id"]].edges if not edge.external}
            assert needed <= done
            assert set(work["needs"]) == needed
            assert set(work["parents"]) == {view.reference(id) for id in needed}
        assert done.isdisjoint(work["id"] for work in images)
        done |= {work["id"] for work in images}
    assert done == set(view.resolved.images)
    assert sum(len(leg["images"]) for leg in document["legs"].values()) == len(done)


@settings(max_examples=30)
@given(catalogues())
def test_each_leg_has_the_tests_of_its_images(documents: Documents) -> None:
    view = seen(resolved(documents))
    for leg in plain(github(view, planned(view)))["legs"].values():
        for work in leg["images"]:
            node = view.resolved.images[work["id"]]
            own = {test.name for test in node.frame.tests}
            while not node.parent.external:
                node = view.resolved.images[node.parent.to]
                own |= {test.name for test in node.frame.tests}
            assert {test["name"] for test in work["tests"]} == own


@settings(max_examples=30)
@given(catalogues())
def test_a_released_catalogue_leaves_nothing_to_do(documents: Documents) -> None:
    view = released(documents)
    document = plain(github(view, planned(view, LATER)))
    assert [wave for wave in waves_of(document) if wave] == []
    assert document["legs"] == {}
    assert "target" not in bake(view, planned(view, LATER))


@given(
    st.dictionaries(
        st.builds(Machine, st.sampled_from(["linux", "windows"]), st.sampled_from(["", "a", "b"])),
        st.lists(st.integers(), min_size=1, max_size=40),
        min_size=1,
    ),
    st.integers(1, 12),
)
def test_shards_hold_all_and_are_few_and_even(groups: dict[Machine, list[int]], limit: int) -> None:
    parts = shard(groups, limit)
    assert len(parts) <= max(limit, len(groups))
    for machine, group in groups.items():
        mine = [part for each, part in parts if each == machine]
        assert [item for part in mine for item in part] == group
        sizes = [len(part) for part in mine]
        assert min(sizes) > 0
        assert max(sizes) - min(sizes) <= 1


@given(st.lists(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}:[A-Za-z0-9][A-Za-z0-9._-]{0,127}", fullmatch=True)))
def test_names_of_legs_are_what_both_services_take(ids: list[str]) -> None:
    ids = list(dict.fromkeys(ids))
    found = leg_names(ids)
    assert set(found) == set(ids)
    assert len({name.lower() for name in found.values()}) == len(ids)
    for name in found.values():
        assert name.isascii()
        assert name.isidentifier()
        assert not name.startswith("_")
        assert len(name) <= 100


def many(number: int, axis: str = "v") -> Documents:
    """A catalogue with one layer of many images."""
    rows = [f"{axis}{index}" for index in range(number)]
    return minimal(matrix={"row": rows}, variant="${{ row }}")


@pytest.mark.parametrize("number", [256, 257, 1000])
def test_a_wave_has_no_more_legs_than_a_service_takes(number: int) -> None:
    view = seen(resolved(many(number)))
    for service in (github, azure_pipelines):
        (wave,) = waves_of(plain(service(view, planned(view))))
        assert len(wave) == (256 if number == 256 else -(-number // -(-number // LIMIT)))
        assert len(wave) <= LIMIT


def test_a_matrix_is_no_longer_than_a_service_takes() -> None:
    view = seen(resolved(many(300, "v" * 105)))
    for document in (github(view, planned(view)), azure_pipelines(view, planned(view))):
        (wave,) = waves_of(plain(document))
        assert LIMIT // 2 < len(wave) < LIMIT - 20
    assert len(msgspec.json.encode(github(view, planned(view))["jobs"])) < STRING + 100


def test_all_matrices_together_fit_into_the_outputs_of_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = many(20)
    for level in range(1, 6):
        documents[f"manifests/l{level}.yaml"] = {
            **documents["manifests/base.yaml"],
            "name": f"l{level}",
            "from": f"{'base' if level == 1 else f'l{level - 1}'}:${{{{ row }}}}",
        }
    view = seen(resolved(documents))
    whole = legs(view, planned(view))
    assert [len(wave) for wave in whole] == [20] * 6
    monkeypatch.setattr(pipelines, "OUTPUTS", 3_000)
    document = plain(github(view, planned(view)))
    counts = [len(wave) for wave in waves_of(document)]
    assert max(counts) < 20
    matrices = [wave["matrix"] for wave in document["jobs"].values()]
    assert sum(len(json.dumps(each, separators=(",", ":"))) for each in matrices) <= 3_000
    assert sum(len(leg["images"]) for leg in document["legs"].values()) == 120
    monkeypatch.setattr(pipelines, "OUTPUTS", 100)
    with pytest.raises(UsageError, match="6 waves"):
        github(view, planned(view))
    assert OUTPUTS == 500_000


def test_machines_are_told_apart() -> None:
    documents = minimal(matrix={"below": ["debian", "servercore"]}, variant="${{ below }}")
    documents["manifests/base.yaml"] |= {"from": "${{ below }}"}
    documents["manifests/catalog.yaml"]["platforms"] = ["linux/amd64", "linux/arm64", "windows/amd64"]
    documents["manifests/arm.yaml"] = {
        "kind": "base", "name": "arm", "from": "debian", "variant": "1", "platforms": "linux/arm64",
    }  # fmt: skip
    documents["manifests/top.yaml"] = {
        "kind": "r", "name": "top", "from": "base:servercore", "variant": "1",
    }  # fmt: skip
    view = seen(resolved(documents))
    on_github = plain(github(view, planned(view)))
    runners = {
        leg["leg"]: leg["runner"] for wave in on_github["jobs"].values() for leg in wave["matrix"]["include"]
    }
    assert runners == {
        "arm_1": ["ubuntu-24.04-arm"],
        "base_debian": ["ubuntu-latest"],
        "base_servercore": ["self-hosted", "Windows", "10.0.17763"],
        "top_1": ["self-hosted", "Windows", "10.0.17763"],
    }
    stages = plain(azure_pipelines(view, planned(view)))["stages"]
    assert {group: list(job["matrix"]) for group, job in stages["wave_1"]["jobs"].items()} == {
        "linux": ["base_debian"],
        "linux_arm64": ["arm_1"],
        "windows": ["base_servercore"],
    }
    assert stages["wave_2"]["jobs"]["windows"]["matrix"]["top_1"]["legHost"] == "10.0.17763"


SECRET = {"github": [{"repo": "o/r", "ref": "v1", "name": "sdk", "auth": "GITHUB_PAT"}]}


def test_a_build_secret_is_named_and_has_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_PAT", "a-value-of-mine")
    view = seen(resolved(minimal(steps=[SECRET])))
    for format in ("github", "azure-pipelines", "bake"):
        text = pipeline(view, planned(view), format)
        assert "GITHUB_PAT" in text
        assert "a-value-of-mine" not in text
    (leg,) = plain(github(view, planned(view)))["legs"].values()
    assert leg["images"][0]["secrets"] == ["GITHUB_PAT"]
    (target,) = plain(bake(view, planned(view)))["target"].values()
    assert target["secret"] == ["id=GITHUB_PAT,env=GITHUB_PAT"]


def two_layers(**catalog: str) -> Documents:
    documents = minimal(steps=[{"env": {"A": "1"}}])
    documents["manifests/catalog.yaml"] |= {"registry": "registry.example.com", **catalog}
    documents["manifests/top.yaml"] = {
        "kind": "r",
        "name": "top",
        "from": "base:1",
        "variant": "1",
        "steps": [],
    }
    return documents


def test_what_only_lacks_tags_is_copied_and_not_built() -> None:
    before = released(two_layers(staging="staging.example.com/x"))
    documents = two_layers(staging="staging.example.com/x")
    documents["manifests/base.yaml"]["repository"] = "renamed"
    documents["manifests/top.yaml"]["steps"] = [{"env": {"B": "2"}}]
    view = seen(resolved(documents), before.ledger)
    plan = planned(view, LATER)
    assert {each.image.id: each.state for each in plan.images} == {"base:1": "retag", "top:1": "build"}
    works = {work["id"]: work for leg in plain(github(view, plan))["legs"].values() for work in leg["images"]}
    assert works["base:1"]["state"] == "retag"
    assert works["base:1"]["source"] == f"registry.example.com/base:1-{TAG}"
    staged = f"staging.example.com/x/base:1--{BUILD_NUMBER}"
    assert works["base:1"]["staged"] == staged
    assert works["top:1"]["parents"] == {"registry.example.com/renamed:1": staged}
    targets = plain(bake(view, plan))["target"]
    assert list(targets) == ["top_1"]
    source = works["base:1"]["source"]
    assert targets["top_1"]["contexts"] == {"registry.example.com/renamed:1": f"docker-image://{source}"}


def test_what_no_tag_leads_to_any_more_is_built() -> None:
    documents = two_layers()
    documents["manifests/base.yaml"]["tags"] = ["only"]
    documents["manifests/top.yaml"]["tags"] = ["only"]
    view = released(documents)
    taken = Release(LATER, view.ledger.head, {"other:1": Entry("sha256:" + "0" * 64, ("base:only",))})
    view = seen(view.resolved, indexed([*view.ledger.releases, taken], "sha256:" + "1" * 64))
    plan = planned(view, ReleaseTag("20260103.v1"))
    assert {each.image.id: each.state for each in plan.images} == {"base:1": "retag", "top:1": "reuse"}
    (leg,) = plain(github(view, plan))["legs"].values()
    assert leg["images"][0]["state"] == "build"
    assert list(plain(bake(view, plan))["target"]) == ["base_1"]


def test_a_bake_file_never_pushes_a_release_a_second_time() -> None:
    view = released(two_layers())
    every = make_plan(view.resolved, view.fingerprints, view.ledger, LATER)
    forced = Plan(tuple(msgspec.structs.replace(each, state="build") for each in every.images))
    tags = [target["tags"] for target in plain(bake(view, forced))["target"].values()]
    assert tags == [["registry.example.com/base:1"], ["registry.example.com/top:1"]]


def read_by_bake(buildx: Path, folder: Path, text: str, *targets: str) -> Any:
    (folder / "plan.json").write_text(text, "utf-8")
    made = subprocess.run(
        [buildx, "bake", "--file", "plan.json", "--print", *targets],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
    )
    return json.loads(made.stdout)


@pytest.mark.parametrize("case", names())
def test_bake_reads_the_plan(case: str, tmp_path: Path, buildx: Path) -> None:
    set_up(case, tmp_path)
    workspace = Workspace(tmp_path)
    plan = plan_of(workspace, [], [], "", "20261121", None, "")
    text = pipeline(view(workspace, workspace.ledger), plan, "bake")
    targets = read_by_bake(buildx, tmp_path, text, "all").get("target", {})
    building = [each for each in plan.images if each.state == "build"]
    tags = {tag for target in targets.values() for tag in target["tags"]}
    assert len(targets) == len(building)
    for each in building:
        address = view(workspace, workspace.ledger).address(each.image)
        assert {f"{address}:{tag}" for tag in each.tags} <= tags
    for target in targets.values():
        assert (tmp_path / target["context"] / target["dockerfile"]).is_file()
        for context in target.get("contexts", {}).values():
            assert context.startswith("docker-image://") or context.removeprefix("target:") in targets


def test_bake_reads_a_plan_with_nothing_in_it(tmp_path: Path, buildx: Path) -> None:
    view = released(two_layers())
    text = pipeline(view, planned(view, LATER), "bake")
    assert read_by_bake(buildx, tmp_path, text, "all").get("target", {}) == {}


def test_plans_are_the_same_each_time() -> None:
    documents = two_layers()
    first, second = (seen(resolved(documents)) for _ in range(2))
    formats: Sequence[pipelines.Format] = ("github", "azure-pipelines", "bake")
    for format in formats:
        assert pipeline(first, planned(first), format) == pipeline(second, planned(second), format)
