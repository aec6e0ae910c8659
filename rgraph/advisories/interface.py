"""Security advisories, as far as matching needs them (OSV schema 1.7, ossf/osv-schema)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from rgraph.errors import Problem


class Event(Struct, frozen=True):
    """One event of a range; exactly one of the fields is set (OSV schema, "affected[].ranges[].events")."""

    introduced: str = ""
    fixed: str = ""
    last_affected: str = ""
    limit: str = ""


class Interval(Struct, frozen=True):
    """A range of versions."""

    type: str
    """`ECOSYSTEM`, `SEMVER` or `GIT`."""
    events: tuple[Event, ...] = ()
    repo: str = ""


class Affected(Struct, frozen=True):
    """What an advisory says of one package."""

    ecosystem: str
    """As OSV writes it, with its suffix: `PyPI`, `Debian:11`, `Ubuntu:22.04:LTS`."""
    name: str
    ranges: tuple[Interval, ...] = ()
    versions: tuple[str, ...] = ()
    """Affected versions, enumerated."""


class Advisory(Struct, frozen=True):
    """An advisory that is not withdrawn."""

    id: str
    file: str
    """Where it was read, relative to what the user pointed to."""
    aliases: tuple[str, ...] = ()
    summary: str = ""
    severity: str = ""
    """What it says itself, as text: `HIGH`, or a CVSS vector."""
    affected: tuple[Affected, ...] = ()


class Advisories(Struct, frozen=True):
    """All advisories of a run, indexed."""

    source: str
    """The folder or zip that the user pointed to."""
    by_package: Mapping[tuple[str, str], tuple[Advisory, ...]] = field(default_factory=dict)
    """(ecosystem without suffix, name normalised for it) -> advisories about it."""
    by_id: Mapping[str, tuple[Advisory, ...]] = field(default_factory=dict)
    """Id or alias -> advisories."""
    count: int = 0
    skipped: tuple[Problem, ...] = ()
    """Files that could not be read, and why."""
