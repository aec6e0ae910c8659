"""What only whole processes show: streams, signals, imports, several runs at once."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.errors.running import catalogue, written

PROGRAM = [sys.executable, "-m", "rgraph"]


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("_RGRAPH", "COV_"))}
    return {**kept, "PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "xterm-256color", **more}


def process(root: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=root, env=environment(**more), capture_output=True, text=True, timeout=60, check=False
    )


def python(root: Path, code: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return process(root, sys.executable, "-c", code, *arguments, **more)


def rgraph(root: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return process(root, *PROGRAM, *arguments, **more)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The common catalogue."""
    return catalogue(tmp_path)


def test_results_and_problems_have_streams_of_their_own(root: Path) -> None:
    good = rgraph(root, "plan", "--date", "20260102")
    assert (good.returncode, good.stderr) == (0, "")
    assert "4 images in 2 waves" in good.stdout
    bad = rgraph(root, "list", "nope")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == "error: no image is called `nope`\n  help: `rgraph list` shows all\n"
    assert "\x1b" not in good.stdout + bad.stderr


def test_problems_of_manifests(root: Path) -> None:
    (root / "manifests/base/bad.yaml").write_text("kind: bse\n")
    found = rgraph(root, "plan")
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == (
        "manifests/base/bad.yaml:1:7: error: unknown kind `bse`\n  1 | kind: bse\n    |       ^\n"
        "  help: did you mean `base`?\n1 problem in 1 file\n"
    )


def test_a_reader_that_has_enough(root: Path) -> None:
    (root / "manifests/base/many.yaml").write_text(
        "kind: base\nname: many\nfrom: ubuntu\nvariant: v${{ a }}${{ b }}\nmatrix: {a: ["
        + ", ".join(map(str, range(60)))
        + "], b: ["
        + ", ".join(f"x{i}" for i in range(40))
        + "]}\n"
    )
    command = f"{' '.join(PROGRAM)} plan --format json | head -n 1; exit ${{PIPESTATUS[0]}}"
    found = process(root, "bash", "-c", command)
    assert found.stdout == '{"schema": 1,\n'
    assert found.stderr == ""
    assert found.returncode == 0


@pytest.mark.parametrize("arguments", ["plan", "audit --fail-on never", "components --format json"])
def test_what_cannot_be_written_is_an_error(root: Path, arguments: str) -> None:
    found = process(root, "bash", "-c", f"{' '.join(PROGRAM)} {arguments} >/dev/full")
    assert (found.returncode, found.stderr) == (
        2,
        "error: the output cannot be written: no space left on device\n",
    )


def test_a_closed_output_is_no_error(root: Path) -> None:
    found = process(root, "bash", "-c", f"{' '.join(PROGRAM)} plan >&-")
    assert (found.returncode, found.stderr) == (0, "")


def test_the_locale_changes_no_byte(root: Path) -> None:
    catalog = root / "manifests/base/accents.yaml"
    catalog.write_text("kind: base\nname: accents\nfrom: ubuntu\nvariant: a\nlabel: {note: Grüße}\n")
    plain = process(root, *PROGRAM, "show", "accents:a", "--format", "json", PYTHONUTF8="1")
    other = process(
        root,
        *PROGRAM,
        "show",
        "accents:a",
        "--format",
        "json",
        PYTHONUTF8="0",
        PYTHONCOERCECLOCALE="0",
        LC_ALL="C",
    )
    assert plain.returncode == other.returncode
    assert plain.stdout == other.stdout


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["plan", "--help"], ["release", "cut", "--help"]]
)
def test_help_imports_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    code = (
        "import sys, atexit\n"
        "heavy = ('networkx', 'jinja2', 'yaml', 'pydantic', 'rich', 'packageurl')\n"
        "atexit.register(lambda: print(sorted(set(heavy) & set(sys.modules)), file=sys.stderr))\n"
        "from rgraph.cli.main import main\n"
        f"sys.argv = ['rgraph', *{arguments!r}]\n"
        "main()\n"
    )
    found = python(tmp_path, code)
    assert found.returncode == 0
    assert "rgraph" in found.stdout
    assert found.stderr == "[]\n"


def test_plan_imports_no_networkx(root: Path) -> None:
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('networkx' in sys.modules, file=sys.stderr))\n"
        "from rgraph.cli.main import main\n"
        "sys.argv = ['rgraph', 'plan']\n"
        "main()\n"
    )
    found = python(root, code)
    assert found.stderr == "False\n"


def test_shell_completion(tmp_path: Path) -> None:
    code = "import sys; sys.argv = ['rgraph']; from rgraph.cli.main import app; app(prog_name='rgraph')"

    def complete(words: str) -> list[str]:
        number = str(len(words.split(" ")) - 1)
        more = {"_RGRAPH_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": number}
        found = python(tmp_path, code, **more)
        assert found.stderr == ""
        return found.stdout.split()

    assert complete("rgraph re") == ["release"]
    assert {"plan", "list", "show", "tree", "graph", "check", "generate"} <= set(complete("rgraph "))
    assert "--exclude" in complete("rgraph plan --ex")
    assert complete("rgraph release ") == ["cut", "list", "show", "notes"]


def tags(root: Path) -> list[str]:
    lines = (root / "manifests/releases.jsonl").read_text().splitlines()
    return [json.loads(line)["tag"] for line in lines]


def test_two_cuts_at_once(root: Path) -> None:
    command = [*PROGRAM, "release", "cut", "--date", "20260102"]
    started = [
        subprocess.Popen(
            command, cwd=root, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    ended = [(*process.communicate(timeout=60), process.returncode) for process in started]
    assert [code for _, _, code in ended] == [0, 0, 0], ended
    assert sorted(out.split("\n")[-2] for out, _, _ in ended if out) == ["release 20260102.v1: 4 images"]
    assert sum("nothing to cut" in err for _, err, _ in ended) == 2
    assert tags(root) == ["20260102.v1"]
    assert rgraph(root, "generate", "--check").returncode == 0


def test_cuts_and_changes_at_once_get_numbers_of_their_own(root: Path) -> None:
    command = [*PROGRAM, "release", "cut", "--date", "20260102"]
    assert rgraph(root, *command[3:]).returncode == 0
    processes = []
    for version in ("3.6.1", "3.6.2"):
        path = root / "manifests/r/r-base.yaml"
        text = re.sub(r"r-essentials=[0-9.]+", f"r-essentials={version}", path.read_text())
        path.with_suffix(".new").write_text(text)
        path.with_suffix(".new").replace(path)
        processes.append(
            subprocess.Popen(
                command, cwd=root, env=environment(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
        )
        time.sleep(0.2)
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    found = tags(root)
    assert found == [f"20260102.v{number}" for number in range(1, len(found) + 1)]
    assert rgraph(root, "generate", "--check").returncode == 0


def pinned(root: Path, version: int) -> None:
    """Another pin of r-base, put in place in one step as editors do."""
    path = root / "manifests/r/r-base.yaml"
    text = re.sub(r"r-essentials=[0-9.]+", f"r-essentials=3.7.{version}", path.read_text())
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").replace(path)


def test_eight_cuts_at_once(root: Path) -> None:
    """Each gets a number of its own, or there was nothing left to cut, or it says that it had to wait."""
    command = [*PROGRAM, "release", "cut", "--date", "20260102"]
    started = []
    for number in range(8):
        pinned(root, number)
        started.append(
            subprocess.Popen(
                command,
                cwd=root,
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        time.sleep(0.3)
    numbers = []
    for process in started:
        out, err = process.communicate(timeout=120)
        if process.returncode:
            assert process.returncode == 2
            assert "another run of rgraph is writing" in err
        elif out:
            assert err == ""
            numbers.append(out.split("\n")[-2].split(":")[0])
        else:
            assert "nothing to cut" in err
    found = tags(root)
    assert len(found) > 1
    assert sorted(numbers) == sorted(f"release {tag}" for tag in found)
    assert found == [f"20260102.v{number}" for number in range(1, len(found) + 1)]
    assert sorted(path.name for path in (root / "generated/releases").iterdir()) == sorted(found)
    assert rgraph(root, "check").returncode == 0
    assert rgraph(root, "release", "cut", "--date", "20260103").returncode == 0
    assert rgraph(root, "generate", "--check").returncode == 0


@pytest.mark.parametrize("part", [0.25, 0.5, 0.75, 0.9])
def test_a_run_that_was_killed_is_repaired(
    part: float, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    values = ", ".join(f"x{number}" for number in range(150))
    (root / "manifests/base/many.yaml").write_text(
        f'kind: base\nname: many\nfrom: ubuntu\nvariant: "${{{{ a }}}}"\nmatrix: {{a: [{values}]}}\n'
    )
    expected = tmp_path_factory.mktemp("expected")
    shutil.copytree(root / "manifests", expected / "manifests")
    start = time.monotonic()
    assert rgraph(expected, "generate").returncode == 0
    process = subprocess.Popen([*PROGRAM, "generate"], cwd=root, env=environment(), stdout=subprocess.DEVNULL)
    time.sleep((time.monotonic() - start) * part)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)
    assert rgraph(root, "generate").returncode == 0
    assert written(root) == written(expected)
    assert [path.name for path in root.iterdir() if path.name.startswith(".")] == []


def test_interrupted(root: Path) -> None:
    code = (
        "import rgraph.app as a\n"
        "def f(*x): raise KeyboardInterrupt\n"
        "a.Workspace = f\n"
        "from rgraph.cli.main import main\n"
        "main()\n"
    )
    found = python(root, code, "check")
    assert (found.returncode, found.stdout, found.stderr) == (130, "", "")
