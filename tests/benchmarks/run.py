"""Measures rgraph on made-up catalogues, beside `docker-buildx bake --print`, and prints tables.

    make bench                  all sizes, some minutes: bake is slow at 10,000
    make bench ARGS=--quick     100 and 1,000 images

Every time is that of a whole process with no cache of results. One run of each command on the
smallest catalogue is not counted: it lets Python write its bytecode and the system read programs.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# As a script, Python looks for modules beside it and not in the project.
sys.path.insert(0, str(ROOT))

from tests.benchmarks.measure import Failed, Sample, alternate, measure  # noqa: E402
from tests.benchmarks.report import PLAN, PYDANTIC, Case, Start, tables  # noqa: E402

BUILDX = ROOT / ".cache/buildx/usr/libexec/docker/cli-plugins/docker-buildx"
"""Where tests/tools/get-buildx puts it."""
SLOW_BAKE = 5_000
"""Images from which on bake runs only once: its time grows with their square."""


class Bench:
    """The commands to measure, in one environment."""

    def __init__(self, buildx: str, python: str, home: Path) -> None:
        self.buildx = buildx
        self.python = python
        # Without a configuration of its own, buildx would read and write the user's.
        self.environment = {**os.environ, "DOCKER_CONFIG": str(home), "BUILDX_CONFIG": str(home)}
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def rgraph(self, directory: Path, *arguments: str) -> Sample:
        """One run of rgraph on a catalogue."""
        return self.run(directory, self.python, "-m", "rgraph", "-C", str(directory), *arguments)

    def bake(self, directory: Path) -> Sample:
        """One run of bake on the catalogue's own bake file."""
        return self.run(directory, self.buildx, "bake", "--print", "-f", "generated/docker-bake.json", "all")

    def run(self, directory: Path, *argv: str) -> Sample:
        """One run of any command, in a folder."""
        return measure(argv, directory, {**self.environment, "PYTHONPATH": str(ROOT)})


def main() -> int:
    asked = _options()
    sizes = [int(size) for size in asked.sizes.split(",")]
    with tempfile.TemporaryDirectory(prefix="rgraph-bench-") as top:
        home = Path(top, "home")
        home.mkdir()
        bench = Bench(asked.buildx, asked.python, home)
        try:
            cases = [
                _measured(
                    bench, Path(top, f"{shape}-{images}"), shape, images, asked, first=not (number or place)
                )
                for place, images in enumerate(sizes)
                for number, shape in enumerate(asked.shapes.split(","))
            ]
            start = _start(bench, asked)
        except Failed as error:
            print(error, file=sys.stderr)
            return 1
    print(_machine(asked) + "\n\n" + tables(cases, start))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure rgraph on made-up catalogues.")
    parser.add_argument(
        "--sizes", default="", help="numbers of images, with commas (default: 100,1000,10000)"
    )
    parser.add_argument("--shapes", default="wide,narrow")
    parser.add_argument("--runs", type=int, default=0, help="runs of each command (default: 5)")
    parser.add_argument(
        "--bake-runs",
        type=int,
        default=0,
        help=f"the same for bake (default: 1 from {SLOW_BAKE:,} images on)",
    )
    parser.add_argument("--quick", action="store_true", help="100 and 1,000 images, 3 runs")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has what rgraph needs")
    parser.add_argument(
        "--buildx", type=os.path.abspath, default=os.environ.get("RGRAPH_BUILDX") or _found_buildx() or None
    )
    parser.add_argument(
        "--pydantic-python", default="", help="interpreter that has pydantic, to compare with"
    )
    asked = parser.parse_args()
    asked.sizes = asked.sizes or ("100,1000" if asked.quick else "100,1000,10000")
    asked.runs = asked.runs or (3 if asked.quick else 5)
    if not asked.buildx:
        parser.error("there is no docker-buildx: name one by --buildx; tests/tools/get-buildx brings one")
    return asked


def _found_buildx() -> str:
    return str(BUILDX) if BUILDX.exists() else shutil.which("docker-buildx") or ""


def _measured(
    bench: Bench, directory: Path, shape: str, images: int, asked: argparse.Namespace, *, first: bool
) -> Case:
    """Makes a catalogue, measures all commands on it, and removes it."""
    _say(f"{images:,} images, {shape}")
    case = _made(directory, shape, images)

    def plan() -> Sample:
        return bench.rgraph(directory, "plan", "--format", "json")

    if first:
        plan()
    case.first = [bench.rgraph(directory, "generate")]
    # Writing back what was just written must not go on beside what is measured next.
    os.sync()
    case.files, case.file_bytes = _counted(directory / "generated")
    if first:
        bench.bake(directory)
    bakes = asked.bake_runs or (1 if images >= SLOW_BAKE else asked.runs)
    case.plan, case.bake = alternate((asked.runs, plan), (bakes, lambda: bench.bake(directory)))
    case.check, case.nothing = alternate(
        (asked.runs, lambda: bench.rgraph(directory, "generate", "--check")),
        (asked.runs, lambda: bench.rgraph(directory, "generate")),
    )
    _changed(bench, directory, case, asked.runs)
    case.audit = _audited(bench, directory, case, asked.runs)
    shutil.rmtree(directory)
    return case


def _changed(bench: Bench, directory: Path, case: Case, runs: int) -> None:
    """Edits one pin of many layers, and plans what that changes since the commit before."""
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    for arguments in (["init"], ["add", "manifests"], ["commit", "--message", "all"]):
        subprocess.run([*git, *arguments], cwd=directory, check=True, capture_output=True)
    case.bump = [bench.rgraph(directory, "bump", PIN, f"{VERSION}.{run}") for run in range(1, runs + 1)]
    listed = [bench.python, "-m", "rgraph", "list", "--since", "HEAD", "--format", "ids"]
    environment = {**bench.environment, "PYTHONPATH": str(ROOT)}
    found = subprocess.run(listed, cwd=directory, check=True, capture_output=True, text=True, env=environment)
    case.changed = len(found.stdout.split())
    case.since, case.beside = alternate(
        (runs, lambda: bench.rgraph(directory, "plan", "--since", "HEAD", "--format", "json")),
        (runs, lambda: bench.rgraph(directory, "plan", "--format", "json")),
    )


PIN, VERSION = "r-remotes", "2.4.2"
"""What the layers of R hold in the catalogues that are made."""


def _audited(bench: Bench, directory: Path, case: Case, runs: int) -> list[Sample]:
    """Audits with five advisories for each image, about all components that advisories can be about."""
    # In a process of its own (see `measure`): it reads the catalogue.
    made = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).with_name("advisories.py")),
            str(directory),
            str(case.images * 5),
        ],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    case.components, case.advisories = int(made.stdout), case.images * 5
    advisories = ["--advisories", str(directory / "advisories.zip")]
    arguments = ["audit", *advisories, "--format", "json", "--fail-on", "never", "--as-of", "2026-11-21"]
    return [bench.rgraph(directory, *arguments) for _ in range(runs)]


def _counted(folder: Path) -> tuple[int, int]:
    """Number and bytes of the files below a folder, counted one by one (see `measure`)."""
    count = size = 0
    for top, _, names in os.walk(folder):
        count += len(names)
        size += sum(os.stat(os.path.join(top, name)).st_size for name in names)
    return count, size


def _made(directory: Path, shape: str, images: int) -> Case:
    """Makes a catalogue of 6 levels, or 4 if it is small, in a process of its own (see `measure`)."""
    program = Path(__file__).with_name("catalogue.py")
    levels = "4" if images < 1_000 else "6"
    arguments = [str(directory), "--images", str(images), "--shape", shape, "--levels", levels]
    subprocess.run([sys.executable, str(program), *arguments], check=True, stdout=subprocess.DEVNULL)
    sizes = [path.stat().st_size for path in (directory / "manifests").rglob("*.yaml")]
    return Case(shape, images, len(sizes), sum(sizes))


def _start(bench: Bench, asked: argparse.Namespace) -> Start:
    """Measures what is quick, so that starting up counts: more runs, each command in turns."""
    _say("start-up")
    python = {"`python -c pass`": [bench.python, "-c", "pass"]}
    rgraph = {f"`rgraph {word}`": [bench.python, "-m", "rgraph", word] for word in ("--version", "--help")}
    commands, left_out = {**python, **rgraph}, []
    if (ROOT / "manifests/catalog.yaml").exists():
        commands[PLAN] = [bench.python, "-m", "rgraph", "-C", str(ROOT), "plan", "--format", "json"]
    else:
        left_out.append("the shipped catalogue, which is not there")
    if asked.pydantic_python:
        commands[PYDANTIC] = [asked.pydantic_python, "-c", "import pydantic"]
    else:
        left_out.append("`import pydantic`; name an interpreter that has it by --pydantic-python")
    for argv in commands.values():
        bench.run(ROOT, *argv)
    runs = [(asked.runs * 3, lambda argv=argv: bench.run(ROOT, *argv)) for argv in commands.values()]
    return Start(dict(zip(commands, alternate(*runs), strict=True)), left_out)


def _machine(asked: argparse.Namespace) -> str:
    answer = subprocess.run(
        [asked.buildx, "version"], capture_output=True, text=True, check=True
    ).stdout.split()
    buildx = answer[1] if len(answer) > 1 else "of an unknown version"
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, docker-buildx {buildx}. "
        f"Medians of {asked.runs} runs (start-up: {asked.runs * 3}), least and greatest in brackets; "
        "commands that are compared ran in turns."
    )


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
