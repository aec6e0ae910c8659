"""Which images are there already: in the engine, in staging, or at the registry of a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rgraph.app import Workspace
from rgraph.building.request import Tools
from rgraph.builds import naming
from rgraph.builds.labels import is_content
from rgraph.builds.survey import Held
from rgraph.engines.errors import CouldNotAskError, NotAllAskedError
from rgraph.engines.registry import Fetched
from rgraph.engines.ways import Way


class Finder:
    """Looks for the present content of images; each is asked about once."""

    def __init__(self, workspace: Workspace, tools: Tools, way: Way, number: str, *, push: bool) -> None:
        self._workspace, self._tools, self._way = workspace, tools, way
        self._number, self._push = number, push
        self._settings = workspace.catalog.settings
        self._fetched: dict[str, Fetched] = {}
        self._released: set[str] = set()
        self._named: dict[str, str] = {}
        """Names that the engine gives -> ids of the images that have them."""

    def fingerprint(self, id: str) -> str:
        """The content of an image."""
        return self._workspace.fingerprints[id]

    def by_content(self, id: str) -> str:
        """The name of an image's content."""
        return naming.by_content(self._settings.staging, id, self.fingerprint(id))

    def look(self, ids: Sequence[str]) -> dict[str, Held]:
        """Those of some images that are there.

        With a push only those count that a registry has, and it must answer; without one it is enough that
        everything can be built. Raises CouldNotAskError, NotAllAskedError.
        """
        found = self._in_engine(ids) if not self._push else {}
        found |= self._in_staging([id for id in ids if id not in found])
        return found | self._in_releases([id for id in ids if id not in found])

    def _in_engine(self, ids: Sequence[str]) -> dict[str, Held]:
        if self._way.engine is None:
            return {}
        names = {self.by_content(id): id for id in ids}
        images = self._way.engine.inspect([*names, *map(self._numbered, ids)])
        self._named.update({name: image.id for name, image in images.items()})
        return {
            names[name]: Held(name, image_id=image.id, name=name)
            for name, image in images.items()
            if name in names and is_content(image.labels, self.fingerprint(names[name]))
        }

    def _numbered(self, id: str) -> str:
        return str(naming.numbered(self._settings.staging, id, self._number))

    def _in_staging(self, ids: Sequence[str]) -> dict[str, Held]:
        if not ids or not self._settings.staging:
            return {}
        names = {self.by_content(id): id for id in ids}
        asked = {name: self.fingerprint(id) for name, id in names.items()}
        holding = self._tools.staging.holding(asked, self._tools.progress)
        self._check(holding.failed)
        found = {}
        for name, fetched in holding.found.items():
            self._fetched[names[name]] = fetched
            digest = str(fetched.digest)
            if self._promoted(names[name]) not in ("", digest):
                continue  # somebody built it once more; what people pull is the other
            found[names[name]] = Held(naming.at_digest(name, digest), digest, name=name)
        return found

    def _promoted(self, id: str) -> str:
        """The digest that the ledger has of the present content; empty if it was not promoted."""
        return str(self._workspace.ledger.digests.get((id, self._workspace.fingerprints[id]), ""))

    def _check(self, failed: Mapping[str, CouldNotAskError]) -> None:
        errors = {str(error): error for error in failed.values()}
        if errors and self._push:
            raise next(iter(errors.values())) if len(errors) == 1 else NotAllAskedError(errors.values())
        for each in list(errors)[:1]:
            self._tools.reporter.note(f"staging is left aside: {each}")

    def _in_releases(self, ids: Sequence[str]) -> dict[str, Held]:
        """What was promoted and is no more in staging: content that has a digest is not built again."""
        found = {}
        for id in ids:
            digest = self._promoted(id)
            registry = self._settings.registry
            if not digest or not registry:
                continue
            reference = f"{registry}/{self._workspace.resolved.images[id].repository}@{digest}"
            try:
                is_there = self._tools.staging.is_there(reference)
            except CouldNotAskError as error:
                self._tools.reporter.note(f"`{id}` was released, but that is left aside: {error}")
                continue
            if is_there:
                self._released.add(id)
                found[id] = Held(reference, digest, name=reference)
        return found

    def give(self, id: str, held: Held) -> str:
        """Gives the tag of this build to an image that is there; the reference that it then has.

        Raises CouldNotAskError.
        """
        name = self._numbered(id)
        if not self._push and held.digest:
            return held.name
        if id in self._fetched:
            self._tools.staging.tag(name, self._fetched[id])
        elif id in self._released:
            self._tools.staging.copy(held.reference, name, self.by_content(id))
        elif self._way.engine and self._named.get(name) != held.image_id:
            self._way.engine.tag(held.reference, name)
        return name
