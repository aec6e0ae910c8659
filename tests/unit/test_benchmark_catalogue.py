"""The made-up catalogues of the benchmark: what they promise about their shape."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rgraph.catalog import build_catalog
from rgraph.errors import Place, Problems
from rgraph.expressions import Scope, Value, as_text, evaluate
from rgraph.files.reader import read_sources
from rgraph.lock import Lock
from rgraph.manifest.document import convert
from rgraph.manifest.layer import LayerManifest, RecipeManifest
from rgraph.manifest.step import Step
from rgraph.matrix import Row, expand
from rgraph.resolve import resolve
from tests.benchmarks.catalogue import IMAGES_A_LAYER, Shape, manifests, write_catalogue

SHAPES: tuple[Shape, ...] = ("wide", "narrow")
# Neither number is a multiple of a layer's images, so one layer is not full.
SIZES = (32, 163)


def _converted(directory: Path) -> tuple[list[LayerManifest], dict[str, RecipeManifest]]:
    problems = Problems()
    found = [convert(each.file, each.data, problems) for each in read_sources(directory).documents]
    assert list(problems) == []
    layers = [each for each in found if isinstance(each, LayerManifest)]
    return layers, {each.name: each for each in found if isinstance(each, RecipeManifest)}


def _rows(layer: LayerManifest) -> list[Row]:
    problems = Problems()
    rows = expand(layer.matrix, Place(layer.name), problems)
    assert list(problems) == []
    return rows


def _scope(layer: LayerManifest, row: Row) -> Scope:
    declared = frozenset(name for each in _rows(layer) for name in each)
    variant = evaluate(layer.variant, Scope(row, declared))
    values: dict[str, Value] = {**row, "variant": variant}
    return Scope(values, declared)


def _images(layers: list[LayerManifest]) -> Iterator[tuple[str, str]]:
    """Each image's id, and what it is built on."""
    for layer in layers:
        for row in _rows(layer):
            scope = _scope(layer, row)
            yield f"{layer.name}:{scope.values['variant']}", as_text(evaluate(layer.from_, scope))


def _opened(steps: list[Step], recipes: dict[str, RecipeManifest]) -> Iterator[tuple[Step, bool]]:
    """The steps with recipes opened, and whether each depends on the row."""
    for step in steps:
        if step.kind == "use":
            of_row = bool(step.names)
            yield from ((inner, of_row and bool(inner.names)) for inner in recipes[step.body].steps)
        else:
            yield step, bool(step.names)


@pytest.mark.parametrize("shape", SHAPES)
def test_equal_arguments_give_equal_bytes(shape: Shape, tmp_path: Path) -> None:
    once, again = tmp_path / "once", tmp_path / "again"
    paths = write_catalogue(once, images=32, shape=shape)
    program = Path(__file__).parents[1] / "benchmarks/catalogue.py"
    subprocess.run(
        [sys.executable, str(program), str(again), "--images", "32", "--shape", shape],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Tokyo"},
    )
    assert {path.relative_to(once): path.read_bytes() for path in paths} == {
        path.relative_to(again): path.read_bytes() for path in again.rglob("*.yaml")
    }


def test_another_seed_gives_another_catalogue() -> None:
    assert manifests(images=32, shape="wide", seed=1) != manifests(images=32, shape="wide", seed=2)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("images", SIZES)
def test_has_as_many_images_as_asked_for(shape: Shape, images: int, tmp_path: Path) -> None:
    write_catalogue(tmp_path, images=images, shape=shape)
    layers, _ = _converted(tmp_path)
    counts = sorted((len(_rows(layer)) for layer in layers), reverse=True)
    assert sum(counts) == images
    assert set(counts[:-1]) == {IMAGES_A_LAYER[shape]}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("levels", [3, 6])
def test_each_image_stands_on_one_of_the_level_below(shape: Shape, levels: int, tmp_path: Path) -> None:
    write_catalogue(tmp_path, images=163, shape=shape, levels=levels)
    layers, _ = _converted(tmp_path)
    below = dict(_images(layers))
    assert len(below) == 163
    depth: dict[str, int] = {}
    for image in below:
        chain = [image]
        while chain[-1] in below:
            chain.append(below[chain[-1]])
        assert ":" not in chain[-1], f"{chain[-1]} is no image"
        depth[image] = len(chain) - 1
    assert set(depth.values()) == set(range(1, levels + 1))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("images", [100, 163])
def test_nothing_is_wrong_with_it(shape: Shape, images: int, tmp_path: Path) -> None:
    write_catalogue(tmp_path, images=images, shape=shape)
    problems = Problems()
    sources = read_sources(tmp_path)
    found = [(each.file, convert(each.file, each.data, problems)) for each in sources.documents]
    documents = [(file, manifest) for file, manifest in found if manifest is not None]
    resolved = resolve(build_catalog(documents, sources.files, sources.notices, Lock(), problems), problems)
    assert list(problems) == []
    assert len(resolved.images) == images


@pytest.mark.parametrize("shape", SHAPES)
def test_takes_name_images_that_exist(shape: Shape, tmp_path: Path) -> None:
    write_catalogue(tmp_path, images=163, shape=shape)
    layers, _ = _converted(tmp_path)
    images = dict(_images(layers))
    taken = {
        as_text(evaluate(step.body.from_, _scope(layer, row)))
        for layer in layers
        for step in layer.steps
        if step.kind == "take"
        for row in _rows(layer)
    }
    assert taken
    assert {each for each in taken if ":" in each} <= set(images)
    assert {each for each in taken if ":" not in each} <= {"assets"}


@pytest.mark.parametrize("shape", SHAPES)
def test_an_image_has_about_14_steps_and_one_in_five_depends_on_the_row(shape: Shape, tmp_path: Path) -> None:
    write_catalogue(tmp_path, images=1000, shape=shape)
    layers, recipes = _converted(tmp_path)
    steps = [found for layer in layers for found in _opened([*layer.steps, *layer.private], recipes)]
    assert 13 <= len(steps) / len(layers) <= 16
    assert 0.15 <= sum(of_row for _, of_row in steps) / len(steps) <= 0.25


@pytest.mark.parametrize("packages", [10, 35])
def test_a_layer_has_as_many_packages_as_asked_for(packages: int, tmp_path: Path) -> None:
    write_catalogue(tmp_path, images=163, shape="wide", packages=packages)
    layers, _ = _converted(tmp_path)
    upper = [layer for layer in layers if layer.kind != "base"]
    counts = {sum(_count(step) for step in layer.steps) for layer in upper}
    assert counts == {packages}


def _count(step: Step) -> int:
    if step.kind in ("apt", "pip", "github"):
        return len(step.body)
    return len(step.body.packages) if step.kind in ("conda", "cran", "bioconductor") else 0


@pytest.mark.parametrize(("images", "levels", "packages"), [(0, 6, 35), (10, 0, 35), (10, 6, 9)])
def test_refuses_what_it_cannot_make(images: int, levels: int, packages: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        manifests(images=images, shape="wide", levels=levels, packages=packages)
