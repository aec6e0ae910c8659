"""Lists of packages, as they stand in the steps of package managers."""

from __future__ import annotations

from rgraph.manifest.step_packages import PackageSpec
from rgraph.names import Bad
from rgraph.steps.context import Context
from rgraph.steps.packages import Package, exact_version, parse_package

Written = list[str | PackageSpec] | str


def packages(context: Context, written: Written, ecosystem: str, pinned_by: str = "") -> tuple[Package, ...]:
    """The packages of a list, each checked: its notation, its pin, and that no name comes twice.

    `pinned_by` names what pins packages without a version, such as a snapshot.
    """
    found: list[Package] = []
    entries = written if isinstance(written, list) else [written]
    free = bool(pinned_by) or ecosystem in context.settings.unpinned
    for index, entry in enumerate(entries):
        if isinstance(entry, str) and "${{" not in entry:
            package = parse_package(ecosystem, entry)
            if isinstance(package, Package) and (free or package.version):
                found.append(package)
                continue
        here = context.at(index) if isinstance(written, list) else context
        for each in _of_entry(here, entry, ecosystem):
            if not free and not each.version:
                _not_pinned(here, each, ecosystem)
            found.append(each)
    _check_duplicates(context, found)
    return tuple(found)


def _of_entry(context: Context, entry: str | PackageSpec, ecosystem: str) -> list[Package]:
    if isinstance(entry, str):
        parsed = [_parsed(context, ecosystem, text) for text in context.texts(entry)]
    else:
        parsed = [_specified(context, entry, ecosystem)] if context.at("when").flag(entry.when) else []
    return [package for package in parsed if package is not None]


def _parsed(context: Context, ecosystem: str, text: str) -> Package | None:
    package = parse_package(ecosystem, text)
    if isinstance(package, Bad):
        context.problem(package.what, package.help)
        return None
    return package


def _specified(context: Context, spec: PackageSpec, ecosystem: str) -> Package | None:
    name = context.at("name").text(spec.name)
    version = context.at("version").optional(spec.version)
    at_least = context.at("at_least").optional(spec.at_least)
    fixes = context.at("fixes").texts(spec.fixes)
    if at_least and ecosystem != "apt":
        context.at("at_least").problem("`at_least` is for apt only", "write the exact `version`")
        return None
    if version and at_least:
        context.problem("both `version` and `at_least`", "leave one of them out")
    if not name:
        return None
    package = _parsed(context, ecosystem, exact_version(ecosystem, name, version) if version else name)
    if at_least and isinstance(parse_package("apt", f"x={at_least}"), Bad):
        context.at("at_least").problem(
            f"`{at_least}` is no version of a Debian package", "write it as apt shows it"
        )
        return None
    if not package:
        return None
    return Package(
        package.name, package.spec, package.version, at_least, fixes, package.channel, package.build
    )


def _not_pinned(context: Context, package: Package, ecosystem: str) -> None:
    context.problem(
        f"`{package.spec}` is not pinned",
        f"write `{exact_version(ecosystem, package.name, 'VERSION')}`, "
        f"or admit it: `policy: {{unpinned: [{ecosystem}]}}` in catalog.yaml",
    )


def _check_duplicates(context: Context, found: list[Package]) -> None:
    if len({package.name for package in found}) == len(found):
        return
    specs: dict[str, str] = {}
    for package in found:
        said = package.spec if package.version in package.spec else f"{package.name}=={package.version}"
        if specs.setdefault(package.name, said) != said:
            context.problem(
                f"`{package.name}` stands twice, as `{specs[package.name]}` and `{said}`",
                "keep one of them",
            )
