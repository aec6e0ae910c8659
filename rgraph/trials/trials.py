"""The trials of an image: that it starts, that its R packages load, and what the manifests ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rgraph.durations import seconds_of
from rgraph.image import Image, ImageTest, inherited_tests
from rgraph.inventory import Inventory
from rgraph.steps.interface import Os
from rgraph.trials.places import FOLDER, STARTUP
from rgraph.trials.r_packages import PROGRAM, program, wanted_packages
from rgraph.trials.trial import STARTS, Launch, Loading, Output, Trial, WantedPackage

R_PACKAGES: Final = "r-packages"
"""The trial of all R packages that the manifests declare."""

_SHELLS: Final[Mapping[Os, tuple[str, ...]]] = {"linux": ("/bin/sh", "-c"), "windows": ("cmd", "/S", "/C")}
_PYTHON: Final = 'exec "$(command -v python3 || command -v python || echo python3)" "$@"'
_LANGUAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "py": ("/bin/sh", "-c", _PYTHON, "sh"),
    "r": ("Rscript",),
    "sh": ("/bin/sh",),
    "bash": ("bash",),
    "ps1": ("powershell", "-ExecutionPolicy", "Bypass", "-File"),
}
"""What runs a script that does not say so itself."""
_WINDOWS: Final[Mapping[str, tuple[str, ...]]] = {
    "py": ("python",),
    "bat": ("cmd", "/C"),
    "cmd": ("cmd", "/C"),
}


def trials_of(
    images: Mapping[str, Image], inventory: Inventory, files: Mapping[str, bytes], id: str
) -> tuple[Trial, ...]:
    """What `rgraph test` tries with an image, in order; `files` are those of `manifests/files/`.

    A test of the manifests that has the name of one of rgraph's own takes its place.
    """
    image = images[id]
    written = [_written(test, files, image.state.os) for _, test in inherited_tests(images, image)]
    own = [Trial(STARTS, None, Output("", 0))]
    if packages := wanted_packages(images, inventory, id):
        own.append(Trial(R_PACKAGES, *_loading(packages)))
    taken = {trial.name for trial in written}
    return (*(trial for trial in own if trial.name not in taken), *written)


def _written(test: ImageTest, files: Mapping[str, bytes], os: Os) -> Trial:
    timeout = seconds_of(test.timeout) if test.timeout else None
    needed = tuple((name, files[name]) for name in dict.fromkeys((test.script, *test.files)) if name)
    if test.r_packages:
        packages = tuple(WantedPackage(name, version) for name, version in test.r_packages)
        launch, loading = _loading(packages, needed, batch=test.batch)
        return Trial(test.name, launch, loading, timeout)
    launch = Launch(
        words=_words(test, files, os),
        files=needed,
        nodes=test.nodes,
        by=test.launch,
        batch=test.batch,
    )
    return Trial(test.name, launch, Output(test.output, test.exit_code), timeout)


def _loading(
    packages: tuple[WantedPackage, ...], files: tuple[tuple[str, bytes], ...] = (), *, batch: bool = False
) -> tuple[Launch, Loading]:
    folder = STARTUP if batch else FOLDER
    words = ("Rscript", f"{folder}/{PROGRAM}", *(each.name for each in packages))
    return Launch(words=words, files=(*files, (PROGRAM, program())), batch=batch), Loading(packages)


def _words(test: ImageTest, files: Mapping[str, bytes], os: Os) -> tuple[str, ...]:
    if isinstance(test.command, tuple):
        return test.command
    if test.command:
        return (*_SHELLS[os], test.command)
    path = f"{STARTUP if test.batch else FOLDER}/{test.script}"
    if os == "linux" and files[test.script].startswith(b"#!"):
        return (path,)
    suffix = test.script.rpartition(".")[2].lower()
    languages = {**_LANGUAGES, **_WINDOWS} if os == "windows" else _LANGUAGES
    return (*languages.get(suffix, ()), path)
