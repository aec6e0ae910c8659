"""How far a long piece of asking is, for whoever wants to show it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Is told how far the work is. All but `begin` are called from several threads."""

    def begin(self, what: str, total: int) -> None:
        """So many questions are put now; `what` they are about, in the plural."""

    def answered(self) -> None:
        """One question more has its answer, or will have none."""

    def read(self, size: int) -> None:
        """So many bytes more have come."""


class _Silent:
    def begin(self, what: str, total: int) -> None:
        pass

    def answered(self) -> None:
        pass

    def read(self, size: int) -> None:
        pass


SILENT: Progress = _Silent()
"""Shows nothing."""
