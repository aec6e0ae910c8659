"""Credentials, from the files and helpers of Docker and Podman."""

from __future__ import annotations

import base64
import json
import os
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rgraph.engines.credentials import Credentials, Keyring, basic, usual_files
from rgraph.engines.errors import CouldNotAskError

SECRET = "s3cr3t-word"


def auth(user: str = "me", password: str = SECRET) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def keyring(tmp_path: Path, *configs: dict[str, Any], patience: float = 5) -> Keyring:
    files = [tmp_path / f"{index}.json" for index in range(len(configs))]
    for file, config in zip(files, configs, strict=True):
        file.write_text(json.dumps(config))
    return Keyring(files, patience)


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A credential helper `docker-credential-test`: its script is to be written."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder / "docker-credential-test"


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ["/home/me/.docker/config.json", "/home/me/.config/containers/auth.json"]),
        ({"DOCKER_CONFIG": "/d"}, ["/d/config.json", "/home/me/.config/containers/auth.json"]),
        (
            {"XDG_RUNTIME_DIR": "/run/me", "XDG_CONFIG_HOME": "/c"},
            ["/home/me/.docker/config.json", "/run/me/containers/auth.json", "/c/containers/auth.json"],
        ),
        ({"REGISTRY_AUTH_FILE": "/a.json", "DOCKER_CONFIG": "/d"}, ["/a.json"]),
        (
            {"REGISTRY_AUTH_FILE": "", "DOCKER_CONFIG": ""},
            ["/home/me/.docker/config.json", "/home/me/.config/containers/auth.json"],
        ),
    ],
)
def test_the_usual_files(environment: dict[str, str], expected: list[str]) -> None:
    assert [path.as_posix() for path in usual_files(environment, Path("/home/me"))] == expected


def test_the_environment_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGISTRY_AUTH_FILE", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"example.com": auth()}}))
    assert Keyring.usual().find("example.com") == Credentials("me", SECRET)


HUB = "docker.io"


@pytest.mark.parametrize(
    ("key", "registry", "repository", "found"),
    [
        ("example.com", "example.com", "a/b", True),
        ("https://example.com", "example.com", "a/b", True),
        ("https://example.com/v1/", "example.com", "a/b", True),
        ("http://example.com/v2/", "example.com", "a/b", True),
        ("Example.com", "example.com", "a/b", True),
        ("example.com:5000", "example.com:5000", "a/b", True),
        ("example.com", "example.com:5000", "a/b", False),
        ("example.com:5000", "example.com", "a/b", False),
        ("example.com", "other.example.com", "a/b", False),
        ("example.com/a", "example.com", "a/b", True),
        ("example.com/a/b", "example.com", "a/b", True),
        ("example.com/a/b/c", "example.com", "a/b", False),
        ("example.com/x", "example.com", "a/b", False),
        ("https://index.docker.io/v1/", HUB, "library/ubuntu", True),
        ("docker.io", HUB, "library/ubuntu", True),
        ("index.docker.io", HUB, "library/ubuntu", True),
        ("registry-1.docker.io", HUB, "library/ubuntu", True),
        ("docker.io/library", HUB, "library/ubuntu", True),
        ("docker.io/other", HUB, "library/ubuntu", False),
        ("https://index.docker.io/v1/", "example.com", "a/b", False),
    ],
)
def test_under_which_name_credentials_stand(
    tmp_path: Path, key: str, registry: str, repository: str, found: bool
) -> None:
    made = keyring(tmp_path, {"auths": {key: auth()}}).find(registry, repository)
    assert made == (Credentials("me", SECRET) if found else None)


def test_the_nearest_entry_counts(tmp_path: Path) -> None:
    auths = {"example.com": auth("all"), "example.com/a": auth("a"), "example.com/a/b": auth("ab")}
    ring = keyring(tmp_path, {"auths": auths})
    users = [made.user for path in ("a/b", "a/c", "z") if (made := ring.find("example.com", path))]
    assert users == ["ab", "a", "all"]


def test_the_first_file_that_has_some_counts(tmp_path: Path) -> None:
    ring = keyring(
        tmp_path, {"auths": {"a.com": auth("1")}}, {}, {"auths": {"a.com": auth("2"), "b.com": auth("3")}}
    )
    users = [made.user for host in ("a.com", "b.com") if (made := ring.find(host))]
    assert users == ["1", "3"]
    assert ring.find("c.com") is None


def test_other_forms_of_an_entry(tmp_path: Path) -> None:
    auths = {
        "token.com": {"auth": auth()["auth"], "identitytoken": SECRET},
        "plain.com": {"username": "me", "password": SECRET},
        "colons.com": auth("me", "a:b:c"),
        "padded.com": auth("me", SECRET + "\0\0"),
        "empty.com": {},
        "null.com": None,
    }
    ring = keyring(tmp_path, {"auths": auths, "HttpHeaders": {"x": "y"}, "detachKeys": "ctrl-e"})
    assert ring.find("token.com") == Credentials(identity=SECRET)
    assert ring.find("plain.com") == Credentials("me", SECRET)
    assert ring.find("colons.com") == Credentials("me", "a:b:c")
    assert ring.find("padded.com") == Credentials("me", SECRET)
    assert ring.find("empty.com") is None
    assert ring.find("null.com") is None


def test_no_file_is_no_credentials(tmp_path: Path) -> None:
    assert Keyring([tmp_path / "none.json", tmp_path / "no/config.json"]).find("example.com") is None


ANSWER = f"""test "$1" = get || exit 9
case "$(cat)" in
example.com:5000|https://index.docker.io/v1/) echo '{{"ServerURL": "x",
"Username": "me", "Secret": "{SECRET}"}}' ;;
identity.com) echo '{{"Username": "<token>", "Secret": "{SECRET}"}}' ;;
nothing.com) echo '{{"Username": "", "Secret": ""}}' ;;
*) echo "credentials not found in native keychain"; exit 1 ;;
esac"""


@pytest.mark.parametrize("section", ["store", "helpers"])
@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        ("example.com:5000", Credentials("me", SECRET)),
        ("docker.io", Credentials("me", SECRET)),
        ("identity.com", Credentials(identity=SECRET)),
        ("nothing.com", None),
        ("unknown.com", None),
    ],
)
def test_a_helper(
    tmp_path: Path, helper: Path, section: str, registry: str, expected: Credentials | None
) -> None:
    program(helper, ANSWER)
    key = "https://index.docker.io/v1/" if registry == "docker.io" else registry
    config: dict[str, Any] = {"credsStore": "test"} if section == "store" else {"credHelpers": {key: "test"}}
    assert keyring(tmp_path, config).find(registry, "a/b") == expected


def test_a_helper_of_one_registry_counts_before_the_store_and_both_before_what_is_written(
    tmp_path: Path, helper: Path
) -> None:
    program(helper, ANSWER)
    program(helper.with_name("docker-credential-other"), """echo '{"Username": "other", "Secret": "x"}'""")
    auths = {host: auth("written") for host in ("example.com:5000", "elsewhere.com", "unknown.com")}
    config = {"auths": auths, "credsStore": "test", "credHelpers": {"elsewhere.com": "other"}}
    ring = keyring(tmp_path, config)
    users = [made.user for host in (*auths,) if (made := ring.find(host))]
    assert users == ["me", "other", "written"]


def test_only_a_helper_that_is_needed_runs(tmp_path: Path, helper: Path) -> None:
    program(helper, "exit 9")
    ring = keyring(tmp_path, {"auths": {"a.com": auth()}, "credHelpers": {"b.com": "test"}})
    assert ring.find("a.com") == Credentials("me", SECRET)


def test_a_helper_is_asked_once(tmp_path: Path, helper: Path) -> None:
    """It may ask a person to unlock something, and many questions are put at once."""
    program(helper, f'echo >>{tmp_path}/asked; sleep 0.1; echo \'{{"Username": "me", "Secret": "x"}}\'')
    ring = keyring(tmp_path, {"credsStore": "test"})
    with ThreadPoolExecutor(max_workers=8) as threads:
        found = list(threads.map(ring.find, ["a.com"] * 8, [f"repository{n}" for n in range(8)]))
    assert found == [Credentials("me", "x")] * 8
    assert (tmp_path / "asked").read_text() == "\n"
    assert ring.find("b.com") == Credentials("me", "x")
    assert (tmp_path / "asked").read_text() == "\n\n"


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (f"echo {SECRET}; echo {SECRET} >&2; exit 2", "ends with code 2"),
        (f'echo \'{{"Secret": "{SECRET}\'', "its answer cannot be read"),
        (f"echo '[\"{SECRET}\"]'", "its answer cannot be read"),
        (f'echo \'{{"Username": 1, "Secret": "{SECRET}"}}\'', "its answer cannot be read"),
        ("exec sleep 30", r"no answer within 0\.3 s"),
    ],
)
def test_a_helper_that_fails_says_why_and_nothing_secret(
    tmp_path: Path, helper: Path, script: str, why: str
) -> None:
    program(helper, script)
    with pytest.raises(CouldNotAskError, match=f"cannot ask docker-credential-test: .*{why}") as caught:
        keyring(tmp_path, {"credsStore": "test"}, patience=0.3).find("example.com")
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_helper_that_is_not_there_or_no_helper(tmp_path: Path, helper: Path) -> None:
    with pytest.raises(CouldNotAskError, match="docker-credential-none: it is not installed"):
        keyring(tmp_path, {"credsStore": "none"}).find("example.com")
    helper.write_text("no program")
    with pytest.raises(CouldNotAskError, match="it cannot be run"):
        keyring(tmp_path, {"credsStore": "test"}).find("example.com")
    with pytest.raises(CouldNotAskError, match="no plain name"):
        keyring(tmp_path, {"credsStore": "../../bin/sh"}).find("example.com")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        f'{{"auths": {{"example.com": {{"auth": "{SECRET}" "x"}}}}}}',
        f'{{"auths": ["{SECRET}"]}}',
        f'{{"auths": {{"example.com": "{SECRET}"}}}}',
        f'{{"credsStore": {{"{SECRET}": 1}}}}',
        "[" * 100_000,
    ],
)
def test_a_file_that_cannot_be_understood(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(CouldNotAskError, match="it is no configuration of Docker, in JSON") as caught:
        Keyring([tmp_path / "config.json"]).find("example.com")
    assert caught.value.exit_code == 3
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CouldNotAskError, match="it cannot be read"):
        Keyring([tmp_path]).find("example.com")


def test_an_entry_that_is_no_base64(tmp_path: Path) -> None:
    for wrong in (f"{SECRET}!", "/w=="):
        with pytest.raises(CouldNotAskError, match="no base64") as caught:
            keyring(tmp_path, {"auths": {"example.com": {"auth": wrong}}}).find("example.com")
        assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_credentials_do_not_show_themselves() -> None:
    shown = Credentials("me", SECRET, SECRET)
    for text in (repr(shown), str(shown), f"{shown}", repr([shown]), repr({"a": shown})):
        assert SECRET not in text
        assert "me" not in text


def test_a_header_for_a_user() -> None:
    assert basic("Aladdin:open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert base64.b64decode(basic("müller:ß").split()[1]).decode() == "müller:ß"
