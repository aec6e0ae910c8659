"""Files of the build context that instructions copy, and their place below `manifests/files/`.

A file of the context keeps its path in what is imported: what `web/Dockerfile` copies as `app.py` becomes
`manifests/files/web/app.py`, and the instruction copies `web/app.py`. Where an image would then get more
files than its own context has (`.dockerignore`), its files stand in a folder of their own (`apart`).
Source of what a word means: the Dockerfile reference, "COPY", and Go's `filepath.Match`.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct, structs

from rgraph.importing.model import Instruction
from rgraph.importing.words import WordError, unquoted
from rgraph.names import Bad, copied_path
from rgraph.render_names import OWN_FILES

MOST_FILES: Final = 5_000
"""Files of a context that are taken along; a whole repository is none of a catalogue's."""
MOST_BYTES: Final = 64 * 2**20
ROOT: Final = "context"
"""Stands for the root of what is imported where its own names would meet those of generated files."""

ELSEWHERE: Final = re.compile(r"https?://|git@|git://|ssh://|<<", re.IGNORECASE)
"""The beginning of a word of COPY or ADD that names no file of the context."""
_OWN: Final = frozenset(name.lower() for name in OWN_FILES)
_SOURCE: Final = re.compile(r"(?:^|,)(?:source|src)=([^,]*)")


WITH_MODE: Final = "a file with the mode"
"""The beginning of what is lost of a mode, which `--chmod` makes up for."""


class Listing(Struct, frozen=True):
    """The files of a build context."""

    folder: str
    """Relative to the root of what is imported; empty for the root itself."""
    sizes: Mapping[str, int]
    """Path in the context -> bytes; what .dockerignore leaves out is not there."""
    lost: Mapping[str, str] = {}
    """Path in the context -> what no file of a catalogue can keep of it."""


class Context(Struct, frozen=True):
    """What the instructions of an image copy from its context."""

    prefix: str
    """Stands before the paths; empty if nothing needs to."""
    words: frozenset[str]
    """The words, as copied() gives them, that name files which are there."""
    files: tuple[tuple[str, str], ...]
    """Path below `manifests/files/`, and path below the root of what is imported; sorted."""
    missing: tuple[tuple[int, str], ...]
    """Line and word of what is not there, or is too much."""
    folder: str = ""
    """The folder of the context."""
    lost: tuple[tuple[int, str, str], ...] = ()
    """Line, path in the context, and what no file of a catalogue can keep of it."""


NONE: Final = Context("", frozenset(), (), ())
"""An image that copies nothing."""


def copied(each: Instruction) -> tuple[str, ...]:
    """The words of an instruction that name files of the context, without quotes."""
    if each.keyword in ("COPY", "ADD") and not any(flag.startswith("--from=") for flag in each.flags):
        words = each.words[:-1]
        return tuple(_plain(word, each.json) for word in words if not ELSEWHERE.match(word))
    if each.keyword == "RUN":
        return tuple(source for flag in each.flags if (source := _mounted(flag)) is not None)
    return ()


def context_of(instructions: Iterable[Instruction], listing: Listing) -> Context:
    """What some instructions copy from a context."""
    given = list(instructions)
    wanted = [(each.line, word) for each in given for word in copied(each)]
    chosen = {each.line for each in given if any(flag.startswith("--chmod=") for flag in each.flags)}
    if not wanted:
        return NONE
    fitting = {word: fits(word, listing.sizes) for _, word in wanted}
    prefix = listing.folder or (ROOT if any(map(_meets, fitting.items())) else "")
    files: dict[str, str] = {}
    size = 0
    words: set[str] = set()
    missing: list[tuple[int, str]] = []
    lost: list[tuple[int, str, str]] = []
    for line, word in wanted:
        found = fitting[word]
        gone = [(line, path, listing.lost[path]) for path in fits(word, listing.lost)]
        if line in chosen:
            gone = [each for each in gone if not each[2].startswith(WITH_MODE)]
        lost += gone
        size += sum(listing.sizes[path] for path in found if path not in files)
        whole = f"{prefix}/{cleaned(word)}".strip("/")
        fine = found and len(files) + len(found) <= MOST_FILES and size <= MOST_BYTES
        if not fine or isinstance(copied_path(whole), Bad):
            if not gone or found:
                missing.append((line, word))
            if "$" in word:
                # Whatever it stands for: it must not name a file of another image.
                words.add(word)
            continue
        words.add(word)
        files.update((path, path) for path in found)
    below, above = (f"{prefix}/" if prefix else ""), (f"{listing.folder}/" if listing.folder else "")
    pairs = tuple(sorted((f"{below}{path}", f"{above}{path}") for path in files))
    return Context(
        prefix if words or lost else "",
        frozenset(words),
        pairs,
        tuple(dict.fromkeys(missing)),
        listing.folder,
        tuple(dict.fromkeys(lost)),
    )


def apart(contexts: Mapping[str, Context]) -> dict[str, Context]:
    """The contexts of all images, by name; what would take files along that only others have gets a folder of
    its own.
    """
    made = dict(contexts)
    held: dict[str, str] = {}
    for each in contexts.values():
        for path, source in each.files:
            held.setdefault(path, source)
    paths = dict.fromkeys(held, 0)
    tops = {path.partition("/")[0] for path in held}
    known: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}
    for name in sorted(contexts):
        each = contexts[name]
        if not _takes_more(each, held, paths):
            continue
        key = (each.prefix, each.files)
        if key not in known:
            number = 2 + len(known)
            while (folder := f"{ROOT}-{number}") in tops:
                number += 1
            tops.add(folder)
            known[key] = f"{folder}/{each.folder}".rstrip("/")
        start = len(each.prefix) + 1 if each.prefix else 0
        pairs = tuple((f"{known[key]}/{path[start:]}", source) for path, source in each.files)
        words = each.words | {word for _, word in each.missing}
        made[name] = structs.replace(each, prefix=known[key], files=pairs, words=words)
    return made


def _takes_more(each: Context, held: Mapping[str, str], paths: Mapping[str, int]) -> bool:
    """Whether an image would get files of others, or others in place of its own."""
    own = {path: 0 for path, _ in each.files}
    if any(held[path] != source for path, source in each.files):
        return True
    # What a variable stands for, nobody knows.
    whole = {f"{each.prefix}/{cleaned(word)}".strip("/") for word in each.words}
    if any(len(fits(word, own)) != len(fits(word, paths)) for word in whole):
        return True
    # What is not there must not be found in a file of another image.
    return any(fits(word, paths) for _, word in each.missing)


def fits(word: str, files: Iterable[str]) -> list[str]:
    """The files that a word names: a file, all in a folder, or what a pattern fits; none for a variable."""
    plain = cleaned(word)
    files = files if isinstance(files, Mapping) else dict.fromkeys(files)
    if "$" in plain or ".." in plain.split("/"):
        return []
    if plain in files:
        return [plain]
    if not plain:
        return list(files)
    inside = [path for path in files if path.startswith(f"{plain}/")]
    if inside or not re.search(r"[*?\[]", plain):
        return inside
    parts = plain.split("/")
    return [path for path in files if _matches(path.split("/"), parts)]


def cleaned(word: str) -> str:
    """A word as a path in the context: without `./`, `/` and the like around it."""
    parts = [part for part in word.split("/") if part not in ("", ".")]
    return "/".join(parts)


def moved(each: Instruction, context: Context) -> Instruction:
    """An instruction that copies the same files from below the prefix."""
    if not context.prefix or not set(copied(each)) & context.words:
        return each
    if each.keyword == "RUN":
        flags = tuple(_moved_flag(flag, context) for flag in each.flags)
        original = each.original
        for before, after in zip(each.flags, flags, strict=True):
            original = original.replace(before, after, 1)
        return structs.replace(each, flags=flags, original=original)
    *sources, to = each.words
    parents = any(flag in ("--parents", "--parents=true") for flag in each.flags)
    words = [*(_moved(word, each.json, context, parents=parents) for word in sources), to]
    return with_words(each, words, json=each.json)


def with_words(each: Instruction, words: Sequence[str], *, json: bool) -> Instruction:
    """A COPY or ADD with other words, as a list if `json`."""
    shown = _array(words) if json else " ".join(words)
    original = " ".join((each.keyword, *each.flags, shown))
    return structs.replace(each, words=tuple(words), json=json, original=original)


def is_there(each: Instruction, context: Context) -> bool:
    """Whether all that an instruction, once moved, copies from the context is below `manifests/files/`."""
    files = {path: 0 for path, _ in context.files}
    return all(fits(word, files) for word in copied(each))


def _moved(word: str, json: bool, context: Context, *, parents: bool) -> str:
    plain = _plain(word, json)
    if ELSEWHERE.match(word) or plain not in context.words:
        return word
    inside = cleaned(plain)
    if parents:
        # The Dockerfile reference, "COPY --parents": what stands before `/./` is not kept.
        before, pivot, after = plain.partition("/./")
        inside = f"{cleaned(before)}/./{cleaned(after)}".lstrip("/") if pivot else f"./{inside}"
    made = f"{context.prefix}/{inside}".rstrip("/") + ("/" if plain.endswith("/") else "")
    return made if json or " " not in made else f'"{made}"'


def _moved_flag(flag: str, context: Context) -> str:
    source = _mounted(flag)
    if source is None or source not in context.words:
        return flag
    made = f"{context.prefix}/{cleaned(source)}".rstrip("/")
    if _SOURCE.search(flag[8:]):
        return re.sub(r"((?:^|[,=])(?:source|src)=)[^,]*", lambda match: f"{match[1]}{made}", flag, count=1)
    return f"{flag},source={made}"


def _mounted(flag: str) -> str | None:
    """What a bind mount takes from the context; None if it takes nothing from there."""
    if not flag.startswith("--mount="):
        return None
    body = flag[8:]
    parts = body.split(",")
    kind = next((part[5:] for part in parts if part.startswith("type=")), "bind")
    if kind != "bind" or any(part.startswith("from=") for part in parts):
        return None
    found = _SOURCE.search(body)
    return found[1] if found else "."


def _meets(item: tuple[str, Sequence[str]]) -> bool:
    """Whether a word of the root's context takes names that generated files have, or all names."""
    word, found = item
    top = cleaned(word)
    return (
        not top
        or "$" in top
        or re.search(r"[*?\[]", top.split("/")[0]) is not None
        or any(path.lower() in _OWN for path in found)
    )


def _matches(path: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a pattern fits a path, or a folder above it, which is then copied whole."""
    if len(path) < len(pattern):
        return False
    return all(fnmatch.fnmatchcase(name, part) for name, part in zip(path, pattern, strict=False))


def _plain(word: str, json: bool) -> str:
    if json:
        return word
    try:
        return unquoted(word)
    except WordError:
        return word


def _array(words: Iterable[str]) -> str:
    # As BuildKit reads it: a list in JSON.
    import json

    return json.dumps(list(words), ensure_ascii=False)


def ignoring(text: str) -> Iterator[tuple[bool, re.Pattern[str]]]:
    """The patterns of a .dockerignore, in order: whether each takes back, and what it fits.

    Source: docs.docker.com, "Build context", ".dockerignore files": the last pattern that fits counts, and
    one that fits a folder fits what is in it.
    """
    for line in text.splitlines():
        written = line.strip()
        if not written or written.startswith("#"):
            continue
        back = written.startswith("!")
        parts = cleaned(written.removeprefix("!").strip()).split("/")
        yield back, re.compile(_translated(parts) + r"(?:/.*)?", re.DOTALL)


def _translated(parts: Sequence[str]) -> str:
    made = ""
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            made += ".*" if last else "(?:.*/)?"
        else:
            body = fnmatch.translate(part)[4:-3].replace(".*", "[^/]*")
            made += body if last else f"{body}/"
    return made


def is_ignored(path: str, patterns: Sequence[tuple[bool, re.Pattern[str]]]) -> bool:
    """Whether a file of the context is left out."""
    found = False
    for back, pattern in patterns:
        if found == back and pattern.fullmatch(path):
            found = not back
    return found
