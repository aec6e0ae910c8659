"""A token service for docker-registry, as its "Token Authentication Specification" has it."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.engines.running import PASSWORD, USER, program
from tests.unit.engines.serving import Asked, Said, Server, serving

SERVICE, ISSUER, IDENTITY = "the tests' registry", "the tests", "an-identity-token"
LOGIN = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"


class TokenService(NamedTuple):
    """A running service."""

    server: Server
    auth: dict[str, Any]
    """`auth` of a registry that trusts it."""


@contextmanager
def token_service(folder: Path) -> Iterator[TokenService]:
    """Gives anybody a token to pull what begins with `public/`, and one user a token for all."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    make = [program("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subject = ["-subj", "/CN=tests", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*make, *subject], check=True, capture_output=True)

    def answer(asked: Asked) -> Said:
        form = parse_qs(asked.body.decode() if asked.method == "POST" else urlsplit(asked.path).query)
        known = asked.headers.get("Authorization") == LOGIN or form.get("refresh_token") == [IDENTITY]
        if form.get("service") != [SERVICE] or (not known and "Authorization" in asked.headers):
            return Said(401, b'{"details": "incorrect username or password"}')
        wanted = [scope.split(":") for scope in " ".join(form.get("scope", [])).split()]
        access = [
            {"type": kind, "name": name, "actions": actions.split(",") if known else ["pull"]}
            for kind, name, actions in wanted
            if known or name.startswith("public/")
        ]
        name = "access_token" if asked.method == "POST" else "token"
        return Said(200, json.dumps({name: _signed(access, key, certificate)}).encode())

    with serving(answer) as server:
        realm = f"{server.url}/token"
        trusted = {"rootcertbundle": str(certificate), "service": SERVICE, "issuer": ISSUER, "realm": realm}
        yield TokenService(server, {"token": trusted})


def _signed(access: list[dict[str, Any]], key: Path, certificate: Path) -> str:
    """A JSON web token, signed with RS256 (RFC 7515, 7519)."""
    chain = "".join(certificate.read_text().splitlines()[1:-1])
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": SERVICE, "nbf": now - 60, "exp": now + 300, "access": access}
    parts = ({"typ": "JWT", "alg": "RS256", "x5c": [chain]}, claims)
    text = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
    sign = ["openssl", "dgst", "-sha256", "-sign", str(key)]
    made = subprocess.run(sign, input=text.encode(), check=True, capture_output=True)
    return f"{text}.{_encoded(made.stdout)}"


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
