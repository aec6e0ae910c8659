"""Indexes of packages, asked over HTTP on loopback and read from files."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from rgraph.engines import locations as reading
from rgraph.engines.errors import CouldNotAskError, Missing
from rgraph.engines.indexes import Found, Locations, ask
from rgraph.engines.locations import authorization, read_location
from rgraph.engines.pip_settings import PipSources, pip_sources, settings
from rgraph.engines.web import Web
from rgraph.indexes.interface import Release
from tests.unit.engines.serving import QUICK, Asked, Said, serving


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(limits=QUICK) as made:
        yield made


def page(*versions: str) -> bytes:
    files = [{"filename": f"foo-{each}.tar.gz", "url": "x", "hashes": {}} for each in versions]
    return json.dumps({"meta": {"api-version": "1.0"}, "name": "foo", "files": files}).encode()


def packages(name: str, version: str) -> bytes:
    return f"Package: {name}\nVersion: {version}\n".encode()


def asking(web: Web, where: Locations, *asked: tuple[str, str, str]) -> Found:
    return ask(web, where, asked)


FOO = ("pypi", "", "foo")


def test_a_project_of_an_index(web: Web) -> None:
    with serving(lambda _: Said(200, page("1.0", "1.1"))) as server:
        found = asking(web, Locations(index=f"{server.url}/simple/"), FOO, FOO)
    assert found == Found({FOO: (Release("1.0"), Release("1.1"))})
    assert server.paths() == ["GET /simple/foo/"]
    assert "vnd.pypi.simple.v1+json" in server.asked[0].headers["Accept"]


def test_credentials_go_along_and_are_never_shown(web: Web) -> None:
    def answer(request: Asked) -> Said:
        return Said(200, page("1.0")) if request.path == "/a/foo/" else Said(401)

    with serving(answer) as server:
        source = f"http://user:se%40cret@{server.host}"
        good, bad = ("pypi", f"{source}/a", "foo"), ("pypi", f"{source}/b", "foo")
        found = asking(web, Locations(), good, bad)
    assert found.releases == {good: (Release("1.0"),)}
    assert server.asked[0].headers["Authorization"] == authorization(source) == "Basic dXNlcjpzZUBjcmV0"
    (failure,) = found.failures
    assert str(failure) == f"cannot ask {server.url}/b/foo/: it wants other credentials"
    assert found.unknown == {bad: "its index could not be asked"}


def test_a_project_that_is_not_there_is_an_answer(web: Web) -> None:
    with serving(lambda _: Said(404)) as server:
        found = asking(web, Locations(index=server.url), FOO)
    assert found == Found({FOO: ()})


def test_extra_indexes_count_too(web: Web) -> None:
    def answer(request: Asked) -> Said:
        return Said(200, page("2.0" if "more" in request.path else "1.0"))

    with serving(answer) as server:
        source = f"- {server.url}/more"
        found = asking(web, Locations(index=f"{server.url}/main"), ("pypi", source, "foo"))
    assert found.releases == {("pypi", source, "foo"): (Release("1.0"), Release("2.0"))}


def test_an_index_in_a_variable_is_not_asked(web: Web) -> None:
    asked = ("pypi", "https://$TOKEN@example.org/simple", "foo")
    assert asking(web, Locations(), asked) == Found(unknown={asked: "its index is in a variable"})


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Said(500), "it answers 500"),
        (Said(200, b"{"), "its answer is no page of a package index"),
        (Said(302, b"", (("Location", "ftp://x/"),)), "`ftp` is no kind of address"),
    ],
)
def test_an_index_that_gives_no_answer(web: Web, said: Said, why: str) -> None:
    with serving(lambda _: said) as server:
        found = asking(web, Locations(index=server.url), FOO)
    assert [why in str(each) for each in found.failures] == [True]
    assert found.failures[0].exit_code == 3


def test_nobody_listens(web: Web) -> None:
    with serving(lambda _: Said()) as server:
        pass
    found = asking(web, Locations(index=server.url), FOO)
    assert "no connection" in str(found.failures[0])


PACKED: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
    "": bytes,
}


@pytest.mark.parametrize("end", PACKED)
def test_files_over_http_and_from_the_disk(web: Web, tmp_path: Path, end: str) -> None:
    raw = PACKED[end](packages("zoo", "1.8-6"))
    path = tmp_path / f"PACKAGES{end}"
    path.write_bytes(raw)
    asked = ("cran", "", "zoo")
    with serving(lambda _: Said(200, raw)) as server:
        for where in (f"{server.url}/src/contrib/PACKAGES{end}?x=1", str(path), path.as_uri()):
            assert asking(web, Locations(cran=(where,)), asked).releases == {asked: (Release("1.8-6"),)}


@pytest.mark.parametrize("end", [".gz", ".xz", ".bz2"])
def test_what_cannot_be_unpacked(web: Web, tmp_path: Path, end: str) -> None:
    path = tmp_path / f"PACKAGES{end}"
    path.write_bytes(PACKED[end](b"Package: x\n" * 99)[:40])
    with pytest.raises(CouldNotAskError, match="cannot be unpacked"):
        read_location(web, str(path))


def test_packed_zeros_are_not_unpacked_without_end(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 1000)
    path = tmp_path / "PACKAGES.gz"
    path.write_bytes(gzip.compress(bytes(2000)))
    with pytest.raises(CouldNotAskError, match="cannot be unpacked"):
        read_location(web, str(path))


LZ4 = b"\x04\x22\x4d\x18\x60\x40\x82\x05\x00\x00\x80hello\x00\x00\x00\x00"
"""A frame with one block that is not packed (LZ4 frame format, 1.6)."""


def test_lists_that_only_apt_can_unpack(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x_Packages.lz4"
    path.write_bytes(LZ4)
    if os.path.exists("/usr/lib/apt/apt-helper"):
        assert read_location(web, str(path)) == b"hello"
    monkeypatch.setattr(reading, "_HELPER", str(tmp_path / "missing"))
    with pytest.raises(CouldNotAskError, match="only apt's own program"):
        read_location(web, str(path))


def test_a_folder_as_index(web: Web, tmp_path: Path) -> None:
    (tmp_path / "foo").mkdir()
    (tmp_path / "foo/index.html").write_text("<a href='foo-1.0.tar.gz'>foo-1.0.tar.gz</a>")
    found = asking(web, Locations(index=tmp_path.as_uri()), FOO, ("pypi", "", "none"))
    assert found.releases == {FOO: (Release("1.0"),), ("pypi", "", "none"): ()}


def test_a_channel_by_its_name(web: Web, tmp_path: Path) -> None:
    data = {"packages": {"a": {"name": "openssl", "version": "1.1.1d"}}}
    path = tmp_path / "repodata.json"
    path.write_text(json.dumps(data))
    where = Locations(conda=(("r", str(path)), ("other", str(tmp_path / "missing"))))
    found = asking(web, where, ("conda", "r", "openssl"), ("conda", "x", "openssl"))
    assert found.releases == {("conda", "r", "openssl"): (Release("1.1.1d"),)}
    assert found.unknown == {("conda", "x", "openssl"): "no index of the channel is given: `--conda x=FILE`"}


def test_a_file_that_is_not_there_or_no_index(web: Web, tmp_path: Path) -> None:
    (tmp_path / "page").write_text("<html>")
    where = Locations(cran=(str(tmp_path / "page"),), conda=(("", str(tmp_path / "none")),))
    found = asking(web, where, ("cran", "", "zoo"), ("conda", "r", "openssl"))
    assert sorted(str(each) for each in found.failures) == [
        f"cannot ask {tmp_path}/none: it is not there",
        f"cannot ask {tmp_path}/page: it has no paragraph with `Package:`",
    ]


def test_apts_lists_of_the_right_distribution(web: Web, tmp_path: Path) -> None:
    def suite(name: str, release: str, version: str) -> None:
        (tmp_path / f"mirror_dists_{name}_InRelease").write_text(release)
        path = tmp_path / f"mirror_dists_{name}_main_binary-amd64_Packages"
        path.write_bytes(packages("curl", version))

    suite("bookworm", "Origin: Debian\nVersion: 12.9\n", "1-1")
    suite("bookworm-updates", "Origin: Debian\nVersion: 12-updates\n", "1-2")
    suite("bookworm-backports", "Origin: Debian\nVersion: 12-backports\nNotAutomatic: yes\n", "9-1")
    suite("jammy", "Origin: Ubuntu\nVersion: 22.04\n", "3-1")
    debian, other = ("deb", "debian-12", "curl"), ("deb", "ubuntu-16.04", "curl")
    found = asking(web, Locations(lists=tmp_path), debian, other, ("deb", "", "curl"))
    assert {key: set(each) for key, each in found.releases.items()} == {
        debian: {Release("1-1"), Release("1-2")}
    }
    assert found.unknown == {
        other: "no package list of ubuntu-16.04 is on this machine: `--apt ubuntu-16.04=FILE`",
        ("deb", "", "curl"): "no package list is on this machine: `--apt NAME=FILE`",
    }
    given = tmp_path / "given"
    given.write_bytes(packages("curl", "5-1"))
    found = asking(web, Locations(lists=tmp_path, apt=(("debian-12", str(given)),)), debian)
    assert found.releases == {debian: (Release("5-1"),)}


def test_nothing_is_missing_where_nothing_was_asked(web: Web, tmp_path: Path) -> None:
    assert isinstance(read_location(web, str(tmp_path / "none")), Missing)
    assert asking(web, Locations(lists=None)) == Found()


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return monkeypatch


def test_pips_own_default(no_settings: pytest.MonkeyPatch) -> None:
    assert pip_sources() == PipSources((import_module("pip._internal.models.index").PyPI.simple_url,))


def test_pips_configuration(no_settings: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://a.example/simple\nextra-index-url =\n  https://b.example/s\n"
    )
    no_settings.setenv("PIP_CONFIG_FILE", str(file))
    assert pip_sources().indexes == ("https://a.example/simple", "https://b.example/s")
    file.write_text(file.read_text() + "[install]\nindex-url = https://c.example/simple\n")
    assert pip_sources().indexes[0] == "https://c.example/simple"
    no_settings.setenv("PIP_INDEX_URL", "https://user:secret@d.example/simple")
    assert pip_sources().indexes[0] == "https://user:secret@d.example/simple"


def test_a_pip_without_an_index(no_settings: pytest.MonkeyPatch) -> None:
    no_settings.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(CouldNotAskError, match="configured to use none"):
        pip_sources()


def test_files_that_pip_finds_by_links(web: Web, no_settings: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name in ("foo-2.0-py3-none-any.whl", "bar-1.0.tar.gz", "foo-nonsense.whl", "foo-1.5.tar.gz"):
        (wheels / name).touch()
    (tmp_path / "page.html").write_text("<a href='x/foo-3.0.zip'>foo</a> <a href='bar-9.zip'>bar</a>")
    no_settings.setenv("PIP_NO_INDEX", "1")
    (tmp_path / "foo-2.1.zip").touch()
    with serving(lambda _: Said(200, b"<html><a href='foo-4.0.tar.gz#sha256=0'>foo</a>")) as server:
        page = (tmp_path / "page.html").as_uri()
        links = (
            str(wheels),
            page,
            f"{server.url}/links",
            str(tmp_path / "foo-2.1.zip"),
            str(tmp_path / "no"),
        )
        no_settings.setenv("PIP_FIND_LINKS", " ".join(links))
        assert pip_sources() == PipSources((), links)
        found = asking(web, Locations(), FOO)
    assert [each.version for each in found.releases[FOO]] == ["1.5", "2.0", "3.0", "4.0", "2.1"]


def test_credentials_of_the_users_netrc(web: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "netrc"
    monkeypatch.setenv("NETRC", str(file))
    with serving(lambda _: Said(200, page("1.0"))) as server:
        host = server.host.partition(":")[0]
        for text in (f"machine {host} login user password secret", "machine other login a password b", "no"):
            file.write_text(text)
            assert asking(web, Locations(index=server.url), FOO).releases == {FOO: (Release("1.0"),)}
        file.unlink()
        asking(web, Locations(index=server.url), FOO)
        with_user = server.url.replace("//", "//me:mine@")
        file.write_text(f"machine {host} login user password secret")
        asking(web, Locations(index=with_user), FOO)
    sent = [each.headers.get("Authorization") for each in server.asked]
    logins = [authorization(f"http://{each}@x") for each in ("user:secret", "me:mine")]
    assert sent == [logins[0], None, None, None, logins[1]]


def test_no_pip_at_all(no_settings: pytest.MonkeyPatch, tmp_path: Path) -> None:
    no_settings.setenv("PATH", str(tmp_path))
    no_settings.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(CouldNotAskError, match="no Python here has it"):
        pip_sources()


def test_lines_that_are_no_settings() -> None:
    assert settings("global.index-url='https://a'\nnonsense\nb=[1]\nc='unclosed\n:env:.d=''\n") == {
        "global.index-url": "https://a",
        ":env:.d": "",
    }
