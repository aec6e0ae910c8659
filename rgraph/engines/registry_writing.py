"""Registries are written to: manifests under tags, whole images from one repository to another, tags gone.

Sources: OCI distribution specification 1.1, "Push" and "Content Management"; OCI image specification 1.1,
"Image Manifest" and "Image Index".
"""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Mapping
from threading import Lock
from typing import Final

import msgspec
from msgspec import Struct, field

from rgraph import names
from rgraph.engines.blobs import Blobs
from rgraph.engines.decoding import decode
from rgraph.engines.errors import CouldNotAskError, Missing
from rgraph.engines.registry import Fetched, Registry, asked
from rgraph.engines.registry_api import INDEXES, Api, Repository, check_status, missing
from rgraph.engines.web import Reply

_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG: Final = "application/vnd.docker.container.image.v1+json"
_NONDISTRIBUTABLE: Final = ("foreign", "nondistributable")
"""In the media type of a layer that may stay where its `urls` say: Windows' own, before 2023."""
_ATTESTATION: Final = "vnd.docker.reference.type"
"""Annotation by which BuildKit marks what stands in an index and is no image."""
_TRIES: Final = 3
_DEEPEST: Final = 4
"""Levels of indexes in indexes."""


class _Descriptor(Struct, frozen=True):
    """Something that a manifest names."""

    digest: str
    size: int
    mediaType: str = ""
    urls: tuple[str, ...] = ()
    annotations: dict[str, str] = {}


class _Parts(Struct, frozen=True):
    """A manifest or an index."""

    config: _Descriptor | None = None
    layers: tuple[_Descriptor, ...] = ()
    manifests: tuple[_Descriptor, ...] = ()


class _Settings(Struct, frozen=True):
    labels: dict[str, str] | None = field(default=None, name="Labels")


class _Config(Struct, frozen=True):
    config: _Settings | None = None


class RegistryWriter:
    """Reads and writes images at registries. Several threads may share one."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._api: Api = registry.api
        self._blobs = Blobs(registry.api)
        self._lock = Lock()
        self._deleting: defaultdict[Repository, Lock] = defaultdict(Lock)

    def manifest(self, reference: str) -> Fetched | Missing:
        """The OCI manifest or index that a reference leads to now. Raises CouldNotAskError."""
        return self._registry.manifest(reference)

    def labels(self, reference: str) -> Mapping[str, str] | Missing:
        """The labels of an image; of one for several platforms those that all of them have alike.

        Raises CouldNotAskError.
        """
        found = self.manifest(reference)
        return found if isinstance(found, Missing) else self.labels_of(reference, found)

    def labels_of(self, reference: str, fetched: Fetched) -> Mapping[str, str] | Missing:
        """The labels of an image whose manifest is known already, as `labels`."""
        repository, _ = asked(reference)
        return self._labels(repository, fetched, 0)

    def put(self, reference: str, fetched: Fetched) -> names.Digest:
        """Puts a manifest under a reference; what it names must be in the repository already.

        A tag moves there if it led elsewhere. Raises CouldNotAskError.
        """
        repository, wanted = asked(reference)
        url = self._api.url(repository, f"manifests/{wanted}")
        reply = self._api.ask("PUT", repository, url, {"Content-Type": fetched.media_type}, fetched.content)
        check_status(repository, reply, 200, 201, 202, 204)
        said = reply.headers.get("docker-content-digest", fetched.digest)
        if said.startswith("sha256:") and said != fetched.digest:
            raise CouldNotAskError(str(repository), f"it took {fetched.digest} for another digest")
        return fetched.digest

    def copy(self, source: str, destination: str) -> names.Digest:
        """Copies an image, whole: all platforms of an index, blobs first, then what names them.

        What the destination has already is not sent again. `source` has a digest; a destination without
        tag gets the image by its digest alone. Raises CouldNotAskError, also if something of the source is
        not there.
        """
        start, wanted = asked(source)
        if not wanted.startswith("sha256:"):
            raise CouldNotAskError(str(start), f"`{source}` names no digest", "a tag may move at any time")
        end, named = asked(destination)
        parts = names.reference(destination)
        untagged = isinstance(parts, names.Bad) or not (parts.tag or parts.digest)
        fetched = _there(self.manifest(source))
        self._copy_parts(start, end, fetched, 0)
        reference = f"{end}@{fetched.digest}" if untagged else f"{end}{_mark(named)}{named}"
        return self.put(reference, fetched)

    def delete_tag(self, reference: str) -> bool:
        """Removes one tag, and leaves the other tags of the same image; False if it is not there.

        Raises CouldNotAskError, also if the registry deletes nothing.
        """
        repository, tag = asked(reference)
        url = self._api.url(repository, f"manifests/{tag}")
        # docker-registry goes through all tags of a repository, and stumbles over one that goes meanwhile.
        with self._lock:
            deleting = self._deleting[repository]
        with deleting:
            known = self._api.ask("GET", repository, url)
            if known.status == 404:
                missing(repository, tag, known)
                return False
            check_status(repository, known)
            reply = self._api.ask("DELETE", repository, url)
            if _deletes_not(reply):
                self._delete_by_replacing(repository, tag)
            else:
                check_status(repository, reply, 200, 202, 204)
            return True

    def _delete_by_replacing(self, repository: Repository, tag: str) -> None:
        """Lets a tag lead to something of its own, and deletes that: docker-registry 2 deletes digests only,
        with all tags that lead to them.
        """
        config = b"{}"
        self._blobs.put(repository, config)
        described = {"mediaType": _CONFIG, "size": len(config), "digest": _digest(config)}
        # Unlike any other, so that no other tag leads to it.
        value = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": described, "layers": []}
        content = msgspec.json.encode({**value, "annotations": {"deleted": str(uuid.uuid4())}})
        own = Fetched(content, _MANIFEST, names.Digest(_digest(content)))
        # Once without the tag: a registry that deletes nothing must not leave it there.
        self._put_and_delete(repository, f"{repository}@{own.digest}", own)
        self._put_and_delete(repository, f"{repository}:{tag}", own)

    def _put_and_delete(self, repository: Repository, reference: str, own: Fetched) -> None:
        url = self._api.url(repository, f"manifests/{own.digest}")
        for _ in range(_TRIES):
            self.put(reference, own)
            reply = self._api.ask("DELETE", repository, url)
            if reply.status != 404:
                break
            # Another run deletes in this repository, too.
        if _deletes_not(reply):
            help = "let it delete (docker-registry: `storage.delete.enabled`), or delete the tag there"
            raise CouldNotAskError(repository.registry, "it deletes nothing", help)
        check_status(repository, reply, 200, 202, 204)

    def _labels(self, repository: Repository, fetched: Fetched, depth: int) -> Mapping[str, str] | Missing:
        parts = _parts(repository, fetched)
        if fetched.media_type in INDEXES:
            images = [each for each in parts.manifests if _ATTESTATION not in each.annotations]
            found: list[Mapping[str, str]] = []
            for each in images if depth < _DEEPEST else ():
                inner = self.manifest(f"{repository}@{each.digest}")
                labels = inner if isinstance(inner, Missing) else self._labels(repository, inner, depth + 1)
                if isinstance(labels, Missing):
                    return labels
                found.append(labels)
            return dict(set.intersection(*(set(each.items()) for each in found))) if found else {}
        if parts.config is None:
            return {}
        content = self._blobs.content(repository, parts.config.digest)
        if isinstance(content, Missing):
            return content
        try:
            config = decode(content, _Config).config
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            # An artifact: it has a configuration of some other kind.
            return {}
        return (config.labels if config else None) or {}

    def _copy_parts(self, start: Repository, end: Repository, fetched: Fetched, depth: int) -> None:
        """Copies all that a manifest names."""
        parts = _parts(start, fetched)
        if depth > _DEEPEST:
            raise CouldNotAskError(str(start), f"{fetched.digest} is an index of indexes of indexes")
        for each in parts.manifests:
            inner = _there(self.manifest(f"{start}@{each.digest}"))
            self._copy_parts(start, end, inner, depth + 1)
            self.put(f"{end}@{inner.digest}", inner)
        for each in (*parts.layers, *((parts.config,) if parts.config else ())):
            elsewhere = bool(each.urls) and any(word in each.mediaType for word in _NONDISTRIBUTABLE)
            self._blobs.copy(start, end, each.digest, each.size, optional=elsewhere)


def _deletes_not(reply: Reply) -> bool:
    """Whether a registry does not delete such a thing (OCI distribution specification, "Deleting tags": 400
    or 405; docker-registry says 400, that a tag is no digest). It was there a moment ago.
    """
    return reply.status in (400, 404, 405)


def _parts(repository: Repository, fetched: Fetched) -> _Parts:
    try:
        found = decode(fetched.content, _Parts)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise CouldNotAskError(str(repository), f"{fetched.digest} is no manifest of an image") from None
    for each in (*found.manifests, *found.layers, *((found.config,) if found.config else ())):
        if isinstance(names.digest(each.digest), names.Bad) or each.size < 0:
            raise CouldNotAskError(str(repository), f"{fetched.digest} names something without SHA-256")
    return found


def _there(found: Fetched | Missing) -> Fetched:
    if isinstance(found, Missing):
        raise CouldNotAskError("the registry to copy from", found.what)
    return found


def _mark(wanted: str) -> str:
    return "@" if wanted.startswith("sha256:") else ":"


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
