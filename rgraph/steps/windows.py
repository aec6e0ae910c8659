"""Steps for Windows images: `registry` and `certificate`."""

from __future__ import annotations

from msgspec import Struct

from rgraph.manifest import step_windows as written
from rgraph.manifest.base import OnError
from rgraph.steps.context import Context
from rgraph.steps.fetching import Fetch, fetch_commands, resolve_fetch
from rgraph.steps.interface import Dialect, Run, Step
from rgraph.steps.shells import powershell_text


class RegistryValue(Struct, frozen=True):
    """One value of the Windows registry."""

    key: str
    name: str
    value: str
    type: str


class Registry(Step, frozen=True):
    """Values of the Windows registry."""

    os = "windows"
    values: tuple[RegistryValue, ...]

    def render(self, dialect: Dialect) -> Run:
        """New-ItemProperty -Force sets a value whether it exists or not."""
        return Run(
            tuple(
                f"New-ItemProperty -Force -Path {powershell_text(each.key)} "
                f"-Name {powershell_text(each.name)} -Value {powershell_text(each.value)} "
                f"-PropertyType {each.type} | Out-Null"
                for each in self.values
            ),
            powershell=True,
        )


class Certificate(Step, frozen=True):
    """A certificate to trust."""

    os = "windows"
    fetch: Fetch
    store: str
    errors: OnError = "stop"

    def render(self, dialect: Dialect) -> Run:
        """Download, check, import, remove."""
        return Run(
            (
                f"$FILE = Join-Path $env:TEMP '{self.fetch.file_name}'",
                *fetch_commands(self.fetch, "$FILE", "powershell"),
                "Import-Certificate -FilePath $FILE "
                f"-CertStoreLocation {powershell_text(self.store)} | Out-Null",
                "Remove-Item -Force $FILE",
            ),
            powershell=True,
            errors=self.errors,
        )


def resolve_registry(context: Context, body: written.RegistryBody) -> Registry:
    """A `registry` step."""
    entries = (
        [(body, context)]
        if isinstance(body, written.RegistryValue)
        else [(each, context.at(index)) for index, each in enumerate(body)]
    )
    return Registry(
        tuple(
            RegistryValue(
                here.at("key").text(each.key),
                here.at("name").text(each.name),
                here.at("value").text(each.value),
                each.type,
            )
            for each, here in entries
        )
    )


def resolve_certificate(context: Context, body: written.Certificate) -> Certificate:
    """A `certificate` step."""
    return Certificate(
        resolve_fetch(context, body.url, body.sha256, None), context.at("store").text(body.store), body.errors
    )
