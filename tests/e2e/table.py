"""What the tests have measured and seen, for the end of the run."""

from __future__ import annotations

from collections.abc import Sequence


class Table:
    """Rows of a phase, what was seen, and what was asked for."""

    def __init__(self) -> None:
        self._phases: list[tuple[str, str, str]] = []
        self._faults: list[tuple[str, str]] = []

    def phase(self, name: str, seen: str, asked: str = "") -> None:
        """Notes what a phase of the whole run took or gave."""
        self._phases.append((name, seen, asked))

    def fault(self, name: str, outcome: str) -> None:
        """Notes a fault that was survived, and how."""
        self._faults.append((name, outcome))

    def lines(self) -> list[str]:
        """The tables in Markdown; none if nothing was noted."""
        return [
            *_markdown(("phase", "seen", "asked for"), self._phases),
            *_markdown(("fault", "outcome"), self._faults),
        ]


def _markdown(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    return ["", *(f"| {' | '.join(row)} |" for row in (head, tuple("---" for _ in head), *rows))]


TABLE = Table()
