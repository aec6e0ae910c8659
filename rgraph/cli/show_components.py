"""Components, where they come from, and their licences, as text, JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from rgraph.cli.common import bold, columns, count, cut, json_lines, named
from rgraph.errors import Place
from rgraph.files.reader import locate
from rgraph.inventory import Declared
from rgraph.provenance import Bringing, LicenseUse, Listed

_MOST_WAYS = 20
"""Images of which the way is shown; JSON has all."""

Positions = Mapping[Place, tuple[int, int, str]]


def entry(declared: Declared) -> dict[str, object]:
    """What every list of components says of one."""
    return {
        "name": declared.name,
        "version": declared.version,
        "ecosystem": declared.component.type,
        "purl": declared.purl,
        "license": declared.license,
        "status": declared.fact.status if declared.fact else "",
    }


def components_json(found: Sequence[Listed]) -> str:
    """For programs, a component a line."""
    entries = [
        {**entry(each.declared), "from": each.bringers, "image_count": len(each.images)} for each in found
    ]
    return "".join(json_lines({"schema": 1}, {"components": entries}))


def components_csv(found: Sequence[Listed]) -> str:
    """For spreadsheets; RFC 4180, with a head."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("name", "version", "ecosystem", "purl", "license", "status", "from", "image_count"))
    for each in found:
        texts = [str(value) for value in entry(each.declared).values()]
        row = [*texts, " ".join(each.bringers), str(len(each.images))]
        writer.writerow([_harmless(text) for text in row])
    return out.getvalue().removesuffix("\n")


def _harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: what begins as one gets an apostrophe (CWE-1236,
    OWASP ASVS 5.0, 1.2.10).
    """
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\0")) else text


def components_table(found: Sequence[Listed]) -> str:
    """For people."""
    rows = [
        (
            each.declared.name,
            each.declared.version or "-",
            each.declared.component.type,
            cut(each.declared.license) or "not known",
            each.declared.fact.status if each.declared.fact else "-",
            f"{len(each.images):,}",
            _first(each.bringers),
            each.declared.purl,
        )
        for each in found
    ]
    heads = ("component", "version", "ecosystem", "licence", "status", "images", "from", "purl")
    unknown = sum(not each.declared.license for each in found)
    end = f"; of {unknown:,} the licence is not known" if unknown else ""
    return f"{columns(rows, heads)}\n\n{count(len(rows), 'component')}{end}"


def _first(ids: Sequence[str]) -> str:
    return ids[0] + (f" (+{len(ids) - 1:,})" if len(ids) > 1 else "")


def licenses_json(found: Sequence[LicenseUse]) -> str:
    """For programs, a licence a line."""
    entries = [
        {
            "license": each.license,
            "components": each.components,
            "externals": each.externals,
            "status": each.statuses,
            "lacking_text": each.lacking,
            "missing_texts": each.missing,
            "image_count": len(each.images),
        }
        for each in found
    ]
    return "".join(json_lines({"schema": 1}, {"licenses": entries}))


def licenses_text(found: Sequence[LicenseUse]) -> str:
    """For people: a line for each licence, what is not known last."""
    rows = [
        (
            cut(each.license) or "not known",
            f"{each.components:,}",
            f"{len(each.externals):,}",
            f"{len(each.images):,}",
            ", ".join(f"{number:,} {status}" for status, number in each.statuses.items()) or "-",
            _text(each),
        )
        for each in found
    ]
    heads = ("licence", "components", "externals", "images", "status", "text")
    known = [each for each in found if each.license]
    return f"{columns(rows, heads)}\n\n{count(len(known), 'licence')}"


def _text(use: LicenseUse) -> str:
    number = use.components + len(use.externals)
    if not use.license:
        return "-"
    if not use.lacking:
        return "yes"
    missing = f"no {', '.join(use.missing)}"
    return missing if use.lacking == number else f"{missing} for {use.lacking:,} of {number:,}"


def _where(place: Place, found: Positions) -> dict[str, object]:
    line, column, _ = found[place]
    return {"file": place.file, "line": line, "column": column}


def _located(root: Path, found: Sequence[Bringing]) -> Positions:
    places = {each.declared.place for each in found}
    return locate(root, places | {place for each in found for _, place in each.uses})


def why_json(root: Path, found: Sequence[Bringing]) -> str:
    """For programs, a place that brings the component a line."""
    located = _located(root, found)
    entries = [
        {
            **entry(each.declared),
            **_where(each.declared.place, located),
            "step": each.step,
            "recipe": each.recipe,
            "layers": [{"layer": layer, **_where(place, located)} for layer, place in each.uses],
            "from": each.bringers,
            "inherited": [{"image": way[0], "path": way} for way in each.inherited],
        }
        for each in found
    ]
    return "".join(json_lines({"schema": 1}, {"brought": entries}))


def why_text(root: Path, found: Sequence[Bringing], image: str = "") -> str:
    """For people: each component, each place that brings it, who has it from there and by which way.

    `image` is the one that was asked for, if one was.
    """
    located = _located(root, found)
    blocks: list[str] = []
    before = ("", "")
    for each in found:
        declared = each.declared
        if (declared.purl, declared.version) != before:
            before = declared.purl, declared.version
            status = f" ({declared.fact.status})" if declared.fact else ""
            head = bold(f"{declared.name} {declared.version or '(version not declared)'}")
            blocks.append(f"{head}  {declared.purl}\n  licence: {declared.license or 'not known'}{status}")
        blocks.append("\n".join(f"  {line}" for line in _brought(each, located)))
    places = count(len(found), "place")
    if image:
        return "\n\n".join([*blocks, f"brought into {image} at {places}"])
    ids = {id for each in found for id in (*each.bringers, *(way[0] for way in each.inherited)) if ":" in id}
    return "\n\n".join([*blocks, f"brought at {places}, held by {count(len(ids), 'image')}"])


def _brought(each: Bringing, found: Positions) -> list[str]:
    def where(place: Place) -> str:
        line, column, _ = found[place]
        return f"{place.file}:{line}:{column}"

    what = f"{each.step} step" if each.step else f"External {each.bringers[0]}"
    if each.declared.transitive:
        what = f"comes along with {each.bringers[0]}"
    if each.recipe:
        what += f" of the recipe {each.recipe}"
    elif each.uses:
        what += f" of the layer {each.uses[0][0]}"
    lines = [f"{where(each.declared.place)}: {what}"]
    if each.recipe:
        lines += [f"  used at {where(place)} (layer {layer})" for layer, place in each.uses]
    if each.step:
        lines.append(f"  brought by {named(each.bringers)}")
    ways = each.inherited
    if ways:
        lines.append(f"  inherited by {count(len(ways), 'image')}:")
        lines += [f"    {' -> '.join(way)}" for way in ways[:_MOST_WAYS]]
    if len(ways) > _MOST_WAYS:
        lines.append(f"    and {len(ways) - _MOST_WAYS:,} more (`--format json` has all)")
    return lines
