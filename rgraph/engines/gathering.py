"""What tells of the packages in an image, gathered from a container of it without network."""

from __future__ import annotations

import tarfile
from typing import IO, Self

from rgraph.contents.files import (
    NUMBER,
    SCRIPT,
    SIZE,
    Files,
    is_wanted,
    is_wanted_link,
    plain_path,
    target_of,
)
from rgraph.engines.container import Spec
from rgraph.engines.containers import ENGINE, Containers, EngineRefusedError
from rgraph.engines.errors import CouldNotAskError


def gather(containers: Containers, image: str) -> Files:
    """The files of an image that say what is installed.

    A script in a container finds them, which takes a second; from an image without a shell, or without
    what the script needs, all files are read, and nothing of the image runs. Raises CouldNotAskError,
    EngineRefusedError.
    """
    words = ("/bin/sh", "-c", SCRIPT)
    container = containers.create(Spec(image=image, words=words, network="none", user="0:0", folder="/"))
    try:
        try:
            code, found = containers.stream(container, _read, export=False)
        except EngineRefusedError:
            code, found = 1, None
        if code == 0 and found is not None and found.contents:
            return found
        code, found = containers.stream(container, _read, export=True)
    finally:
        containers.remove([container], [], [])
    if code or found is None:
        why = "it did not give all files of the image, and half of them would look like missing packages"
        raise CouldNotAskError(ENGINE, why, "try again")
    return found


def _read(stream: IO[bytes]) -> Files | None:
    """The files of a tar that are wanted; None if it does not come to its end. What comes is an image's,
    and may be anything. Raises EngineRefusedError if there are too many.
    """
    contents: dict[str, bytes] = {}
    links: dict[str, str] = {}
    try:
        with tarfile.open(fileobj=stream, mode="r|", errorlevel=0, tarinfo=_Entry) as archive:
            while entry := archive.next():
                _take(archive, entry, contents, links)
                # It keeps every entry that it has seen; those of a whole image would fill the memory.
                archive.members.clear()  # type: ignore[attr-defined] # the types do not know it
                if len(contents) + len(links) >= NUMBER:
                    raise EngineRefusedError(
                        f"the image has more than {NUMBER:,} files that tell of packages"
                    )
    except _WholeError:
        while stream.read(1 << 16):
            pass
        return Files(contents, links)
    except (tarfile.TarError, EOFError):
        pass
    return None


class _WholeError(Exception):
    """The end marker of an archive was read."""


class _Entry(tarfile.TarInfo):
    """An entry that tells the end of an archive from an archive that only stops there."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """An entry from its header; the marker is a block of zeros (POSIX, pax, "ustar Interchange
        Format"). Raises _WholeError at the marker.
        """
        if len(buf) == tarfile.BLOCKSIZE and not any(buf):
            raise _WholeError
        return super().frombuf(buf, encoding, errors)


def _take(
    archive: tarfile.TarFile, entry: tarfile.TarInfo, contents: dict[str, bytes], links: dict[str, str]
) -> None:
    path = plain_path(entry.name)
    if entry.issym() and is_wanted_link(path):
        if target := target_of(path, entry.linkname):
            links[path] = target
    elif entry.islnk() and is_wanted(path):
        # A hard link: the content came with its other name, if that was wanted.
        if (content := contents.get(plain_path(entry.linkname))) is not None:
            contents[path] = content
    elif entry.isreg() and entry.size <= SIZE and is_wanted(path):
        file = archive.extractfile(entry)
        if file is not None:
            contents[path] = file.read()
