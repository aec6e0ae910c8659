"""What tells of the packages in an image, gathered from a container of it without network."""

from __future__ import annotations

import tarfile
from typing import IO

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
from rgraph.engines.containers import Containers, EngineRefusedError, Spec


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
            _, found = containers.stream(container, _read, export=False)
        except EngineRefusedError:
            found = Files({})
        return found if found.contents else containers.stream(container, _read, export=True)[1]
    finally:
        containers.remove([container], [], [])


def _read(stream: IO[bytes]) -> Files:
    """The files of a tar that are wanted; what comes is an image's, and may be anything."""
    contents: dict[str, bytes] = {}
    links: dict[str, str] = {}
    try:
        with tarfile.open(fileobj=stream, mode="r|", errorlevel=0) as archive:
            while entry := archive.next():
                _take(archive, entry, contents, links)
                # It keeps every entry that it has seen; those of a whole image would fill the memory.
                archive.members.clear()  # type: ignore[attr-defined] # the types do not know it
                if len(contents) + len(links) >= NUMBER:
                    break
    except (tarfile.TarError, EOFError):
        # No tar at all, or one that was cut off: what was read is what there is.
        pass
    return Files(contents, links)


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
