"""Security advisories, as far as matching needs them (OSV schema 1.7, ossf/osv-schema).

The types read as they are written: what the schema requires is checked when one is made, so that
an advisory that cannot be judged is never taken for one that concerns nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

from rgraph.errors import Problem


class Event(Struct, frozen=True, omit_defaults=True, gc=False):
    """One event of a range; exactly one of the fields is set (OSV schema, "affected[].ranges[].events")."""

    introduced: str = ""
    """`0` stands before every version."""
    fixed: str = ""
    last_affected: str = ""
    limit: str = ""
    """With `*`: none."""

    def __post_init__(self) -> None:
        given = (self.introduced, self.fixed, self.last_affected, self.limit)
        if sum(map(bool, given)) != 1:
            raise ValueError("an event is one of `introduced`, `fixed`, `last_affected` and `limit`")


class Interval(Struct, frozen=True, omit_defaults=True, gc=False):
    """A range of versions. Both `fixed` and `last_affected` may stand in one: judging it needs no more."""

    type: Literal["ECOSYSTEM", "SEMVER", "GIT"]
    events: tuple[Event, ...]
    repo: str = ""

    def __post_init__(self) -> None:
        if not any(event.introduced for event in self.events):
            raise ValueError("a range needs an event `introduced`")
        if self.type == "GIT" and not self.repo:
            raise ValueError("a range of type GIT needs a `repo`")


class Package(Struct, frozen=True, gc=False):
    """What an advisory is about."""

    ecosystem: str
    """As OSV writes it, with its suffix: `PyPI`, `Debian:11`, `Ubuntu:22.04:LTS`."""
    name: str


class Affected(Struct, frozen=True, omit_defaults=True, gc=False):
    """Which versions of one package an advisory is about."""

    package: Package | None = None
    """None: the repository of its ranges says what it is about."""
    ranges: tuple[Interval, ...] = ()
    versions: tuple[str, ...] = ()
    """Affected versions, enumerated."""


class Severity(Struct, frozen=True, gc=False):
    """How grave it is, by some scale."""

    type: str
    """`CVSS_V3`, ..."""
    score: str
    """A CVSS vector, or a word."""


class Own(Struct, frozen=True, omit_defaults=True, gc=False):
    """What a database says in its own words; GitHub's has the severity there."""

    severity: Any = None


_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Advisory(Struct, frozen=True, omit_defaults=True, gc=False):
    """An advisory."""

    id: str
    aliases: tuple[str, ...] | None = None
    """Ids of the same vulnerability."""
    upstream: tuple[str, ...] | None = None
    """Ids of vulnerabilities that it comes from: the CVEs of a distribution's advisory."""
    withdrawn: str | None = None
    summary: str = ""
    severity: tuple[Severity, ...] | None = None
    affected: tuple[Affected, ...] | None = None
    database_specific: Own | None = None

    def __post_init__(self) -> None:
        if not self.id.strip():
            raise ValueError("its `id` is empty")
        if self.withdrawn is not None and not _DAY.match(self.withdrawn):
            raise ValueError("`withdrawn` is no point in time")

    @property
    def grade(self) -> str:
        """What it says of its severity: a word such as `HIGH`, else a CVSS vector; empty if nothing."""
        own = self.database_specific.severity if self.database_specific else None
        if isinstance(own, str) and own:
            return own
        return next((each.score for each in self.severity or () if each.score), "")

    @property
    def names(self) -> tuple[str, ...]:
        """Its id, then its aliases."""
        return self.id, *(each for each in self.aliases or () if each.strip())


Statement = tuple[Advisory, Affected]
"""What an advisory says of one package."""

REPOSITORY = "GIT"
"""Stands for an ecosystem where a repository's address is the name."""


class Advisories(Struct, frozen=True):
    """All advisories of a run that are not withdrawn, indexed."""

    source: str
    """Name of the folder or zip that the user pointed to."""
    by_package: Mapping[tuple[str, str], tuple[Statement, ...]] = field(default_factory=dict)
    """(ecosystem without suffix, name normalised for it) -> what is said of it."""
    by_id: Mapping[str, tuple[Advisory, ...]] = field(default_factory=dict)
    """Id or alias -> advisories."""
    by_upstream: Mapping[str, tuple[Advisory, ...]] = field(default_factory=dict)
    """Id of an upstream vulnerability -> advisories that come from it."""
    ecosystems: frozenset[tuple[str, str]] = frozenset()
    """Ecosystems, each with a release (or an empty text), about which anything is said."""
    count: int = 0
    withdrawn: int = 0
    """How many more were left out because their authors took them back."""
    skipped: tuple[Problem, ...] = ()
    """Files that could not be read, and why."""
