"""What takes the place of ssh for mpirun, run by the shell of this machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

from rgraph.trials.launching import shared_files
from rgraph.trials.places import LAUNCHING
from rgraph.trials.trial import Launch


def test_a_command_runs_on_another_node_and_its_output_and_code_come_back(tmp_path: Path) -> None:
    """As Open MPI and Hydra call it: with options before the host, a command in one word or in several."""
    for name, content in shared_files(Launch(words=("x",), nodes=2, by="mpirun")):
        path = tmp_path / name
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_bytes(content.replace(LAUNCHING.encode(), str(tmp_path).encode()))
    serving = subprocess.Popen(["sh", tmp_path / "serve", "node1"])
    try:
        for words, output, code in (
            (["node1", "echo 'a b'; exit 3"], "a b\n", 3),
            (["-x", "-l", "user", "node1", "pwd"], f"{tmp_path}/nodes/node1\n", 0),
            (["node1", "echo", "$((1 + 1))"], "2\n", 0),
        ):
            done = subprocess.run(
                ["sh", tmp_path / "agent", *words], capture_output=True, text=True, timeout=20, check=False
            )
            assert (done.stdout, done.returncode) == (output, code)
    finally:
        serving.terminate()
        serving.wait()
