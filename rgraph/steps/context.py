"""From written to resolved values: evaluate, check, and note what is wrong with its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import Struct, field

from rgraph.errors import Path, Place, Problems
from rgraph.expressions import ExpressionError, Scope, Value, as_text, evaluate, is_true
from rgraph.names import Bad, Platform, platform_of_download
from rgraph.names import sha256 as sha256_name

T = TypeVar("T")


class Settings(Struct, frozen=True):
    """What resolving a step depends on beside its scope: the same for the whole catalogue."""

    unpinned: frozenset[str] = frozenset()
    """Ecosystems that admit unpinned packages."""
    downloader: str = "curl"
    """Program that Linux images download with."""
    checksums: Mapping[str, str] = field(default_factory=dict)
    """URL -> SHA-256, from the lock."""
    files: frozenset[str] = frozenset()
    """Files of `manifests/files/`."""
    generated: frozenset[str] = frozenset()
    """Files that rgraph generates beside each Dockerfile and that a step may copy."""


class Surroundings(Struct, frozen=True):
    """What the values of one step or layer share."""

    settings: Settings
    scope: Scope
    place: Place
    problems: Problems


class Context(Struct, frozen=True):
    """Where a value stands, what it can see, and where problems go."""

    around: Surroundings
    path: Path = ()
    """From `around.place` to the value: a place is only made for a problem, contexts by the million."""
    on_key: bool = False
    """Whether the value is the last key of the path."""

    @property
    def settings(self) -> Settings:
        """What holds for the whole catalogue."""
        return self.around.settings

    @property
    def scope(self) -> Scope:
        """What expressions see."""
        return self.around.scope

    @property
    def problems(self) -> Problems:
        """Where problems go."""
        return self.around.problems

    @property
    def place(self) -> Place:
        """Where the value stands."""
        return (self.around.place.key if self.on_key else self.around.place.at)(*self.path)

    def at(self, *path: str | int) -> Context:
        """The same one level deeper."""
        return Context(self.around, self.path + path)

    def key(self, *path: str | int) -> Context:
        """As `at`, but problems point to the key and not to its value."""
        return Context(self.around, self.path + path, on_key=True)

    def problem(self, what: str, help: str = "", *, unsure: bool = False) -> None:
        """Notes a problem here."""
        self.problems.add(self.place, what, help, unsure=unsure)

    def value(self, written: Any) -> Value:
        """A value with its expressions evaluated, lists spliced, nothings left out."""
        if isinstance(written, str):
            try:
                return evaluate(written, self.around.scope)
            except ExpressionError as error:
                self.problem(error.what, error.help)
                return None
        if isinstance(written, list):
            return [item for index, each in enumerate(written) for item in self.at(index)._items(each)]
        if isinstance(written, bool) or written is None:
            return written
        self.problem("expected a text, a boolean or a list")
        return None

    def _items(self, written: Any) -> list[Value]:
        value = self.value(written)
        return value if isinstance(value, list) else [] if value is None else [value]

    def optional(self, written: str) -> str:
        """A single-line text; empty if it says nothing or is wrong."""
        if "${{" not in written:
            return written if written.isprintable() else self._printable(written)
        before = len(self.around.problems)
        value = self.value(written)
        if isinstance(value, str):
            return value if value.isprintable() else self._printable(value)
        if isinstance(value, list):
            if len(self.problems) == before:
                self.problem("a list stands where a text is expected", "join it: `${{ names | join(' ') }}`")
            return ""
        return as_text(value)

    def _printable(self, text: str, readable: Callable[[str], bool] = str.isprintable) -> str:
        if readable(text):
            return text
        bad = next(character for character in text if not readable(character))
        name = "a line break" if bad in "\r\n" else f"the character U+{ord(bad):04X}"
        self.problem(f"the value holds {name}", "write it as one line of printing characters")
        return ""

    def text(self, written: str) -> str:
        """A single-line text that must say something; empty if it is wrong (a problem is noted)."""
        before = len(self.problems)
        text = self.optional(written)
        if not text and len(self.problems) == before:
            self.problem(f"`{self.place.path[-1]}` is empty", "give it a value")
        return text

    def texts(self, written: list[str] | str | None) -> tuple[str, ...]:
        """A list of single-line texts; one text is a list of one."""
        return tuple(text for text, _ in self.placed(written))

    def placed(
        self, written: list[Any] | str | None, readable: Callable[[str], bool] = str.isprintable
    ) -> list[tuple[str, Context]]:
        """The texts of a list, each with its own place; `readable` says which characters they may have."""
        if written is None:
            return []
        listed = isinstance(written, list)
        found = []
        for index, each in enumerate(written if listed else [written]):
            here = self.at(index) if listed else self
            if isinstance(each, str) and each and "${{" not in each and readable(each):
                found.append((each, here))
                continue
            for item in here._items(each):
                text = here._printable(as_text(item), readable) if not isinstance(item, list) else ""
                if text:
                    found.append((text, here))
        return found

    def flag(self, written: bool | str) -> bool:
        """A condition; false if it is wrong (a problem is noted)."""
        if isinstance(written, bool):
            return written
        try:
            return is_true(written, self.scope)
        except ExpressionError as error:
            self.problem(error.what, error.help)
            return False

    def name(self, written: str, maker: Callable[[str], T | Bad], default: T) -> T:
        """A text that a maker of `names.py` accepts; the default if it does not."""
        text = self.text(written)
        return self.checked(text, maker, default) if text else default

    def checked(self, text: str, maker: Callable[[str], T | Bad], default: T) -> T:
        """A text that is already evaluated, checked by a maker."""
        made = maker(text)
        if isinstance(made, Bad):
            self.problem(made.what, "an expression is `${{ ... }}`" if "{{" in text else made.help)
            return default
        return made

    def checksum(self, written: str, url: str) -> str:
        """A checksum from the manifest, else from the lock; empty if neither has one."""
        text = self.optional(written)
        return self.checked(text, sha256_name, "") if text else self.settings.checksums.get(url, "")

    def url(self, written: str) -> str:
        """A URL that can be downloaded."""
        text = self.text(written)
        if (text and not text.startswith(("https://", "http://", "ftp://"))) or " " in text:
            self.problem(f"`{text}` is no URL to download", "write `https://...`")
            return ""
        return text

    def by_platform(self, written: str | dict[str, str]) -> tuple[tuple[Platform | None, str, Context], ...]:
        """A text for all platforms (None), or one for each."""
        if isinstance(written, str):
            return ((None, self.optional(written), self),)
        found = []
        for key, text in written.items():
            here = self.at(key)
            platform = self.key(key).checked(key, platform_of_download, Platform(""))
            if platform:
                found.append((platform, here.text(text), here))
        return tuple(sorted(found, key=lambda each: str(each[0])))
