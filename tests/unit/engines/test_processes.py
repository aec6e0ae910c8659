"""Programs that run for long: their lines, their secrets, and their end."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Timer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgraph.engines import processes
from rgraph.engines.errors import CouldNotAskError
from rgraph.engines.processes import HIDDEN, NO_SECRETS, Command, Secrets, capture, run

SECRET = "s3cr3t/word+"


def shell(script: str, timeout: float | None = 20) -> Command:
    return Command(("/bin/sh", "-c", script), dict(os.environ), timeout)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_dead(pid: int) -> None:
    end = time.monotonic() + 10
    while is_alive(pid):
        assert time.monotonic() < end, f"{pid} is still there"
        time.sleep(0.02)


def test_lines_of_both_outputs() -> None:
    lines: list[str] = []
    ended = run(shell("echo one; echo two >&2; printf 'three\\r\\n'; printf four"), Event(), lines.append)
    assert ended.well
    assert lines == ["one", "two", "three", "four"]
    assert ended.last == ("one", "two", "three", "four")


def test_an_exit_code() -> None:
    ended = run(shell("echo no; exit 3"), Event())
    assert (ended.code, ended.why, ended.well, ended.last) == (3, "", False, ("no",))


def test_only_the_last_lines_are_kept() -> None:
    ended = run(shell("seq 1 1000"), Event())
    assert len(ended.last) == 40
    assert ended.last[-1] == "1000"


def test_a_time_limit_ends_the_whole_group(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    begun = time.monotonic()
    ended = run(shell(f"sleep 60 & echo $! >{told}; wait", 0.5), Event())
    assert (ended.why, ended.well) == ("timeout", False)
    assert time.monotonic() - begun < 9
    wait_until_dead(int(told.read_text()))


def test_what_does_not_listen_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.3)
    ended = run(shell("trap '' TERM; while :; do sleep 1; done", 0.3), Event())
    assert (ended.why, ended.code) == ("timeout", -signal.SIGKILL)


def test_it_can_be_stopped() -> None:
    stop = Event()
    Timer(0.3, stop.set).start()
    ended = run(shell("sleep 60"), stop)
    assert (ended.why, ended.code) == ("stopped", -signal.SIGTERM)
    assert run(shell("echo never"), stop).last == (), "nothing is begun after that"


def test_what_is_left_behind_is_not_waited_for() -> None:
    begun = time.monotonic()
    assert run(shell("sleep 60 & echo done"), Event()).well
    assert time.monotonic() - begun < 9


def test_who_takes_the_lines_may_fail() -> None:
    """The program goes on to its end, however much it prints; the error is told then."""

    def sink(line: str) -> None:
        raise BrokenPipeError(line)

    with pytest.raises(BrokenPipeError, match=r"^1$"):
        run(shell("seq 1 200000"), Event(), sink)


def test_it_ends_with_us(tmp_path: Path) -> None:
    """A run that is killed leaves nobody who goes on building."""
    told = tmp_path / "pid"
    program = (
        "import os, sys; from threading import Event, Thread; from rgraph.engines.processes import *\n"
        f"command = Command(('/bin/sh', '-c', 'echo $$ >{told}; exec sleep 60'), dict(os.environ))\n"
        "thread = Thread(target=run, args=(command, Event())); thread.start(); thread.join()"
    )
    ours = subprocess.Popen([sys.executable, "-c", program])
    while not (told.exists() and told.read_text()):
        time.sleep(0.02)
    ours.kill()
    ours.wait()
    wait_until_dead(int(told.read_text()))


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(CouldNotAskError, match="not-there: it is not installed"):
        run(Command(("/nowhere/not-there",), {}), Event())
    with pytest.raises(CouldNotAskError, match="not-there: it is not installed"):
        capture(("/nowhere/not-there",), {}, 5)


def test_a_quick_answer() -> None:
    assert capture(("/bin/sh", "-c", "cat; echo err >&2; exit 2"), {}, 20, b"in") == (2, "in", "err\n")
    with pytest.raises(CouldNotAskError, match=r"no answer within 0\.2 s"):
        capture(("/bin/sh", "-c", "sleep 9"), {}, 0.2)


@pytest.mark.parametrize(
    "script",
    [
        "echo before $SECRET after",
        "echo $SECRET$SECRET",
        'printf "%s" $SECRET',
        "echo to stderr $SECRET >&2; exit 1",
        'printf "%s" $SECRET | base64',
        "echo 's3cr3t%2Fword%2B'",
    ],
)
def test_no_line_has_a_secret(script: str) -> None:
    lines: list[str] = []
    command = Command(("/bin/sh", "-c", script), {**os.environ, "SECRET": SECRET}, 20)
    ended = run(command, Event(), lines.append, Secrets([SECRET]))
    text = "\n".join((*lines, *ended.last))
    assert HIDDEN in text
    assert SECRET not in text
    assert base64.b64encode(SECRET.encode()).decode() not in text


def test_a_line_without_end_hides_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever such a line is cut, no secret is cut in two."""
    monkeypatch.setattr(processes, "_LONGEST", 1000)
    lines: list[str] = []
    script = f"import sys\nfor n in range(60000): sys.stdout.write('{SECRET}' + 'x' * (n % 7))"
    command = Command((sys.executable, "-c", script), dict(os.environ), 60)
    assert run(command, Event(), lines.append, Secrets([SECRET])).well
    assert len(lines) > 5
    text = "".join(lines)
    assert text.replace(HIDDEN, "").strip("x") == ""


def test_wrapped_base64_is_hidden() -> None:
    long = "".join(f"{number:03}-Token" for number in range(12))
    hidden = Secrets([long])
    for tail in ("", "\n"):
        for width in (64, 76):
            code = base64.b64encode((long + tail).encode()).decode()
            lines = [code[at : at + width] for at in range(0, len(code), width)]
            assert [hidden.hide(line) for line in lines if len(line) >= 8] == [HIDDEN] * len(
                [line for line in lines if len(line) >= 8]
            )


@pytest.mark.parametrize(
    "text", ["aB%2Fcd%2Bef%20gh%3D%3D", "aB/cd%2Bef%20gh%3D%3D", "aB%2fcd%2bef+gh%3d%3d"]
)
def test_a_secret_in_a_url_is_hidden(text: str) -> None:
    assert Secrets(["aB/cd+ef gh=="]).hide(f"https://x/?q={text}&a") == f"https://x/?q={HIDDEN}&a"


def test_each_line_of_a_key_is_hidden() -> None:
    key = "-----BEGIN-----\nMIIEabcdef\n}\n-----END-----\n"
    assert Secrets([key]).hide("found MIIEabcdef in }") == f"found {HIDDEN} in }}"


def test_secrets_are_not_shown() -> None:
    assert SECRET not in repr(Secrets([SECRET]))
    assert SECRET not in repr(Command(("x",), {"TOKEN": SECRET}))


@given(st.lists(st.text(min_size=1, max_size=6), max_size=4), st.text(max_size=30))
def test_what_is_hidden_stays_hidden(values: list[str], around: str) -> None:
    values = [value for value in values if not any(value in part for part in ("*", HIDDEN))]
    text = around + around.join(values) + around
    shown = Secrets(values).hide(text)
    assert not any(value in shown.replace(HIDDEN, "\0") for value in values if "\0" not in value)


def test_nothing_is_hidden_without_secrets() -> None:
    assert Secrets(["", ""]).hide("text") == NO_SECRETS.hide("text") == "text"
