"""Programs that run for long: in a process group of their own, watched line by line, ended for sure.

Whatever a program prints has lost its secrets before anybody here sees it.
"""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import IO, Final
from urllib.parse import quote, quote_plus

from msgspec import Struct

from rgraph.engines.errors import CouldNotAskError

GRACE: Final = 10.0
"""Seconds between SIGTERM and SIGKILL."""
HIDDEN: Final = "***"
"""Stands in place of a secret."""
_SHORTEST_LINE: Final = 4
"""Characters of a line that is hidden of a secret of several: a `}` alone is none."""
_SHORTEST_CODE: Final = 8
"""Characters of a line of base64 that is hidden: less says nothing, and may stand anywhere."""
_WIDTHS: Final = (64, 76)
"""Characters of a line that `openssl base64` and `base64` write."""
_LONGEST: Final = 1 << 20
"""Bytes of a line; a longer one is cut into several."""
_LOOK: Final = 0.05
"""Seconds between two looks at a program that runs."""
_SET_DEATH_SIGNAL: Final = 1
"""PR_SET_PDEATHSIG of prctl(2)."""

Sink = Callable[[str], None]
"""Takes a line, without its line break."""


class Secrets:
    """Texts that nobody is to see."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        """`values` are secrets; empty ones are none. Also hidden: each longer line of one, and how a value
        looks in base64, on one line or on several, and in a URL.
        """
        found: set[str] = set()
        for value in filter(None, values):
            found |= {value, *_in_urls(value), *_in_base64(value)}
            lines = [line.strip() for line in value.splitlines()]
            found |= (
                {lines[0]} if len(lines) == 1 else {each for each in lines if len(each) >= _SHORTEST_LINE}
            )
        # The longest first: a value may be a part of another.
        self._texts = tuple(sorted(filter(None, found), key=lambda text: (-len(text), text)))
        self.longest = max((len(text.encode()) for text in self._texts), default=0)
        """Bytes of the longest text."""

    def hide(self, text: str) -> str:
        """A text without them."""
        for each in self._texts:
            if each in text:
                text = text.replace(each, HIDDEN)
        return text

    def __repr__(self) -> str:
        return "Secrets(...)"


def _in_urls(value: str) -> Iterator[str]:
    for text in (quote(value, safe=""), quote(value), quote_plus(value), quote_plus(value, safe="/")):
        yield text
        yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text)


def _in_base64(value: str) -> Iterator[str]:
    """Also with the line break that `echo` adds, and in the lines that base64 and openssl make."""
    for text in (value, f"{value}\n"):
        for code in (base64.b64encode(text.encode()), base64.urlsafe_b64encode(text.encode())):
            whole = code.decode()
            yield whole
            for width in _WIDTHS:
                lines = [whole[at : at + width] for at in range(0, len(whole), width)]
                yield from (line for line in lines if len(line) >= _SHORTEST_CODE)


NO_SECRETS: Final = Secrets()


class Ended(Struct, frozen=True):
    """How a program ended."""

    code: int
    """Its exit code; that of a signal is negative."""
    why: str = ""
    """`timeout` or `stopped`, where it was ended by us; else empty."""
    last: tuple[str, ...] = ()
    """Its last lines, without secrets."""

    @property
    def well(self) -> bool:
        """Whether it did what it was to do."""
        return self.code == 0 and not self.why


class Command(Struct, frozen=True):
    """What to run, and within what limits."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    timeout: float | None = None
    """Seconds; None for no limit."""
    folder: Path | None = None

    def __repr__(self) -> str:
        return f"Command({self.arguments[:2]}...)"  # the environment may hold secrets


_KEPT: Final = 40
"""Last lines that are kept for messages."""


def run(command: Command, stop: Event, sink: Sink | None = None, secrets: Secrets = NO_SECRETS) -> Ended:
    """Runs a program to its end, to its time limit, or until `stop` is set; then it and all that it
    started get SIGTERM, and SIGKILL after a while.

    Both its outputs go to `sink`, line by line. Raises CouldNotAskError if it cannot be run, and at its end
    what `sink` has raised.
    """
    last: list[str] = []
    failure: list[Exception] = []

    def take(line: str) -> None:
        last.append(line)
        del last[:-_KEPT]
        try:
            if sink and not failure:
                sink(line)
        except Exception as error:  # raised below: who stops reading makes the program wait for ever
            failure.append(error)

    if stop.is_set():
        return Ended(-signal.SIGTERM, "stopped")
    process = _start(command)
    assert process.stdout is not None, "it was asked for"
    reader = Thread(target=_read, args=(process.stdout, take, secrets), daemon=True)
    try:
        reader.start()
        why = _wait(process, command.timeout, stop)
    finally:
        if process.poll() is None:
            _end(process)
        # What it left behind may hold the pipe open: it is not waited for.
        _signal(process, signal.SIGKILL)
        reader.join(GRACE)
    for error in failure:
        raise error
    return Ended(process.returncode, why, tuple(last))


def capture(
    arguments: Sequence[str], environment: Mapping[str, str], timeout: float, input: bytes = b""
) -> tuple[int, str, str]:
    """Exit code and both outputs of a program that answers at once. Raises CouldNotAskError."""
    program = Path(arguments[0]).name
    try:
        done = subprocess.run(
            arguments,
            input=input,
            capture_output=True,
            timeout=timeout,
            env=dict(environment),
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise CouldNotAskError(program, f"no answer within {timeout:g} s") from None
    except OSError as error:
        raise _not_run(program, error) from None
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def _start(command: Command) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command.arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(command.environment),
            cwd=command.folder,
            # Of its own: what a terminal sends to us is not for it, and what it starts ends with it.
            start_new_session=True,
            # It makes two system calls, imports nothing and takes no lock.
            preexec_fn=_with_us(),  # noqa: PLW1509
        )
    except OSError as error:
        raise _not_run(Path(command.arguments[0]).name, error) from None


def _with_us() -> Callable[[], None] | None:
    """What lets a child end if we are killed and can do nothing more about it (prctl(2)); Linux only."""
    if not sys.platform.startswith("linux"):
        return None
    # Late: only what runs programs for long needs it.
    import ctypes

    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def bind() -> None:
        prctl(_SET_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return bind


def _not_run(program: str, error: OSError) -> CouldNotAskError:
    why = (
        "it is not installed"
        if isinstance(error, FileNotFoundError)
        else f"it cannot be run ({error.strerror})"
    )
    return CouldNotAskError(program, why)


def _wait(process: subprocess.Popen[bytes], timeout: float | None, stop: Event) -> str:
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        # Not `process.wait(limit)`: it looks in ever longer steps, and never at `stop`.
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK)
            return ""
        if stop.is_set():
            return "stopped"
        if end is not None and time.monotonic() >= end:
            return "timeout"


def _end(process: subprocess.Popen[bytes]) -> None:
    _signal(process, signal.SIGTERM)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Sends a signal to the whole group; its leader's id names it as long as somebody is in it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _read(stream: IO[bytes], take: Sink, secrets: Secrets) -> None:
    rest = b""
    # A line is cut where no secret can be on both sides of the cut.
    margin = max(secrets.longest - 1, 0)
    with stream:
        while piece := os.read(stream.fileno(), 1 << 16):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                take(_text(line, secrets))
            if len(rest) > _LONGEST + margin:
                shown = secrets.hide(rest.decode(errors="replace")).encode()
                cut = len(shown) - margin
                take(shown[:cut].decode(errors="replace"))
                rest = shown[cut:]
    if rest:
        take(_text(rest, secrets))


def _text(line: bytes, secrets: Secrets) -> str:
    return secrets.hide(line.decode(errors="replace").rstrip("\r"))
