"""Measures what rgraph adds to `docker build` and `docker push`: whole builds in turn, nothing cached.

    .venv/bin/python -m tests.e2e.measure [ROUNDS]

Prints a table of seconds. On a machine that does nothing else: what the network does is in both.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e import catalogue
from tests.e2e.engine import Engine
from tests.e2e.plain import JOBS, build_all
from tests.e2e.registries import registry

ROOT = Path(__file__).resolve().parents[2]


def measure(folder: Path, rounds: int) -> list[tuple[float, float]]:
    """Seconds of plain commands and of rgraph, of each round."""
    base = subprocess.run([ROOT / "tests/tools/get-base"], check=True, stdout=subprocess.PIPE, text=True)
    engine = Engine(folder)
    with contextlib.ExitStack() as stack:
        stack.callback(engine.remove)
        production = stack.enter_context(registry(folder / "production"))
        staging = stack.enter_context(registry(folder / "staging"))
        engine.start()
        below = f"{production.host}/external/debian:bookworm"
        engine.load(Path(base.stdout.strip()) / "debian.tar", below, 'CMD ["bash"]')
        engine.docker("push", below)
        made = catalogue.large(
            folder / "catalogue", engine.env, production=production.host, staging=f"{staging.host}/team"
        )
        made.rgraph("lock")
        made.rgraph("generate")
        found = []
        for number in map(str, range(rounds)):
            engine.forget_cache()
            plain = build_all(made, engine, f"{staging.host}/plain", number, "--no-cache")
            engine.forget_cache()
            # Other content each time: what was built in the round before would be there already.
            (made.root / "manifests/notices/MIT.txt").open("a").write(f"{number}\n")
            began = time.monotonic()
            jobs = ("--jobs", str(JOBS), "--no-cache")
            made.rgraph("build", "--push", "--build-number", number, *jobs, timeout=3600)
            found.append((plain, time.monotonic() - began))
        return found


def main() -> None:
    """Measures, and prints the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory(prefix="rgraph-e2e-") as folder:
        found = measure(Path(folder), rounds)
    lines = [
        "| round | docker build, docker push | rgraph build --push | more |",
        "| --- | --- | --- | --- |",
    ]
    for number, (plain, ours) in enumerate(found, start=1):
        lines.append(f"| {number} | {plain:.1f} s | {ours:.1f} s | {ours / plain - 1:+.1%} |")
    more = statistics.median(ours for _, ours in found) / statistics.median(plain for plain, _ in found) - 1
    lines.append(f"| medians | | | {more:+.1%} |")
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
