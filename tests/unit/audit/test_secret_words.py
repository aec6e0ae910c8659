"""Secrets by their format or their name; what only looks like one; and that none is shown."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgraph.audit.text.secret_words import (
    is_literal,
    is_secret_name,
    masked,
    secrets_in,
    shown,
    shown_address,
)

BODY = "9aZ4kQ7mT2xW8cV5bN1rL6yH3jD0fG8sPq2E"
# Put together here, so that no tool takes this file for a leak.
SECRETS = [
    ("a GitHub token", "ghp_" + BODY),
    ("a GitHub token", "github_pat_" + BODY + BODY),
    ("a GitLab token", "glpat-" + BODY),
    ("an AWS access key", "AKIA" + "5XK7QJ2MZ9WB4TRD"),
    ("a Slack token", "xoxb-" + BODY),
    ("an npm token", "npm_" + BODY),
    ("a PyPI token", "pypi-AgEIcHlwaS5vcmc" + BODY + BODY),
    ("a Hugging Face token", "hf_" + BODY),
    ("an API key", "sk-" + BODY),
    ("a Google API key", "AIza" + BODY[:35]),
    ("an Azure account key", "AccountKey=" + (BODY * 3)[:86] + "=="),
    ("an Azure signature", "sig=" + (BODY * 2)[:43] + "%3D"),
    ("a JSON web token", f"eyJ{BODY}.eyJ{BODY}.{BODY}"),
    ("a private key", "-----BEGIN RSA PRIVATE" + " KEY-----"),
    ("a private key", "-----BEGIN PRIVATE" + " KEY-----"),
    ("a password in a URL", "https://robot:hunter2@example.com/x"),
]


@pytest.mark.parametrize(("kind", "text"), SECRETS)
def test_a_secret_is_known_by_its_format(kind: str, text: str) -> None:
    (found,) = secrets_in(f"before {text} after")
    assert found.kind == kind
    assert len(found.start) <= 4
    assert text.startswith(found.start)


@pytest.mark.parametrize(("kind", "text"), SECRETS)
def test_a_secret_is_never_shown(kind: str, text: str) -> None:
    for how in (masked, shown, shown_address):
        result = how(f"https://example.com/{text}" if kind != "a password in a URL" else text)
        assert BODY[5:20] not in result
        assert "hunter2" not in result


@pytest.mark.parametrize(
    "text",
    [
        "ghp_" + "x" * 36,
        "ghp_short",
        "sk-learn-contrib-polynomial-features-for-all",
        "https://$USER:$PASSWORD@example.com",
        "https://example.com:8080/a@b",
        "-----BEGIN PUBLIC KEY-----",
        "sha256:7c9bbe5ec9b3fb774e8fa0f54247e93c34ddf8e5d16fe3073420de0ae81a262d",
        "AKIAxxxxxxxxxxxxxxxx",
        "pkg:npm/npm_thing@1.0",
    ],
)
def test_what_only_looks_like_a_secret(text: str) -> None:
    assert list(secrets_in(text)) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TOKEN", True),
        ("GITHUB_PAT", True),
        ("DB_PASSWORD", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("apiKey", True),
        ("com.example.api-key", True),
        ("ssh_private_key", True),
        ("GOOGLE_APPLICATION_CREDENTIALS", True),
        ("TOKENIZERS_PARALLELISM", False),
        ("PASSWORD_FILE", False),
        ("MAX_TOKENS", False),
        ("PATH", False),
        ("PWD", False),
        ("SSH_PUBLIC_KEY", False),
        ("ACCEPT_EULA", False),
        ("MONKEY", False),
        ("disabled-password", False),
        ("ALLOW_EMPTY_PASSWORD", False),
    ],
)
def test_a_name_says_that_it_holds_a_secret(name: str, expected: bool) -> None:
    assert is_secret_name(name) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("hunter2", True),
        ("8d1f4c7a9b", True),
        ("", False),
        ("Yes", False),
        ("0", False),
        ("None", False),
        ("$TOKEN", False),
        ("${TOKEN:-x}", False),
        ("`cat x`", False),
        ("/run/secrets/token", False),
        ("~/.token", False),
        (r"C:\secrets\token", False),
        ("<token>", False),
        ("***", False),
    ],
)
def test_a_value_may_be_a_secret_itself(value: str, expected: bool) -> None:
    assert is_literal(value) == expected


@given(st.text())
def test_any_text_can_be_searched_and_shown(text: str) -> None:
    list(secrets_in(text))
    is_secret_name(text)
    is_literal(text)
    assert len(shown(text)) <= 100
    assert "\n" not in shown_address(text)


@pytest.mark.parametrize(
    "part",
    [
        "eyJ",
        "eyJa.",
        "ghp_a",
        "a://",
        "a:",
        "https://a:",
        "sig=a",
        "-----BEGIN ",
        "sk-",
        "_KEY",
        "aA",
        "xoxb-",
    ],
)
def test_searching_takes_linear_time(part: str) -> None:
    text = part * (60_000 // len(part))
    start = time.perf_counter()
    list(secrets_in(text))
    masked(text)
    is_secret_name(text)
    assert time.perf_counter() - start < 5
