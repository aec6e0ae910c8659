"""A catalogue of three images, one on the other; a staging registry that holds a build of them, with the
build's records; and the registry that it is promoted to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from rgraph.builds.naming import FINGERPRINT, by_content
from rgraph.builds.record import BuildRecord, BuiltImage, TestedImage, TestRecord, TestResult, encode
from rgraph.errors import Problems
from rgraph.ledger import LEDGER_FILE, Ledger, read_ledger
from tests.engines.layouts import push
from tests.engines.running import Registry
from tests.errors.running import run

IDS = ("low:one", "mid:one", "top:one")
BASE_DIGEST = "org.opencontainers.image.base.digest"


class Stage(NamedTuple):
    """A catalogue and its two registries."""

    root: Path
    staging: Registry
    area: str
    """The path below which staging has its images."""
    production: str
    """Host, and the path below which its images are."""

    def cut(self, date: str = "20260101", number: str = "7") -> str:
        """Cuts a release of the catalogue; its tag."""
        arguments = ["--date", date, "--build-number", number, "--format", "json"]
        done = run(self.root, "release", "cut", *arguments)
        assert done.code == 0, done.err
        tag: str = json.loads(done.out)["tag"]
        return tag

    def change(self, id: str, value: str) -> None:
        """Gives an image, and with it all that stand on it, other content."""
        layer = id.partition(":")[0]
        path = self.root / "manifests" / f"{layer}.yaml"
        path.write_text(yaml.safe_dump({**_layer(layer), "steps": [{"env": {"X": value}}]}, sort_keys=False))

    def prints(self) -> dict[str, str]:
        """Id -> fingerprint, as the catalogue is now."""
        plan = json.loads(run(self.root, "plan", "--format", "json").out)
        return {image["id"]: image["fingerprint"] for image in plan["images"]}

    def build(
        self,
        number: str = "7",
        ids: tuple[str, ...] = IDS,
        *architectures: str,
        labels: Mapping[str, Mapping[str, str]] | None = None,
        text: str = "",
    ) -> dict[str, str]:
        """Pushes what `rgraph build` would, and writes the records of a build and a test that went well.

        `labels`: id -> labels in place of the right ones. Id -> digest.
        """
        prints, digests, below = self.prints(), dict[str, str](), list[str]()
        for id in IDS:
            layer, _, variant = id.partition(":")
            content = f"{id} {prints[id]} {text}"
            right = {FINGERPRINT: prints[id]}
            if id in ids:
                own = (labels or {}).get(id, right)
                name = f"{self.area}/{layer}:{variant}--{number}"
                images = self.root.parent / "images"
                digest = push(images, self.staging, name, content, *architectures, below=below, labels=own)
                same = by_content(self.area, id, prints[id])
                push(images, self.staging, same, content, *architectures, below=below, labels=own)
                digests[id] = digest
            below.append(content)
        built = {
            id: BuiltImage(
                prints[id], "built", self.staged(id, number), digest, digest, 1.0, f"logs/{id}.log", ""
            )
            for id, digest in digests.items()
        }
        passed = (TestResult("it starts", "passed", 0.1, 0, ""),)
        tested = {id: TestedImage(digest, digest, "passed", passed) for id, digest in digests.items()}
        folder = self.records(number)
        folder.mkdir(parents=True, exist_ok=True)
        record = BuildRecord(number=number, pushed=True, images=built)
        (folder / "build.json").write_bytes(encode(record))
        (folder / "tests.json").write_bytes(encode(TestRecord(number=number, images=tested)))
        return digests

    def staged(self, id: str, number: str = "7") -> str:
        """The name of an image of a build."""
        return f"{self.staging.host}/{self.area}/{id}--{number}"

    def records(self, number: str = "7") -> Path:
        """The folder of a build's records."""
        return self.root / ".rgraph/builds" / number

    def edit(self, name: str, change: Callable[[dict[str, Any]], object], number: str = "7") -> None:
        """Changes a record: its images are given to `change`."""
        path = self.records(number) / name
        record = json.loads(path.read_text())
        change(record["images"])
        path.write_text(json.dumps(record))

    def ledger(self) -> Ledger:
        """The ledger, in which nothing is wrong."""
        problems = Problems()
        found = read_ledger((self.root / LEDGER_FILE).read_bytes(), problems)
        assert list(problems) == []
        return found

    def released(self, tag: str, ids: tuple[str, ...] = IDS) -> dict[str, str]:
        """Reference with the release's tag -> id, at the registry."""
        return {f"{self.production}/{id.partition(':')[0]}:one-{tag}": id for id in ids}

    def floating(self, ids: tuple[str, ...] = IDS) -> dict[str, str]:
        """Reference that moves -> id, at the registry."""
        return {f"{self.production}/{id.partition(':')[0]}:one": id for id in ids}


def stage(root: Path, staging: Registry, production: Registry, area: str, public: str = "") -> Stage:
    """The catalogue, written; nothing is cut or built yet.

    `area` is a path at both registries; at the one to promote to it may be followed by another one.
    """
    target = f"{production.host}/{area}{public}"
    manifests = root / "manifests"
    manifests.mkdir(parents=True)
    documents: dict[str, dict[str, Any]] = {
        "catalog": {
            "kind": "catalog",
            "name": "three",
            "registry": target,
            "staging": f"{staging.host}/{area}",
        },
        "externals": {"kind": "externals", "externals": {"debian": {"reference": "debian:12.9"}}},
        **{id.partition(":")[0]: _layer(id.partition(":")[0]) for id in IDS},
    }
    for name, content in documents.items():
        (manifests / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return Stage(root, staging, area, target)


def _layer(name: str) -> dict[str, Any]:
    below = {"low": "debian", "mid": "low:one", "top": "mid:one"}[name]
    return {"kind": "base", "name": name, "from": below, "variant": "one", "steps": [{"env": {"X": "1"}}]}
