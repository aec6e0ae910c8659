"""The two ways to get nothing: what was asked for is not there, or could not be asked for."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from rgraph.errors import RgraphError


class Missing(Struct, frozen=True):
    """An answer: it was asked, and what was asked for is not there."""

    what: str
    """One sentence without a full stop."""
    help: str = ""


class Refused(Struct, frozen=True):
    """An answer of our own: it was not asked, or not to the end, as its answer could not be used."""

    what: str
    """One sentence without a full stop."""
    help: str = ""


class CouldNotAskError(RgraphError):
    """Somebody could not be asked, or gave no answer that can be understood.

    Neither `why` nor `help` may hold a secret: no credentials, no query of an address.
    """

    exit_code = 3

    def __init__(self, whom: str, why: str, help: str = "") -> None:
        self.whom = whom
        """A registry's or server's host, a program, a file, or the address of a download."""
        self.why = why
        self.help = help
        super().__init__(f"cannot ask {whom}: {why}")


class DeniedError(CouldNotAskError):
    """Somebody does not let us in: another try would change nothing."""


class NotAllAskedError(RgraphError):
    """Several could not be asked."""

    exit_code = 3

    def __init__(self, failures: Iterable[CouldNotAskError]) -> None:
        self.failures = tuple(failures)
        reasons = dict.fromkeys(str(each) for each in self.failures)
        self.help = next((each.help for each in self.failures if each.help), "")
        super().__init__("; ".join(reasons))
