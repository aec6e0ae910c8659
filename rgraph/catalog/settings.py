"""What is wrong with the catalogue's own settings, and with the lifecycles of layers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rgraph import names
from rgraph.errors import Place, Problems
from rgraph.licenses import check_expression
from rgraph.manifest.catalog import CatalogManifest
from rgraph.manifest.layer import LayerManifest
from rgraph.suggest import did_you_mean

_DAYS = re.compile(r"[0-9]{1,5}")
"""More than five digits would leave the calendar."""

CADENCES = ("weekly", "monthly", "quarterly", "yearly", "second-wednesday")
"""How often images may be due for a rebuild."""


def check_lifecycle(layer: LayerManifest, place: Place, problems: Problems) -> None:
    """Notes what is wrong with the lifecycle of a layer, at its place."""
    lifecycle = layer.lifecycle
    if lifecycle is None:
        return
    if lifecycle.end_of_life and isinstance(made := names.day(lifecycle.end_of_life), names.Bad):
        problems.add(place.at("end_of_life"), made.what, made.help)
    if lifecycle.cadence and lifecycle.cadence not in CADENCES:
        what = f"`{lifecycle.cadence}` is no cadence"
        problems.add(
            place.at("cadence"),
            what,
            did_you_mean(lifecycle.cadence, CADENCES) or f"one of {', '.join(CADENCES)}",
        )


def check_settings(
    settings: CatalogManifest, place: Place, notices: Mapping[str, str], problems: Problems
) -> None:
    """Notes what is wrong with the catalogue's own settings. `notices` are the files of that folder."""

    def check(text: str, made: object, *path: str | int) -> None:
        if text and isinstance(made, names.Bad):
            problems.add(place.at(*path), made.what, made.help)

    check(settings.registry, names.registry(settings.registry), "registry")
    check(settings.staging, names.registry(settings.staging), "staging")
    check(settings.namespace, names.repository(settings.namespace), "namespace")
    for index, platform in enumerate(settings.platforms):
        check(platform, names.platform(platform), "platforms", index)
    if settings.license and settings.license.text and settings.license.text not in notices:
        problems.add(
            place.at("license", "text"),
            f"there is no file `{settings.license.text}` in manifests/notices/",
            did_you_mean(settings.license.text, notices),
            unsure=True,
        )
    _check_policy(settings, place.at("policy"), problems)
    if settings.audited:
        check(settings.audited, names.day(settings.audited), "audited")
    if settings.license:
        check("license", check_expression(settings.license.expression), "license", "expression")


def _check_policy(settings: CatalogManifest, place: Place, problems: Problems) -> None:
    policy = settings.policy
    for key, ids in (("allow", policy.licenses.allow), ("deny", policy.licenses.deny)):
        for index, id in enumerate(ids):
            made = check_expression(id) if "*" not in id else id
            if isinstance(made, names.Bad) or " " in id:
                what = f"`{id}` is no id of a licence"
                help = made.help if isinstance(made, names.Bad) else "write one id an entry"
                problems.add(place.at("licenses", key, index), what, help)
    if not _DAYS.fullmatch(policy.end_of_life_notice):
        what = f"`{policy.end_of_life_notice}` is no number of days"
        problems.add(place.at("end_of_life_notice"), what, "write `180`, for instance")
    for rule in policy.levels:
        if not re.fullmatch(r"RG[1-9][0-9]{2}", rule):
            problems.add(place.key("levels", rule), f"`{rule}` is no id of a rule", "write it as `RG101`")
