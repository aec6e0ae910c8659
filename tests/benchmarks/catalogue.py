"""Makes catalogues of any size, to measure with and to test on.

    python tests/benchmarks/catalogue.py DIR --images 1000 --shape wide

writes DIR/manifests/. Equal arguments give equal bytes. Packages, versions and checksums are made
up, and their names show it; only the shape is that of a real catalogue: layers in levels, each on
one of the level below, a matrix in each, about 14 steps an image after recipes are opened (one in
five depends on the row of the matrix), and some COPY --from between images.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Literal, get_args

import yaml

Shape = Literal["wide", "narrow"]
"""`wide` has 25 images a layer, `narrow` has 5: the same images in five times as many manifests."""

Document = dict[str, Any]

FIXED = Path(__file__).parent / "fixed"
"""Manifests that are the same in every catalogue."""

IMAGES_A_LAYER: dict[Shape, int] = {"wide": 25, "narrow": 5}

SHARES = {"apt": 12, "conda": 8, "pip": 7, "cran": 5, "bioconductor": 2, "github": 1}
"""How a layer's packages spread over the ecosystems, in 35ths."""

# Bioconductor releases belong to one version of R (bioconductor.org, "Bioconductor releases").
R_RELEASES = (
    ("4.2.2", "3.16", "2023-03-15"),
    ("4.3.2", "3.18", "2024-02-15"),
    ("4.4.1", "3.19", "2024-08-15"),
)
# The Externals in fixed/externals.yaml.
SYSTEMS = ("20.04", "22.04", "24.04")
CUDAS = ("11.8.0", "12.4.1")
PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12")
MPIS = ("3.1.2", "4.0.7", "4.1.0", "4.1.6", "5.0.3")
TOOLS = tuple(f"tool-{number:02d}" for number in range(1, 9))


@dataclass(frozen=True)
class Family:
    """What a layer of the lowest level and all above it share, so that their variants match."""

    system: str
    cuda: str
    r: str
    bioconductor: str
    snapshot: str
    pythons: tuple[str, ...]
    mpis: tuple[str, ...]
    """Empty in narrow catalogues, which have no such axis."""

    @property
    def variant(self) -> str:
        """The pattern of the variants."""
        return "${{ device }}-py${{ python }}" + ("-mpi${{ mpi }}" if self.mpis else "")

    @property
    def first_variant(self) -> str:
        """The variant of the first row."""
        row = self.rows()[0]
        return f"{row['device']}-py{row['python']}" + (f"-mpi{row['mpi']}" if self.mpis else "")

    def rows(self) -> list[dict[str, str]]:
        """The rows of the matrix, written out; the last one is not in the product of the axes."""
        rows = [self._row(*values) for values in itertools.product(("cpu", "gpu"), *self._axes(0).values())]
        return [*rows, self._row("gpu", *(values[0] for values in self._axes(1).values()))]

    def matrix(self, images: int) -> Document:
        """A matrix with that many rows: axes and include, or only include if it is not a full one."""
        rows = self.rows()
        if images < len(rows):
            return {"include": rows[-images:]}
        return {
            "device": ["cpu", "gpu"],
            **{name: list(values) for name, values in self._axes(0).items()},
            "include": [{"device": "gpu", "cuda": self.cuda}, rows[-1]],
        }

    def _axes(self, spare: int) -> dict[str, tuple[str, ...]]:
        """The axes beside `device`: their values, or with 1 the value that only the last row has."""
        axes = {"python": self.pythons, **({"mpi": self.mpis} if self.mpis else {})}
        return {name: values[-1:] if spare else values[:-1] for name, values in axes.items()}

    def _row(self, device: str, *values: str) -> dict[str, str]:
        row = {"device": device, **dict(zip(self._axes(0), values, strict=True))}
        return {**row, "cuda": self.cuda} if device == "gpu" else row


@dataclass(frozen=True)
class Layer:
    """A layer to write."""

    name: str
    kind: str
    level: int
    family: Family
    images: int
    parent: Layer | None


def write_catalogue(
    directory: Path, *, images: int, shape: Shape, levels: int = 6, packages: int = 35, seed: int = 1
) -> list[Path]:
    """Writes the manifests below `directory`; returns their paths, in order of name.

    Raises ValueError as `manifests` does.
    """
    paths = []
    made = manifests(images=images, shape=shape, levels=levels, packages=packages, seed=seed)
    for name, text in sorted(made.items()):
        path = directory / "manifests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        paths.append(path)
    return paths


def manifests(
    *, images: int, shape: Shape, levels: int = 6, packages: int = 35, seed: int = 1
) -> dict[str, str]:
    """The manifests of a catalogue, by their path below `manifests/`.

    There are at most as many levels as layers. Raises ValueError for less than one image or level,
    or less than 10 packages a layer.
    """
    if min(images, levels) < 1 or packages < 10:
        raise ValueError("a catalogue has at least one image, one level, and 10 packages a layer")
    random = Random(seed)
    made = {f"recipes/{name}.yaml": _tool(name) for name in TOOLS}
    layers = _layers(random, images, shape, levels)
    for layer in layers:
        lower = [each for each in layers if each.level < layer.level]
        made[f"{layer.kind}/{layer.name}.yaml"] = _layer(random, layer, lower, packages)
    fixed = {path.relative_to(FIXED).as_posix(): path for path in FIXED.rglob("*.yaml")}
    return {
        **{name: path.read_text(encoding="utf-8") for name, path in fixed.items()},
        **{name: _as_yaml(document) for name, document in made.items()},
    }


def _layers(random: Random, images: int, shape: Shape, levels: int) -> list[Layer]:
    """The layers, level by level; one that is not full stands last, where nothing is built on it."""
    size = IMAGES_A_LAYER[shape]
    total = -(-images // size)
    made: list[Layer] = []
    for level, count in enumerate(_spread(total, min(levels, total))):
        below = [layer for layer in made if layer.level == level - 1]
        for number in range(1, count + 1):
            parent = random.choice(below) if below else None
            made.append(
                Layer(
                    name=f"{('base', 'r')[level] if level < 2 else f'framework-{level}'}-{number:04d}",
                    kind=("base", "r", "framework")[min(level, 2)],
                    level=level,
                    family=parent.family if parent else _family(random, shape),
                    images=min(size, images - size * len(made)),
                    parent=parent,
                )
            )
    return made


def _spread(total: int, levels: int) -> list[int]:
    """Layers for each level: growing upwards, as few bases carry many frameworks; at least one each."""
    weights = range(1, levels + 1)
    counts = [max(1, total * weight // sum(weights)) for weight in weights]
    counts[-1] = total - sum(counts[:-1])
    return counts


def _family(random: Random, shape: Shape) -> Family:
    r, bioconductor, snapshot = random.choice(R_RELEASES)
    return Family(
        system=random.choice(SYSTEMS),
        cuda=random.choice(CUDAS),
        r=r,
        bioconductor=bioconductor,
        snapshot=snapshot,
        pythons=tuple(random.sample(PYTHONS, 4 if shape == "wide" else 3)),
        mpis=tuple(random.sample(MPIS, 5)) if shape == "wide" else (),
    )


def _layer(random: Random, layer: Layer, lower: list[Layer], packages: int) -> Document:
    family, name = layer.family, layer.name
    gpu = "${{ device == 'gpu' }}"
    return {
        "kind": layer.kind,
        "name": name,
        "description": f"Layer {name} of a made-up catalogue, on Ubuntu {family.system} with R {family.r}",
        "matrix": family.matrix(layer.images),
        "from": _from(random, layer),
        "variant": family.variant,
        "repository": random.choice((name, f"{name}-${{{{ device }}}}", f"py${{{{ python }}}}/{name}")),
        "tags": ["${{ variant }}-${{ release }}", "${{ variant }}", _latest(family)],
        "folder": f"${{{{ 'with-gpu' if device == 'gpu' else 'plain' }}}}/{name}/${{{{ variant }}}}",
        "capabilities": {"gpu": gpu},
        "steps": [
            *_setup(layer),
            *_package_steps(random, layer, packages),
            *_other_steps(random, layer, lower),
        ],
        "private": [{"copy": {"files": ["ThirdPartyNotices.txt", "LICENSE.txt"], "to": "/"}}],
        "tests": [
            {"name": f"starts-{name}", "command": ["R", "--version"], "output": family.r},
            {"name": f"gpu-{name}", "command": "nvidia-smi", "when": gpu},
            {"name": f"distributed-{name}", "command": "mpirun hostname", "nodes": "2"},
        ],
    }


def _from(random: Random, layer: Layer) -> str:
    if layer.parent is None:
        return f"${{{{ 'cuda' ~ cuda ~ '-' if device == 'gpu' }}}}ubuntu{layer.family.system}"
    variant = layer.family.variant if random.randrange(4) else "${{ variant }}"
    return f"{layer.parent.name}:{variant}"


def _latest(family: Family) -> str:
    """A tag that one row of the matrix has."""
    row = family.rows()[-1]
    conditions = [f"{axis} == '{value}'" for axis, value in row.items() if axis != "cuda"]
    return f"${{{{ 'latest' if {' and '.join(conditions)} }}}}"


def _setup(layer: Layer) -> list[Document]:
    """What only the lowest level does: the programs that later steps need."""
    if layer.parent is not None:
        return []
    family = layer.family
    return [
        {"user": "root"},
        {"apt": ["build-essential", "ca-certificates", "curl", "gnupg"]},
        {"use": "miniconda", "with": {"version": "24.1.2"}},
        {"conda": {"channels": ["conda-forge"], "packages": [f"r-base={family.r}", "r-remotes=2.4.2"]}},
        {
            "use": "openmpi",
            "with": {"version": "${{ mpi }}" if family.mpis else "4.1.0", "gpu": "${{ device == 'gpu' }}"},
        },
    ]


def _package_steps(random: Random, layer: Layer, packages: int) -> list[Document]:
    """The typed packages of a layer; one of the conda packages follows the row's Python."""
    family, whole = layer.family, sum(SHARES.values())
    counts = {ecosystem: max(1, packages * share // whole) for ecosystem, share in SHARES.items()}
    # Rounding must not change how many there are.
    counts["apt"] += packages - sum(counts.values())
    channels = ["conda-forge"] if random.randrange(3) else ["conda-forge", "bioconda"]
    named = {ecosystem: _names(random, count) for ecosystem, count in counts.items()}
    follows, *others = named["conda"]
    return [
        {"apt": [_apt_package(random, f"lib{name}-dev") for name in named["apt"]]},
        {"conda": {"channels": channels, "packages": [f"{name}={_version(random)}" for name in others]}},
        {"conda": {"channels": channels, "packages": [f"{follows}=1.0.${{{{ python }}}}"]}},
        {"pip": [f"{name}=={_version(random)}" for name in named["pip"]]},
        {
            "cran": {
                "snapshot": family.snapshot,
                "packages": [_cran_package(random, name) for name in named["cran"]],
            }
        },
        {
            "bioconductor": {
                "release": family.bioconductor,
                "packages": [f"bio{x}" for x in named["bioconductor"]],
            }
        },
        {"github": [{"repo": f"example/{name}", "ref": f"v{_version(random)}"} for name in named["github"]]},
    ]


def _other_steps(random: Random, layer: Layer, lower: list[Layer]) -> list[Document]:
    name = layer.name
    steps: list[Document] = [
        {
            "env": {
                "CATALOGUE_LAYER": name,
                "PATH": {"prepend": f"/opt/{name}/bin"},
                "R_LIBS_SITE": f"/opt/{name}/r",
            }
        },
        {"use": random.choice(TOOLS), "with": {"version": _version(random), "prefix": f"/opt/{name}"}},
        {
            "env": {"CUDA_HOME": "/usr/local/cuda-${{ cuda | minor }}", "NVIDIA_VISIBLE_DEVICES": "all"},
            "when": "${{ device == 'gpu' }}",
        },
        {"run": [f"mkdir -p /var/lib/{name}", f"chmod 755 /var/lib/{name}"], "provides": []},
        {"label": {"com.example.layer": name, "com.example.variant": "${{ variant }}"}},
    ]
    if not random.randrange(3):
        steps.insert(1, _take(random, layer, lower))
    return steps


def _take(random: Random, layer: Layer, lower: list[Layer]) -> Document:
    """COPY --from an External, an image of any level below, or the image of the same variant there."""
    same = [each for each in lower if each.family is layer.family and each is not layer.parent]
    to = f"/opt/{layer.name}/"
    if not lower or not random.randrange(3):
        return {"take": {"from": "assets", "path": "/artifacts", "to": to}}
    source, variant, provides = random.choice(lower), "", {}
    if same and random.randrange(2):
        source, variant = random.choice(same), "${{ variant }}"
    else:
        provides = {"provides": [f"pkg:generic/{source.name}-share@1.0.0"]}
    image = f"{source.name}:{variant or source.family.first_variant}"
    return {"take": {"from": image, "path": f"/opt/{source.name}/share", "to": to}, **provides}


def _names(random: Random, count: int) -> list[str]:
    """Names that differ from each other, from a stock of 400 (more if more are asked for)."""
    return [f"sample{number:03d}" for number in sorted(random.sample(range(max(400, count)), count))]


def _version(random: Random) -> str:
    return random.choice(("1.0.4", "1.10.2", "2.3.0", "3.0.1"))


def _apt_package(random: Random, name: str) -> str | Document:
    match random.randrange(12):
        case 0:
            return {
                "name": name,
                "at_least": f"1:{_version(random)}-1",
                "fixes": [f"CVE-0000-{random.randint(1, 99):04d}"],
            }
        case 1 | 2 | 3:
            return f"{name}={_version(random)}-1ubuntu1"
    return name


def _cran_package(random: Random, name: str) -> str:
    return name if random.randrange(2) else f"{name}=={_version(random)}"


def _tool(name: str) -> Document:
    return {
        "kind": "recipe",
        "name": name,
        "description": f"The made-up program {name}",
        "params": {"version": None, "prefix": {"default": "/usr/local"}},
        "steps": [
            {
                "download": {
                    "url": f"https://downloads.example.com/{name}/{name}-${{{{ version }}}}.tar.gz",
                    "sha256": hashlib.sha256(name.encode()).hexdigest(),
                    "extract": "${{ prefix }}",
                    "strip": "1",
                    "run": ["${{ prefix }}/bin/" + name + " --version", "rm -rf ${{ prefix }}/doc"],
                },
                "provides": [f"pkg:generic/{name}@${{{{ version }}}}"],
            },
            {"env": {f"{name.upper().replace('-', '_')}_HOME": "${{ prefix }}"}},
        ],
    }


class _Dumper(yaml.CSafeDumper):
    """Writes each value out: anchors are no part of the manifest language."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _as_yaml(document: Document) -> str:
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a made-up catalogue.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--images", type=int, required=True)
    parser.add_argument("--shape", choices=get_args(Shape), default="wide")
    parser.add_argument("--levels", type=int, choices=range(3, 7), default=6)
    parser.add_argument("--packages", type=int, default=35, help="typed packages a layer")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    paths = write_catalogue(**vars(asked))
    size = sum(path.stat().st_size for path in paths)
    print(f"{asked.images} images, {len(paths)} manifests, {size} bytes")


if __name__ == "__main__":
    main()
