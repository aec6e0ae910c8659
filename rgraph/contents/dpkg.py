"""Packages of Debian and Ubuntu, as dpkg has them in an image."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from rgraph.contents.copyright import license_of
from rgraph.contents.files import Files
from rgraph.contents.installed import Installed, deb_fields, paragraphs, text_of
from rgraph.steps.interface import Component

_STATUS = "var/lib/dpkg/status"
_LIST = re.compile(r"var/lib/dpkg/info/([^/:]+)(?::[^/]+)?\.list")


def debs(files: Files) -> Iterator[Installed]:
    """What is installed; what was removed and left its settings is not."""
    for path, fields in _paragraphs(files):
        name, version = fields["Package"], fields["Version"]
        told = text_of(files.read(f"usr/share/doc/{name}/copyright"))
        license = license_of(told, fields.get("Source", name).split()[0])
        yield Installed("deb", name, Component("deb", name, version), license, path)


def provided(files: Files) -> frozenset[str]:
    """Names that installed packages provide beside their own (Debian Policy 7.5, "Virtual packages")."""
    listed = ",".join(fields.get("Provides", "") for _, fields in _paragraphs(files))
    return frozenset(each.split("(")[0].strip() for each in listed.split(",")) - {""}


def _paragraphs(files: Files) -> Iterator[tuple[str, dict[str, str]]]:
    """Path and fields of each installed package."""
    for path, content in files.contents.items():
        if path != _STATUS and not path.startswith(f"{_STATUS}.d/"):
            continue
        for paragraph in paragraphs(text_of(content)):
            fields = deb_fields(paragraph)
            # Images without dpkg have one paragraph a file, without a state.
            state = fields.get("Status", "install ok installed").split()
            if fields.get("Package") and fields.get("Version") and state[-1:] == ["installed"]:
                yield path, fields


def deb_owners(files: Files, paths: Collection[str]) -> dict[str, str]:
    """Which package has put some files where they are: path -> `deb NAME`."""
    found = {}
    for list_path, content in files.contents.items():
        match = _LIST.fullmatch(list_path)
        for line in text_of(content).splitlines() if match else ():
            path = line.lstrip("/")
            if match and path in paths:
                found[path] = f"deb {match[1]}"
    return found


def distribution_of(files: Files) -> str:
    """`debian-12`, as os-release says; empty if it does not."""
    told = text_of(files.read("etc/os-release") or files.read("usr/lib/os-release"))
    values = dict(re.findall(r"^(ID|VERSION_ID)=\"?([A-Za-z0-9._-]+)\"?$", told, re.MULTILINE))
    return f"{values['ID']}-{values['VERSION_ID']}" if len(values) == len(("ID", "VERSION_ID")) else ""
