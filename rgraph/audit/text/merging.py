"""One finding for one thing to mend: distinct steps may come from one place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import structs

from rgraph.audit.interface import Finding
from rgraph.audit.subject import Subject
from rgraph.errors import Place


def merged(subject: Subject, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings of one rule that say the same of the same place, as one with the images of all.

    A recipe that is used with several parameters gives several steps at one place, and a command may
    stand twice in a step.
    """
    groups: dict[tuple[str, Place, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule.id, finding.place, finding.what), []).append(finding)
    for group in groups.values():
        first = group[0]
        if len({finding.images for finding in group}) == 1:
            yield first
            continue
        images = subject.in_order(id for finding in group for id in finding.images)
        names = dict.fromkeys(name for finding in group for name in (finding.subject, *finding.names))
        others = tuple(name for name in names if name != first.subject)
        yield structs.replace(first, images=images, names=others)
