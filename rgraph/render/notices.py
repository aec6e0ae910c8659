"""LICENSE.txt and ThirdPartyNotices.txt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import TextWrapper, indent

from msgspec import Struct

from rgraph import texts
from rgraph.attribution import Attributed, Attributions, Text
from rgraph.catalog import Catalog
from rgraph.render.view import View

_WIDTH = 79
_LONGEST = 110
"""A text whose author broke its lines is left alone; a line longer than this is a whole paragraph."""
_STATUS = {"verified": "", "assumed": " (assumed)", "needs-review": " (needs review)"}
_RULE = f"\n\n{texts.RULE}\n"
_DOUBLE = f"\n\n{texts.DOUBLE_RULE}\n"


def license_text(catalog: Catalog) -> str:
    """The licence of the catalogue's own files: the same for all images."""
    own = catalog.settings.license
    if own is None:
        return f"{texts.NO_LICENSE}\n"
    parts = [f"Licence: {own.expression}", *([own.copyright] if own.copyright else [])]
    text = catalog.notices.get(own.text, "").strip("\n")
    return "\n\n".join([texts.LICENSE_HEADER, "\n".join(parts), *([text] if text else [])]) + "\n"


class _Part(Struct, frozen=True):
    """What one image or External adds to the notices of all that stand on it."""

    entries: str
    """Its components; empty if an image brings none."""
    without: str
    """Those without a text, by reason; empty if there are none."""
    restrictions: tuple[str, ...]
    asking: tuple[str, ...]
    """A line for each component whose licence asks for an offer of source code."""
    texts: tuple[Text, ...]
    components: int
    lacking: int
    debian: bool
    """Whether some whose licence is not known are packages of Debian or Ubuntu."""


class Notices:
    """Third-party notices; what each image brings is written once and shared by all above it."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._attributions = Attributions(view.catalog, view.inventory, view.texts)
        self._parts: dict[str, _Part] = {}
        self._entries: dict[int, str] = {}
        """Of each component, which `_attributions` keeps alive: hashing one takes as long as writing it."""
        self._bodies: dict[Text, str] = {}

    def text(self, id: str) -> bytes:
        """The notices of an image: its own components, then those of all that it stands on."""
        parts = [self._part(bringer) for bringer in self._view.inventory.bringers(id)]
        sections = [self._head(id, parts), *self._restrictions(parts), *self._source(parts)]
        entries = [part.entries for part in parts if part.entries]
        sections.append("\n\n".join([*_title(texts.COMPONENTS_TITLE, texts.COMPONENTS_ABOUT), *entries]))
        sections += self._without(parts)
        sections += self._texts(parts)
        return (_DOUBLE.join(sections) + "\n").encode()

    def _head(self, id: str, parts: list[_Part]) -> str:
        number, lacking = sum(part.components for part in parts), sum(part.lacking for part in parts)
        count = f"Components: {number}"
        if lacking:
            count += f", of which {lacking} without a licence text or not with all of it"
        return "\n\n".join([texts.NOTICES_HEADER, f"Image: {id}\n{count}", texts.NOTICES_ABOUT])

    def _restrictions(self, parts: list[_Part]) -> Iterator[str]:
        found = dict.fromkeys(text for part in parts for text in part.restrictions)
        if found:
            lines = (_wrapped(text, "  - ", "    ") for text in found)
            yield "\n\n".join([*_title(texts.RESTRICTIONS_TITLE), "\n".join(lines)])

    def _source(self, parts: list[_Part]) -> Iterator[str]:
        found = dict.fromkeys(line for part in parts for line in part.asking)
        if found:
            offer = _folded(self._view.catalog.settings.source_offer).strip()
            about = [offer, texts.SOURCE_OFFERED] if offer else [texts.NO_SOURCE_OFFER]
            yield "\n\n".join([*_title(texts.SOURCE_TITLE), *about, "\n".join(found)])

    def _without(self, parts: list[_Part]) -> Iterator[str]:
        found = [part.without for part in parts if part.without]
        if found:
            debian = [texts.DEBIAN_ABOUT] if any(part.debian for part in parts) else []
            yield "\n\n".join([*_title(texts.WITHOUT_TITLE, texts.WITHOUT_ABOUT), *debian, *found])

    def _texts(self, parts: list[_Part]) -> Iterator[str]:
        """Each distinct text once: ids may share one, as GPL-2.0-only and GPL-2.0-or-later do."""
        names: dict[str, set[str]] = {}
        for text in {text for part in parts for text in part.texts}:
            names.setdefault(self._body(text), set()).add(text.name)
        if names:
            headed = sorted((sorted(found, key=_order), body) for body, found in names.items())
            yield _RULE.join(
                [
                    "\n\n".join(_title(texts.TEXTS_TITLE, texts.TEXTS_ABOUT)),
                    *(f"{', '.join(heading)}\n{texts.RULE}\n\n{body}" for heading, body in headed),
                ]
            )

    def _body(self, text: Text) -> str:
        if text not in self._bodies:
            # What a person supplied stands as it is; SPDX's texts often have a paragraph in a line.
            body = (
                self._view.catalog.notices[text.file] if text.file else _folded(self._view.texts[text.name])
            )
            self._bodies[text] = body.strip("\N{ZERO WIDTH NO-BREAK SPACE}\n")
        return self._bodies[text]

    def _part(self, node: str) -> _Part:
        if node not in self._parts:
            self._parts[node] = self._written(node)
        return self._parts[node]

    def _written(self, node: str) -> _Part:
        own = self._attributions.own(node)
        name = node if ":" in node else self._view.catalog.externals[node].reference
        title = f"From {name}\n{'-' * min(len(name) + 5, _WIDTH)}"
        entries = [self._entry(each, node) for each in own]
        if ":" not in node and len(own) == 1:
            entries.append(f"  {texts.NOTHING_DECLARED}")
        lacking = [each for each in own if not each.complete]
        return _Part(
            "\n\n".join([title, *entries]) if entries else "",
            f"From {name}\n{_by_reason(lacking)}" if lacking else "",
            self._view.inventory.own_restrictions(node),
            tuple(_asking(each) for each in own if each.asks_for_source),
            tuple(dict.fromkeys(text for each in own for text in each.texts)),
            len(own),
            len(lacking),
            any(_is_debian(each) for each in lacking),
        )

    def _entry(self, each: Attributed, node: str) -> str:
        if id(each) not in self._entries:
            self._entries[id(each)] = self._described(each, node)
        return self._entries[id(each)]

    def _described(self, each: Attributed, node: str) -> str:
        name = each.name
        if each.declared is None:
            external = self._view.catalog.externals[node].manifest
            about = _named("Home", external.homepage)
            status, restriction = "", external.usage_restriction
        else:
            fact = each.declared.fact
            status = _STATUS[fact.status] if fact else ""
            restriction = fact.usage_restriction if fact else ""
            about = [each.declared.purl]
            name += "" if each.declared.version else f" {texts.NO_VERSION}"
            if fact:
                about.append(fact.copyright.strip() or texts.NO_COPYRIGHT)
                about += [*_named("Home", fact.homepage), *_named("Source", fact.source_offer)]
        lines = [*about, f"Licence: {each.license or texts.NOT_KNOWN}{status}", *_text_line(each)]
        lines += _named("Restriction on use", restriction)
        return "\n".join([name, *(indent(_folded(line.strip()), "  ") for line in lines if line)])


def _title(title: str, *about: str) -> list[str]:
    return [f"{title}\n{texts.DOUBLE_RULE}", *about]


def _named(name: str, value: str) -> list[str]:
    return [f"{name}: {value}"] if value else []


def _text_line(each: Attributed) -> list[str]:
    if not each.license:
        return []
    found = ", ".join(text.name for text in each.texts)
    missing = f"none for {', '.join(each.missing)}" if each.missing else ""
    return [f"Text: {'; '.join(part for part in (found, missing) if part)}"]


def _asking(each: Attributed) -> str:
    fact = each.declared.fact if each.declared else None
    offer = f"\n    {' '.join(fact.source_offer.split())}" if fact and fact.source_offer else ""
    return f"  {each.name}: {each.license}{offer}"


def _by_reason(lacking: Iterable[Attributed]) -> str:
    found: dict[str, list[str]] = {}
    for each in lacking:
        found.setdefault(each.lack, []).append(each.name)
    return "\n".join(
        f"  {reason[0].upper()}{reason[1:]}:\n{_wrapped(', '.join(names), '    ', '    ')}"
        for reason, names in found.items()
    )


def _is_debian(each: Attributed) -> bool:
    return each.declared is not None and each.declared.component.type == "deb" and not each.license


def _order(name: str) -> tuple[str, str]:
    return name.lower(), name


def _wrapped(text: str, first: str, others: str) -> str:
    return TextWrapper(
        _WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    ).fill(text)


def _folded(text: str) -> str:
    """The text with its long lines broken, each at its own indentation; no word is changed."""
    lines = [line.rstrip() for line in text.split("\n")]
    if max(map(len, lines)) <= _LONGEST:
        return "\n".join(lines)
    return "\n".join(_line(line) if len(line) > _WIDTH else line for line in lines)


def _line(line: str) -> str:
    margin = line[: len(line) - len(line.lstrip(" \t"))]
    wrapper = TextWrapper(
        _WIDTH,
        expand_tabs=False,
        replace_whitespace=False,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapper.fill(line)
