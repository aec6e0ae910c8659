"""The same images without rgraph: `docker build` and `docker push` of the Dockerfiles in generated/, by hand.

The overhead of rgraph is measured against it: the same Dockerfiles in the same order, as many at a time.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from tests.e2e.catalogue import Catalogue
from tests.e2e.engine import DOCKER, Engine

JOBS = 2
"""Builds at once, as many as rgraph does when it is not told."""


def build_all(catalogue: Catalogue, engine: Engine, staging: str, number: str, *options: str) -> float:
    """Builds and pushes all images of a catalogue whose generated/ is up to date; seconds that it took.

    A parent is found under the name that the Dockerfile has for it.
    """
    began = time.monotonic()
    plan = catalogue.rgraph("plan", "--format", "json").json()
    images = {image["id"]: image for image in plan["images"]}
    needs = {
        id: {edge["to"] for edge in image["edges"] if not edge["external"]} for id, image in images.items()
    }

    def build(image: Mapping[str, Any]) -> None:
        folder = catalogue.root / "generated" / image["folder"]
        pushed = f"{staging}/{image['id']}--{number}"
        names = [pushed, *(f"{registry}/{image['repository']}:{tag}" for tag in image["tags"])]
        tags = [part for name in names for part in ("--tag", name)]
        file = str(folder / "Dockerfile.combined")
        _run(catalogue, engine, "build", *options, "--file", file, *tags, str(folder))
        _run(catalogue, engine, "push", pushed)

    registry = _registry(catalogue)
    running: dict[Future[None], str] = {}
    todo, done = list(images), set[str]()
    with ThreadPoolExecutor(JOBS) as pool:
        while todo or running:
            for id in [id for id in todo if needs[id] <= done][: JOBS - len(running)]:
                todo.remove(id)
                running[pool.submit(build, images[id])] = id
            for each in wait(running, return_when=FIRST_COMPLETED).done:
                each.result()
                done.add(running.pop(each))
    return time.monotonic() - began


def _run(catalogue: Catalogue, engine: Engine, *arguments: str) -> None:
    env = catalogue.environment(**engine.env)
    done = subprocess.run([DOCKER, *arguments], env=env, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"docker {arguments}: {done.stderr[-2000:]}"


def _registry(catalogue: Catalogue) -> str:
    text = (catalogue.root / "manifests/catalog.yaml").read_text()
    return next(line.split(": ", 1)[1] for line in text.splitlines() if line.startswith("registry: "))


def engine_seconds(log: Iterator[str]) -> float:
    """Seconds in which at least one program of the engine ran, of lines `begin end` in seconds."""
    total, reached = 0.0, 0.0
    for begin, end in sorted(tuple(map(float, line.split())) for line in log):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total
