"""Names that say what is not so: a device that is not there, a component in another version."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from rgraph.audit.interface import Finding, Rule
from rgraph.audit.relations.naming import Said, fits, names_of, plain_name, said_in
from rgraph.audit.subject import Subject
from rgraph.errors import Place
from rgraph.image import Image

DEVICE_MISMATCH = Rule(
    "RG301", "device-mismatch", "error", "An image's names say gpu, cuda or cpu, and it stands on the other."
)
NAME_VERSION_MISMATCH = Rule(
    "RG302", "name-version-mismatch", "error", "An image's names say a version that it does not hold."
)

_GPU = re.compile(r"(?<![a-z0-9])(?<!no-)(?<!non-)(?<!without-)(?:gpu|cuda)(?![a-z])")
_CPU = re.compile(r"(?<![a-z0-9])cpu(?![a-z])")
_CUDA_NAMES = re.compile(r"cuda(?:toolkit)?(?:[-0-9].*)?|nvidia-cuda-.*")
"""Names under which conda, NVIDIA's and the distributions' repositories have CUDA."""

_OF_PYTHON = frozenset({"py", "python", "conda", "miniconda", "anaconda"})
"""A whole number behind these is a version of Python: `miniconda3`, or without dots `py38`."""


def check(subject: Subject) -> Iterator[Finding]:
    """Findings of RG301 and RG302."""
    yield from _Devices(subject).findings()
    yield from _Versions(subject).findings()


class _Held(Struct, frozen=True):
    """A thing that an image holds in some version."""

    version: str
    shown: str
    place: Place


class _Wrong(Struct, eq=False):
    """A false claim of an image, and the images above that make it too."""

    image: Image
    text: str
    """What says it."""
    says: str
    """What it says: `gpu`, `cpu`, or the name of a thing."""
    images: list[str]
    held: tuple[_Held, ...] = ()


class _Devices:
    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._roots = _roots(subject)
        self._with_cuda: dict[str, bool] = {}

    def findings(self) -> Iterator[Finding]:
        """One for each image, unless the one that it stands on has the same fault."""
        found: dict[tuple[str, str], _Wrong] = {}
        for id, image in self._subject.images.items():
            for device, text in self._claims(image):
                if (device == "gpu") == self._has_gpu(image, device):
                    continue
                root = found.get((image.parent.to, device))
                if root is None:
                    root = _Wrong(image, text, device, [])
                root.images.append(id)
                found[id, device] = root
        for wrong in dict.fromkeys(found.values()):
            yield self._finding(wrong)

    def _claims(self, image: Image) -> Iterator[tuple[str, str]]:
        texts = [*names_of(image, self._subject.catalog)]
        for axis, value in image.row.items():
            if isinstance(value, str):
                texts.append(value if not value or axis not in ("gpu", "cuda") else f"{axis} {value}")
            elif isinstance(value, bool) and axis == "gpu":
                texts.append("gpu" if value else "cpu")
        says = [(bool(_GPU.search(text.lower())), bool(_CPU.search(text.lower())), text) for text in texts]
        # A name that says both is for both.
        gpu = next((text for gpu, cpu, text in says if gpu and not cpu), "")
        cpu = next((text for gpu, cpu, text in says if cpu and not gpu), "")
        yield from ((device, text) for device, text in (("gpu", gpu), ("cpu", cpu)) if text)

    def _has_gpu(self, image: Image, device: str) -> bool:
        capabilities = image.state.capabilities
        if capabilities.get("gpu") is True:
            return True
        if device == "cpu":
            return False
        # Who installs CUDA by himself cannot say so by a capability: these come from Externals.
        return bool(capabilities.get("cuda")) or any(
            self._brings_cuda(each) for each in self._subject.inventory.bringers(image.id)
        )

    def _brings_cuda(self, bringer: str) -> bool:
        if bringer not in self._with_cuda:
            own = self._subject.inventory.own(bringer)
            self._with_cuda[bringer] = any(_CUDA_NAMES.fullmatch(each.component.name) for each in own)
        return self._with_cuda[bringer]

    def _finding(self, wrong: _Wrong) -> Finding:
        image, text = wrong.image, wrong.text
        external = self._roots[image.id]
        name = f"`{image.id}`" if text in image.id else f"`{image.id}` (`{text}`)"
        if wrong.says == "gpu":
            what = f"{name} says that it is for GPUs, but `{image.parent.to}` is not, and nothing brings CUDA"
            help = f"stand on a GPU image; if `{external}` is one, say `capabilities: {{gpu: true}}` there"
        else:
            what = f"{name} says that it is for CPUs, but `{image.parent.to}` is for GPUs"
            help = "stand on a CPU image, or give it another name"
        images = self._subject.in_order(wrong.images)
        return Finding(DEVICE_MISMATCH, image.place.at("from"), what, image.id, help, images)


def _roots(subject: Subject) -> dict[str, str]:
    """Image id -> the External at its root."""
    found: dict[str, str] = {}
    for id, image in subject.images.items():  # parents come first
        found[id] = image.parent.to if image.parent.external else found[image.parent.to]
    return found


class _Versions:
    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._roots = _roots(subject)
        self._said = {id: said_in(names_of(each, subject.catalog)) for id, each in subject.images.items()}
        self._own = self._named()

    def _named(self) -> dict[str, dict[str, list[_Held]]]:
        """Name that some image says -> image or External -> what it brings of that name."""
        wanted = {said.name for each in self._said.values() for said in each}
        found: dict[str, dict[str, list[_Held]]] = {}
        for brought in self._subject.components:
            declared = brought.declared
            name, version = plain_name(declared.component.name), declared.component.version
            if version and name in wanted:
                held = _Held(version, f"{declared.name} {version}", declared.place)
                for node in brought.bringers:
                    found.setdefault(name, {}).setdefault(node, []).append(held)
        return found

    def findings(self) -> Iterator[Finding]:
        """One for each image and thing, unless the image that it stands on has the same fault."""
        found: dict[tuple[str, str, str], _Wrong] = {}
        for id, image in self._subject.images.items():
            for said in self._said[id]:
                held = self._held(image, said)
                if not held or any(fits(said.version, each.version) for each in held):
                    continue
                root = found.get((image.parent.to, said.name, said.version))
                if root is None:
                    root = _Wrong(image, said.text, said.name, [], held)
                root.images.append(id)
                found[id, said.name, said.version] = root
        for wrong in dict.fromkeys(found.values()):
            yield self._finding(wrong)

    def _finding(self, wrong: _Wrong) -> Finding:
        image = wrong.image
        has = ", ".join(dict.fromkeys(each.shown for each in wrong.held))
        what = f"`{image.id}` says `{wrong.text}` in its names, but it holds {has}"
        help = "install what the name says, or derive the name from the version"
        related = tuple((each.place, f"{each.shown} comes from here") for each in wrong.held)
        images = self._subject.in_order(wrong.images)
        place = image.place.at("variant")
        return Finding(NAME_VERSION_MISMATCH, place, what, image.id, help, images, (), related)

    def _held(self, image: Image, said: Said) -> tuple[_Held, ...]:
        if not said.name or ("." not in said.version and said.name in _OF_PYTHON):
            return ()
        found: list[_Held] = []
        if own := self._own.get(said.name):
            bringers = self._subject.inventory.bringers(image.id)
            found = [each for bringer in bringers for each in own.get(bringer, ())]
        external = self._roots[image.id]
        place = self._subject.catalog.externals[external].place
        capability = image.state.capabilities.get(said.name)
        if isinstance(capability, str):
            found.append(_Held(capability, f"{said.name} {capability}", place.at("capabilities", said.name)))
        distribution, _, release = self._subject.inventory.distribution(image.id).partition("-")
        if release and said.name in (distribution, "ubuntu", "debian"):
            version = release if said.name == distribution else "0"
            found.append(_Held(version, f"{distribution} {release}", place.at("distribution")))
        return tuple(dict.fromkeys(found))
