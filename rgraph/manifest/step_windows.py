"""Steps for Windows images only."""

from __future__ import annotations

from typing import Literal

from rgraph.manifest.base import OnError, Written


class RegistryValue(Written, frozen=True, kw_only=True):
    """A value of the Windows registry."""

    key: str
    """Path of the key, for instance `HKLM:\\SYSTEM\\CurrentControlSet\\Control\\FileSystem`."""
    name: str
    """Name of the value."""
    value: str
    """The value."""
    type: Literal["String", "ExpandString", "DWord", "QWord", "MultiString", "Binary"] = "String"
    """Its type."""


RegistryBody = list[RegistryValue] | RegistryValue


class Certificate(Written, frozen=True, kw_only=True):
    """A certificate to trust."""

    url: str
    """Where it is."""
    sha256: str = ""
    """Checksum of the file. Without one, and none in the lock, it is not checked."""
    store: str = "Cert:\\LocalMachine\\Root"
    """The store to import it into."""
    errors: OnError = "stop"
    """What an error leads to."""
