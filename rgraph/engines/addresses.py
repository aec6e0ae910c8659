"""Addresses: which may be asked without encryption, and how they are shown."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from rgraph.steps.fetching import shown as without_credentials


def is_loopback(host: str) -> bool:
    """Whether a host, with or without port, is this machine (RFC 6761, 6.3; RFC 1122, 3.2.1.3)."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_plain(host: str, plain_http: Collection[str]) -> bool:
    """Whether a host, with its port, may be asked over http: this machine, or one that the user named."""
    return is_loopback(host) or host in plain_http


def host_of(url: str) -> str:
    """Host of a URL, with its port if one is written, without credentials."""
    return urlsplit(url).netloc.rpartition("@")[2]


def shown(url: str) -> str:
    """An address without what may be a secret in it: credentials, tokens, the query."""
    plain, query, _ = url.partition("#")[0].partition("?")
    bare = without_credentials(plain)
    return f"{bare}?..." if query else bare
