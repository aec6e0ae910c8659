"""Which vulnerabilities concern a component."""

from __future__ import annotations

import msgspec

from rgraph.advisories.index import index
from rgraph.advisories.interface import Advisories, Advisory
from rgraph.advisories.match import Matcher
from rgraph.errors import Place
from rgraph.inventory import Declared
from rgraph.steps.interface import Component

BELOW = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}


def advisory(
    id: str, *names: str, aliases: tuple[str, ...] = (), ecosystem: str = "PyPI", **more: object
) -> Advisory:
    """An advisory that calls everything below 2.0 affected."""
    affected = [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": [BELOW]} for name in names]
    return msgspec.convert({"id": id, "aliases": aliases, "affected": affected, **more}, Advisory)


def given(*advisories: Advisory) -> Advisories:
    return index("advisories", advisories)


def pypi(name: str, version: str = "1.0", pinned_by: str = "") -> Declared:
    component = Component("pypi", name, version, pinned_by=pinned_by)
    return Declared(component, f"pkg:pypi/{name}" + (version and f"@{version}"), None, Place("a.yaml"))


def deb(release: str) -> Declared:
    return Declared(
        Component("deb", "tool", "1.0"), f"pkg:deb/ubuntu/tool@1.0?distro={release}", None, Place("a.yaml")
    )


def found(advisories: Advisories, declared: Declared) -> list[tuple[tuple[str, ...], str, str]]:
    return [
        (each.vulnerability.ids, each.found, each.fixed) for each in Matcher(advisories).matches(declared)
    ]


def test_advisories_of_one_vulnerability_are_one_with_all_ids() -> None:
    one = advisory("B-1", "tool", aliases=("CVE-1",))
    between = advisory("X-1", "other", aliases=("CVE-1", "CVE-2"))
    two = advisory("A-1", "tool", aliases=("CVE-2",))
    apart = advisory("C-1", "tool")
    ids = ("A-1", "B-1", "X-1", "CVE-1", "CVE-2")
    expected = [(ids, "affected", "2.0"), (("C-1",), "affected", "2.0")]
    assert found(given(one, between, two, apart), pypi("tool")) == expected
    assert found(given(apart, two, between, one), pypi("tool")) == expected


def test_an_empty_alias_joins_nothing() -> None:
    one, two = advisory("A-1", "tool", aliases=("",)), advisory("B-1", "tool", aliases=(" ", ""))
    assert found(given(one, two), pypi("tool")) == [
        (("A-1",), "affected", "2.0"),
        (("B-1",), "affected", "2.0"),
    ]


def test_a_deb_of_no_known_release_is_neither_affected_nor_free() -> None:
    placeless = Declared(Component("deb", "tool", "1.0"), "pkg:deb/ubuntu/tool@1.0", None, Place("a.yaml"))
    of_releases = given(
        advisory("A-1", "tool", ecosystem="Ubuntu:22.04:LTS"), advisory("B-1", "tool", ecosystem="Ubuntu")
    )
    assert found(of_releases, placeless) == [(("A-1",), "unknown", ""), (("B-1",), "affected", "2.0")]


def test_upstream_does_not_merge_and_is_found_by_name() -> None:
    advisories = given(
        advisory("USN-1", "tool", upstream=["CVE-1"]), advisory("USN-2", "tool", upstream=["CVE-1"])
    )
    matcher = Matcher(advisories)
    assert [each.id for each in matcher.named("CVE-1")] == ["USN-1", "USN-2"]
    assert len(matcher.matches(pypi("tool"))) == 2
    assert matcher.named("CVE-2") == ()


def test_an_id_that_is_given_twice_is_one_vulnerability() -> None:
    assert len(found(given(advisory("A-1", "tool"), advisory("A-1", "tool")), pypi("tool"))) == 1


def test_a_withdrawn_advisory_is_only_counted() -> None:
    advisories = given(advisory("A-1", "tool", withdrawn="2026-01-01T00:00:00Z"), advisory("B-1", "other"))
    assert (advisories.count, advisories.withdrawn) == (1, 1)
    assert found(advisories, pypi("tool")) == []


def test_a_release_has_its_own_advisories() -> None:
    advisories = given(
        advisory("A-1", "tool", ecosystem="Ubuntu:20.04:LTS"),
        advisory("B-1", "tool", ecosystem="Ubuntu:22.04:LTS"),
        advisory("C-1", "tool", ecosystem="Ubuntu:Pro:20.04:LTS"),
        advisory("D-1", "tool", ecosystem="Ubuntu:Pro:FIPS:20.04:LTS"),
        advisory("E-1", "tool", ecosystem="Debian:12"),
    )
    matches = Matcher(advisories).matches(deb("ubuntu-20.04"))
    assert [(each.vulnerability.id, each.pro) for each in matches] == [("A-1", False), ("C-1", True)]
    assert Matcher(advisories).called(deb("ubuntu-18.04")) == ()


def test_a_component_that_nothing_could_be_about_is_not_called() -> None:
    matcher = Matcher(given(advisory("A-1", "tool", ecosystem="CRAN")))
    assert matcher.called(pypi("tool")) == ()


def test_at_least_is_judged_by_its_lowest_version() -> None:
    advisories = given(advisory("A-1", "tool"))
    assert found(advisories, pypi("tool", "", "at least 1.0")) == [(("A-1",), "affected", "2.0")]
    assert found(advisories, pypi("tool", "", "at least 2.0")) == []
    again = {"type": "ECOSYSTEM", "events": [{"introduced": "3.0"}]}
    later = [{"package": {"ecosystem": "PyPI", "name": "tool"}, "ranges": [BELOW, again]}]
    advisories = given(msgspec.convert({"id": "A-1", "affected": later}, Advisory))
    assert found(advisories, pypi("tool", "", "at least 2.0")) == [(("A-1",), "later", "")]
    assert found(advisories, pypi("tool", "2.0")) == []


def test_the_same_version_exact_and_at_least_are_two_questions() -> None:
    again = {"type": "ECOSYSTEM", "events": [{"introduced": "3.0"}]}
    later = [{"package": {"ecosystem": "PyPI", "name": "tool"}, "ranges": [again]}]
    matcher = Matcher(given(msgspec.convert({"id": "A-1", "affected": later}, Advisory)))
    assert [each.found for each in matcher.matches(pypi("tool", "2.0"))] == []
    assert [each.found for each in matcher.matches(pypi("tool", "", "at least 2.0"))] == ["later"]


def test_without_a_version_all_are_unknown() -> None:
    advisories = given(advisory("A-1", "tool"), advisory("B-1", "tool"))
    assert [each[1] for each in found(advisories, pypi("tool", ""))] == ["unknown", "unknown"]


def test_one_advisory_that_says_affected_is_enough() -> None:
    fixed = {
        "package": {"ecosystem": "PyPI", "name": "tool"},
        "ranges": [{**BELOW, "events": [{"introduced": "0"}, {"fixed": "0.5"}]}],
    }
    other = msgspec.convert({"id": "B-1", "aliases": ["A-1"], "affected": [fixed]}, Advisory)
    assert found(given(other, advisory("A-1", "tool")), pypi("tool")) == [(("A-1", "B-1"), "affected", "2.0")]


def test_the_severity_is_a_word_if_there_is_one() -> None:
    vector = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}]
    assert advisory("A-1", severity=vector).grade == "CVSS:3.1/AV:N"
    assert advisory("A-1", severity=vector, database_specific={"severity": "HIGH"}).grade == "HIGH"
    assert advisory("A-1", severity=None, database_specific={"severity": {"odd": 1}}).grade == ""
