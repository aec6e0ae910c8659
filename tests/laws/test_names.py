"""Laws of checked names, package URLs and versions."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packageurl import PackageURL

from rgraph import names
from rgraph.ecosystems import in_range, order_of
from rgraph.inventory import Inventory
from rgraph.names import Bad, ImageReference, Purl
from rgraph.purls import checked_purl, parse_purl, purl_of
from rgraph.steps.packages import Package, parse_package
from rgraph.versions import parse_range, version_key
from tests.laws.strategies import Documents, catalogues, resolved

MAKERS: list[Callable[[str], object]] = [
    names.layer_name,
    names.variant,
    names.tag,
    names.repository,
    names.registry,
    names.folder,
    names.file_path,
    names.platform,
    names.sha256,
    names.digest,
    names.variable,
    names.purl,
    names.release_tag,
    names.release_date,
    names.day,
]
PIECES = [
    "a",
    "Z",
    "0",
    "9",
    ".",
    "-",
    "_",
    "/",
    ":",
    "@",
    "+",
    "%",
    " ",
    "\\",
    "..",
    "sha256:",
    "pkg:",
    "generic/",
]
PIECES += ["\n", "é", "$", "#", "?", "=", "20260101", ".v1", "2026-02-29", "linux/amd64", "f" * 64, "a" * 129]
texts = st.one_of(st.text(max_size=20), st.lists(st.sampled_from(PIECES), max_size=5).map("".join))


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
@given(text=texts)
def test_a_maker_accepts_what_it_made(maker: Callable[[str], object], text: str) -> None:
    made = maker(text)
    if not isinstance(made, Bad):
        assert isinstance(made, str)
        assert made.isprintable()
        assert maker(made) == made


@given(texts)
def test_a_reference_is_its_parts(text: str) -> None:
    made = names.reference(text)
    if isinstance(made, ImageReference):
        assert made.text() == text
        assert names.reference(made.text()) == made


@given(
    st.sampled_from(["apt", "conda", "pip", "cran", "bioconductor"]),
    st.lists(
        st.sampled_from([*PIECES, "curl", "=", "==", "1:1.0-1", "::", "[x]", "~=", "*", "'", '"']), max_size=5
    ),
)
@settings(max_examples=300)
def test_a_package_is_one_word_that_names_it(ecosystem: str, pieces: list[str]) -> None:
    text = "".join(pieces)
    made = parse_package(ecosystem, text)
    if isinstance(made, Package):
        assert made.name
        assert made.name in text
        assert made.version in text
        assert made.spec.isprintable()
        assert not made.spec.startswith("-")


TYPES = ["deb", "conda", "pypi", "cran", "bioconductor", "github", "generic", "maven", "npm", "nuget"]
_PART = st.text("aB0._~+-:% é@/", min_size=1, max_size=8)


@st.composite
def package_urls(draw: st.DrawFn) -> PackageURL:
    """Whatever the library can make, of the types that catalogues name."""
    keys = st.sampled_from(["arch", "channel", "distro", "download_url"])
    name = draw(st.text("abC0._-+", min_size=1, max_size=8))
    type = draw(st.sampled_from(TYPES))
    return PackageURL(
        type,
        draw(st.none() | st.text("ab0", min_size=1, max_size=4)) if type != "maven" else "org.example",
        # The library does not know that these have no upper case.
        name.lower() if type in ("conda", "deb") else name,
        draw(st.none() | _PART.map(str.strip).filter(bool)),
        draw(st.dictionaries(keys, _PART.map(str.strip).filter(bool), max_size=2)),
        draw(st.none() | st.text("ab0-", min_size=1, max_size=5)),
    )


@given(package_urls())
@settings(max_examples=300)
def test_our_parser_agrees_with_the_library(purl: PackageURL) -> None:
    text = purl.to_string()
    again = PackageURL.from_string(text)
    found = parse_purl(Purl(text))
    assert (found.type, found.namespace, found.name, found.version) == (
        again.type,
        again.namespace or "",
        again.name,
        again.version or "",
    )
    assert dict(found.qualifiers) == again.qualifiers
    assert found.subpath == (again.subpath or "")


@given(package_urls())
@settings(max_examples=300)
def test_what_we_parse_we_write_canonically(purl: PackageURL) -> None:
    made = names.purl(purl.to_string())
    if not isinstance(made, Bad):
        text = purl_of(parse_purl(made))
        assert PackageURL.from_string(text) == PackageURL.from_string(made)
        # The library leaves `/` in qualifiers, which the specification's own examples encode, and of
        # names in lower case makes the hex digits lower case too.
        path, _, query = made.partition("#")[0].partition("?")
        rest = made.partition("#")[2]
        assert text == path.replace("%2b", "%2B") + (query and f"?{query.replace('/', '%2F')}") + (
            rest and f"#{rest}"
        )


@given(package_urls())
@settings(max_examples=300)
def test_a_canonical_purl_stays_as_it_is(purl: PackageURL) -> None:
    made = checked_purl(purl.to_string())
    if not isinstance(made, Bad):
        canonical = checked_purl(purl_of(parse_purl(made)))
        assert not isinstance(canonical, Bad)
        assert purl_of(parse_purl(canonical)) == canonical
        assert parse_purl(canonical) == parse_purl(made)


@given(texts.map(lambda text: f"pkg:generic/{text}") | st.text("pkg:deb/%20fFa=&?#@é", max_size=20))
@settings(max_examples=300)
def test_an_accepted_purl_is_one_for_the_library(text: str) -> None:
    made = checked_purl(text)
    if not isinstance(made, Bad):
        component = parse_purl(made)
        assert component.name.isprintable()
        PackageURL.from_string(text)
        canonical = purl_of(component)
        assert PackageURL.from_string(canonical) == PackageURL.from_string(text)
        assert not isinstance(checked_purl(canonical), Bad)


@given(catalogues())
@settings(max_examples=30)
def test_every_purl_of_a_catalogue_is_canonical(documents: Documents) -> None:
    images = resolved(documents)
    inventory = Inventory(images)
    for id in images.images:
        for _, declared in inventory.all(id):
            assert PackageURL.from_string(declared.purl).to_string() == declared.purl
            assert not isinstance(checked_purl(declared.purl), Bad)


versions = st.one_of(
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,2}){0,3}(rc[0-9]|a|b1|-1|\+x|\.post1)?", fullmatch=True),
    st.text("0129.abrc-+:~", max_size=8),
)


@given(versions, versions, versions)
@settings(max_examples=300)
def test_version_keys_are_a_total_order(one: str, two: str, three: str) -> None:
    first, second, third = version_key(one), version_key(two), version_key(three)
    assert (first < second) + (first == second) + (first > second) == 1
    if first <= second <= third:
        assert first <= third


@given(st.lists(versions, max_size=8))
def test_the_order_does_not_depend_on_where_it_starts(found: list[str]) -> None:
    keys = sorted(map(version_key, found))
    assert all(sorted(each) == keys for each in itertools.islice(itertools.permutations(keys), 20))


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=4),
    st.lists(st.integers(0, 300), min_size=1, max_size=4),
)
def test_numbers_compare_as_numbers(one: list[int], two: list[int]) -> None:
    first, second = ".".join(map(str, one)), ".".join(map(str, two))
    assert (version_key(first) < version_key(second)) == (one < two)


def test_known_orders() -> None:
    rising = ["1.0rc1", "1.0", "1.1", "1.1.1", "1.1.1b", "1.1.1c", "1.9", "1.10", "2"]
    assert all(version_key(below) < version_key(above) for below, above in itertools.combinations(rising, 2))


numbered = versions.filter(lambda text: order_of("generic")(text) is not None)


@given(numbered, numbered)
def test_a_range_is_its_comparisons(version: str, bound: str) -> None:
    for operator in ("<", "<=", ">", ">=", "=="):
        comparisons = parse_range(f"{operator}{bound}")
        if comparisons is not None:
            below, above = (
                version_key(version) < version_key(bound),
                version_key(version) > version_key(bound),
            )
            expected = {
                "<": below,
                "<=": not above,
                ">": above,
                ">=": not below,
                "==": not below and not above,
            }
            assert in_range("generic", version, comparisons) == expected[operator]
