"""What a secret looks like: by its own format, or by the name that it is given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

_FORMATS: Final[tuple[tuple[str, str], ...]] = (
    # GitHub documentation, "About authentication to GitHub", "GitHub's token formats"
    ("a GitHub token", r"gh[opusr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{50,255}"),
    # GitLab documentation, "Token overview", "Token prefixes"
    ("a GitLab token", r"gl(?:pat|dt|rt|cbt|ptt)-[A-Za-z0-9_=.-]{20,255}"),
    # AWS IAM User Guide, "IAM identifiers", "Understanding unique ID prefixes"
    ("an AWS access key", r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    # Slack documentation, "Token types"
    ("a Slack token", r"xox[abeprs]-[A-Za-z0-9-]{10,255}"),
    # npm documentation, "About access tokens"; GitHub blog, 2021-09-23, "npm has a new access token format"
    ("an npm token", r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
    # A macaroon of PyPI: "pypi-" and base64 of its header, which names the site
    (
        "a PyPI token",
        r"pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{40,255}|pypi-AgENdGVzdC5weXBpLm9yZw[A-Za-z0-9_-]{40,255}",
    ),
    # Hugging Face documentation, "User access tokens"
    ("a Hugging Face token", r"hf_[A-Za-z0-9]{30,255}"),
    # Stripe documentation, "API keys"; several services write the same with a dash
    ("an API key", r"sk-(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{32,255}|sk_live_[A-Za-z0-9]{20,255}"),
    # Google Cloud documentation, "Manage API keys"
    ("a Google API key", r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    # Azure documentation, "Configure Azure Storage connection strings": 64 bytes in base64
    ("an Azure account key", r"AccountKey=[A-Za-z0-9+/]{86}=="),
    # Azure documentation, "Create a service SAS": the signature of a URL, 32 bytes in base64
    ("an Azure signature", r"sig=[A-Za-z0-9%+/]{43,80}(?:=|%3[Dd])"),
    # RFC 7468, 10 and 11
    ("a private key", r"-----BEGIN (?:[A-Z]{2,12} ){0,2}PRIVATE KEY-----"),
    # RFC 7519, 3: three parts in base64url, of which two begin with `{"`
    ("a JSON web token", r"eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,2000}"),
)
"""Kind -> its format. Sources: the makers' documentation as named above each."""

_SECRET = re.compile(
    r"(?:(?<![A-Za-z0-9_-])|(?<=%[0-9A-Fa-f]{2}))(?:"
    + "|".join(f"(?P<k{index}>{form})" for index, (_, form) in enumerate(_FORMATS))
    + ")"
)
_USER_INFO = re.compile(
    r"(?<![A-Za-z0-9+.-])[a-z][a-z0-9+.-]{1,20}://(?P<user>[^\s/?#@:'\"]{0,200}):(?P<password>[^\s/?#@'\"]{1,500})@"
)
_NAME = re.compile(
    r"(?:(?:^|_)(?:[A-Z]+TOKEN|TOKEN|[A-Z]*PASSWORD|[A-Z]*PASSWD|PASSPHRASE|PASS|(?<=_)PWD|SECRET|PAT|CREDENTIALS?"
    r"|(?:API|ACCESS|SECRET|PRIVATE|ACCOUNT|AUTH|ENCRYPTION|SIGNING|STORAGE|LICENSE)_?KEY|APIKEY|CONNECTION_STRING)"
    r")(?:_?[0-9]+)?$"
)
_SWITCH = re.compile(
    r"(?:^|_)(?:NO|DISABLED?|ALLOW|RANDOM|ASK|PROMPT|REQUIRED?|USE|SKIP|EMPTY|CHANGE|FORCE|ENABLED?|WITHOUT)_"
)
_NO_VALUE = frozenset(
    {"", "true", "false", "yes", "no", "on", "off", "0", "1", "none", "null", "nil", "y", "n"}
)
_ELSEWHERE = re.compile(r"[/~.<{%*!]|[A-Za-z]:[\\/]|file:|\$|`|\*+$")


class Secret(Struct, frozen=True):
    """A secret in a text."""

    kind: str
    start: str
    """Its first characters, four at most."""


def secrets_in(text: str) -> Iterator[Secret]:
    """Secrets that their format gives away."""
    for match in _SECRET.finditer(text):
        kind = _FORMATS[int((match.lastgroup or "k0")[1:])][0]
        if len(set(match[0])) > 8:  # else a placeholder: ghp_xxxxxxxx
            yield Secret(kind, match[0][:4].strip("-"))
    for match in _USER_INFO.finditer(text):
        if is_literal(match["password"]) and not _SECRET.match(match["password"]):
            yield Secret("a password in a URL", "")


def is_secret_name(name: str) -> bool:
    """Whether a variable, argument, label or option of this name holds a secret: `GITHUB_PAT`, `api-key`."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()
    name = re.sub(r"[-.\s]", "_", plain)
    return _NAME.search(name) is not None and _SWITCH.search(name) is None


def is_literal(value: str) -> bool:
    """Whether a value could be a secret itself: not empty, no switch, no path, no reference to another."""
    return value.lower() not in _NO_VALUE and not _ELSEWHERE.match(value)


def masked(text: str) -> str:
    """A text without the secrets that `secrets_in` would find."""
    text = _SECRET.sub(lambda match: f"{match[0][:4]}...", text)
    return _USER_INFO.sub(lambda match: match[0].replace(f":{match['password']}@", ":...@"), text)


def shown_address(url: str) -> str:
    """An address for a message: what stands behind `?` may be a secret too."""
    kept, query, _ = shown(url.partition("#")[0], 200).partition("?")
    return shown(kept + ("?..." if query else ""))


def shown(text: str, longest: int = 100) -> str:
    """A text for a message: without secrets, on one line, not too long."""
    line = " ".join(masked(text).split())
    return line if len(line) <= longest else f"{line[: longest - 3]}..."
