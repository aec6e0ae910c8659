"""Laws of the import's steps: what is typed regenerates the same, and a change is never overlooked."""

# ruff: noqa: E501 (a RUN is one line here, however long)

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rgraph.importing.equivalence import Different, State, compare, compare_run
from rgraph.importing.equivalence.rules import RULES
from rgraph.importing.model import Instruction
from rgraph.importing.parsing import instructions_of, parse
from rgraph.importing.typing import typed_steps
from rgraph.importing.typing.rendering import joined, rendered
from rgraph.importing.typing.runs import run_step

STATE = State("posix", {"V": "1.2", "DEBIAN_FRONTEND": "noninteractive"}, frozenset({"A"}))

_names = st.from_regex(r"[a-z][a-z0-9]{1,6}", fullmatch=True)
_specs = st.one_of(
    _names, st.builds("{}=1.{}".format, _names, st.integers(0, 9)), st.just("x=$V"), st.just("y=$A")
)
_folders = st.sampled_from(["/tmp", "/opt/a", "/srv", "/tmp/w"])
_urls = st.builds("https://x.y/{}-1.{}.tar.gz".format, _names, st.integers(0, 9))


def _many(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(items, min_size=1, max_size=3, unique=True).map(" ".join)


_commands = st.one_of(
    st.sampled_from(
        ["apt-get update", "apt-get clean", "rm -rf /var/lib/apt/lists/*", "cd /", "cd /tmp", "make install", "ldconfig",
         "make -j$(nproc) all", "./configure --x", "F=/tmp/f", 'sh "$F"', "sh /tmp/f", "rm -f /tmp/f", "cd w", "cd ..",
         "if a; then cd /x; fi", "( cd /srv && a )", "a | b", "find / -type d | xargs rm", "export V=3", "echo $V",
         "mkdir /tmp/w", "mkdir -p /opt/a", "conda clean -afy", "a > /tmp/f", "{ a; b; }", "echo '${{ x }}'"]
    ),
    st.builds("apt-get install -y {}".format, _many(_specs)),
    st.builds("DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {}".format, _many(_specs)),
    st.builds("conda install {} -y -c {}".format, _many(_specs), _names),
    st.builds("pip install --no-cache-dir {}".format, _many(_names)),
    st.builds("curl -fsSL {} -o /tmp/f".format, _urls),
    st.builds("wget {}".format, _urls),
    st.builds("wget -qO {}/f {}".format, _folders, _urls),
    st.builds("tar xzf {0}/f -C {1}".format, _folders, _folders),
    st.builds("git clone -b v1.2 https://x.y/{}".format, _names),
    st.builds("rm -rf {}".format, _folders),
)  # fmt: skip
_runs = st.lists(_commands, min_size=1, max_size=8)


def _run(text: str) -> Instruction:
    return Instruction("RUN", (), (text,), False, (), f"RUN {text}", 1, 1)


def _again(text: str) -> str:
    """What rgraph writes of the step that a RUN becomes."""
    made = rendered(run_step(_run(text), STATE, "linux"), "posix", "linux")
    assert made is not None
    return joined(made, "posix")


@given(_runs, st.sampled_from([" && ", " &&   ", "; "]), st.sampled_from(["", "set -e; ", "set -eux; "]))
def test_a_run_regenerates_the_same(commands: list[str], sign: str, head: str) -> None:
    text = head + sign.join(commands)
    result = compare_run(text, _again(text), STATE)
    assert not isinstance(result, Different)
    assert set(getattr(result, "rules", ())) <= RULES.keys()


@given(_runs)
def test_what_is_regenerated_regenerates_the_same(commands: list[str]) -> None:
    once = _again(" && ".join(commands))
    assert not isinstance(compare_run(once, _again(once), STATE), Different)


@given(_runs, st.data())
def test_a_word_that_changes_is_seen(commands: list[str], data: st.DataObject) -> None:
    """No rule lets a word become another: the changed RUN differs from what the first one becomes."""
    text = " && ".join(commands)
    words = [match.span() for match in re.finditer(r"(?<![\w./-])[a-z][\w./:=-]*", text)]
    assume(words)
    start, end = data.draw(st.sampled_from(words))
    assume(text[start:end] not in ("if", "then", "fi"))
    changed = f"{text[:start]}{text[start:end]}zz{text[end:]}"
    assert isinstance(compare_run(changed, _again(text), STATE), Different)


@given(_runs, st.data())
def test_a_command_that_is_missing_is_seen(commands: list[str], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(commands) - 1))
    gone = commands[index]
    # What sets something that nothing uses, or goes where the next command goes, does nothing.
    assume(not gone.startswith(("cd", "F=", "mkdir", "rm", "export")) and len(commands) > 1)
    fewer = [each for place, each in enumerate(commands) if place != index]
    assert isinstance(compare_run(" && ".join(commands), " && ".join(fewer), STATE), Different)


@given(st.text(alphabet=" abX19$'\"\\`&|;(){}<>#*~!=-/\t\u00a0", max_size=40))
def test_any_text_stays_the_same(text: str) -> None:
    body = text.strip(" \t")
    assume(body and not body.startswith(("[", "-")) and not body.rstrip().endswith("\\") and "<<" not in body)
    assert not isinstance(compare_run(body, _again(body), STATE), Different)


@given(
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.sampled_from(["1", "$A", "'$A'", '"x $B"', "${C:-1}"])),
        min_size=1,
        max_size=5,
    )
)
def test_env_regenerates_the_same(pairs: list[tuple[str, str]]) -> None:
    text = "\n".join(f"ENV {name}={value}" for name, value in pairs)
    _regenerates(f"FROM scratch\n{text}\n")


def _regenerates(text: str) -> None:
    file = parse("Dockerfile", text)
    assert not isinstance(file, tuple)
    windows = file.escape == "`"
    for stage in file.stages:
        state = State.start(windows)
        for step in typed_steps(stage, file.escape, windows=windows):
            group = [stage.instructions[index] for index in step.covers]
            if "take" in step.data:
                continue
            made = rendered(step.data, state.dialect or "posix", "windows" if windows else "linux")
            assert made is not None, step.data
            again = instructions_of(f"# escape={file.escape}\n{made}\n")
            result = compare(group, again, (file.escape, file.escape), windows=windows, state=state)
            assert not isinstance(result, Different), result
            state = state.over(group, file.escape)


_GENERATED = sorted(Path("tests/cases").glob("*/expected/generated/**/Dockerfile"))


@pytest.mark.parametrize("path", _GENERATED, ids=lambda path: "/".join(path.parts[2:-1]))
def test_import_of_what_was_generated_is_the_identity(path: Path) -> None:
    _regenerates(path.read_text("utf-8"))
