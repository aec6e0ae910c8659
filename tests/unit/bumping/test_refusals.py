"""What a bump does not do, and what it says then: nothing is ever written."""

from __future__ import annotations

from pathlib import Path

import pytest

from rgraph.errors import ManifestError, UsageError
from tests.unit.bumping.small import COMMIT, ONE, SUM, run, texts, write


def refused(
    root: Path, component: str, version: str, *selectors: str, rename: bool = False, sha256: str = ""
) -> str:
    """The refusals of a bump, which changes no file."""
    before = texts(root)
    done = run(root, component, version, *selectors, rename=rename, sha256=sha256)
    assert not done.written
    assert texts(root) == before
    return " / ".join(f"{each.place.file}: {each.what}" for each in done.refusals)


@pytest.mark.parametrize(
    ("steps", "new", "says"),
    [
        ("- conda: [tool=1.0.1=h1_0]", "1.0.2", "names a build"),
        ("- conda: [\"tool=${{ '1.0' }}.${{ '1' }}\"]", "1.1.2", "put together"),
        ("- run: [get tool]\n  provides: [pkg:generic/tool@1.0.1]", "1.0.2", "no command names the version"),
        (
            "- run: [get tool 1.0.1]\n  provides: [pkg:generic/tool@1.0.1, pkg:generic/b@1.0.1]",
            "1.0.2",
            "does not tell apart",
        ),
        (
            "- download: {url: 'https://e.org/1.0.1', to: /x}\n"
            "  provides: [pkg:generic/tool@1.0.1, pkg:generic/b@1.0.1]",
            "1.0.2",
            "does not tell apart",
        ),
        (
            "- run: [sleep 14]\n  provides: [pkg:generic/tool@14]",
            "15",
            "no command names the version 14",
        ),
        (
            "- take: {from: ubuntu, path: /a, to: /b}\n  provides: [pkg:generic/tool@1.0.1]",
            "1.0.2",
            "comes along from another image",
        ),
        (
            "- download: {url: 'https://e.org/tool101.zip', to: /x}\n  provides: [pkg:generic/tool@1.0.1]",
            "1.0.2",
            "does not name the version",
        ),
        (
            f"- download: {{url: 'https://e.org/1.0.1.zip', to: /x, sha256: {SUM}}}\n"
            "  provides: [pkg:generic/tool@1.0.1]",
            "1.0.2",
            "checksum aaaaaaaaaaaa... belongs to version 1.0.1",
        ),
        (
            f"- download: {{url: {{linux/amd64: 'https://e.org/1.0.1'}}, to: /x,\n"
            f"    sha256: {{linux/amd64: {SUM}}}}}\n"
            "  provides: [pkg:generic/tool@1.0.1]",
            "1.0.2",
            "each platform has its own",
        ),
        (
            "- source: {name: tool, version: 1.0.1, url: 'https://e.org/v1.0/tool-1.0.1.tgz'}",
            "1.1.0",
            "`1.0` is still of the old version",
        ),
        (
            "- source: {name: tool, version: 1.0.1, url: 'https://e.org/1.0.1/tool101.tgz'}",
            "1.0.2",
            "`101` is still of the old version",
        ),
        (
            "- source: {name: tool, version: 1.0.1, url: 'https://u:SEKRET@e.org/1.0.1/tool_1_0.tgz?s=SIGN'}",
            "1.1.0",
            "would be `https://e.org/1.1.0/tool_1_0.tgz`, where `1_0` is still of the old version",
        ),
        (
            "- source: {name: tool, version: 1.0.1, git: 'https://github.com/o/tool', ref: main}",
            "next",
            "which version it is then (now 1.0.1) is not known",
        ),
        (
            f"- source: {{name: tool, version: 1.0.1, git: 'https://e.org/t', ref: v1.0.1,\n"
            f"    commit: {COMMIT}}}",
            "1.0.2",
            "commit cccccccccccc... belongs to version 1.0.1",
        ),
        ("- github: {repo: a/tool, ref: v1.0.1}", "1.0.2", "the ref is written `v1.0.1`"),
        (
            "- github: {repo: a/tool, ref: v1.0.1, version: 0.9}",
            "v1.0.2",
            "which version the package reports",
        ),
        (
            "- download: {url: 'https://e.org/1.0.1', to: /x}\n"
            "  provides: ['pkg:generic/tool@1.0.1?download_url=https://e.org/1.0.1']",
            "1.0.2",
            "belongs to the old version",
        ),
    ],
)
def test_what_is_not_safe_in_one_step(tmp_path: Path, steps: str, new: str, says: str) -> None:
    root = write(tmp_path, one=f"{ONE}steps:\n{steps}\n")
    assert says in refused(root, "tool", new)


MATRIX = 'kind: base\nname: m\nfrom: debian\nvariant: "{}"\nmatrix: {{v: ["1.0"], d: [a, b]}}\n'


def test_a_version_in_the_name_of_an_image(tmp_path: Path) -> None:
    layer = MATRIX.format("v${{ v }}-${{ d }}") + 'steps: [conda: ["lib=${{ v }}"]]\n'
    root = write(tmp_path, m=layer)
    said = refused(root, "lib", "1.1")
    assert "`m:v1.0-a` would become `m:v1.1-a`" in said
    done = run(root, "lib", "1.1", rename=True)
    assert done.written
    assert 'v: ["1.1"]' in texts(root)["m.yaml"].decode()


def test_a_renamed_image_that_others_stand_on(tmp_path: Path) -> None:
    layer = MATRIX.format("v${{ v }}-${{ d }}") + 'steps: [conda: ["lib=${{ v }}"]]\n'
    root = write(tmp_path, m=layer, one=ONE.replace("debian", "m:v1.0-a"))
    assert "there is no image `m:v1.0-a`" in refused(root, "lib", "1.1", rename=True)


@pytest.mark.parametrize(
    ("name", "lies"), [("lib1.0-x", True), ("lib-1", True), ("x1.0", False), ("xlib1", False)]
)
def test_an_image_that_is_named_for_the_old_version(tmp_path: Path, name: str, lies: bool) -> None:
    root = write(
        tmp_path, one=f"{ONE}steps: [conda: [lib=1.0.0]]\n".replace("variant: x", f"variant: {name}")
    )
    said = refused(root, "lib", "2.0.0") if lies else ""
    assert ("is named for" in said) is lies
    assert run(root, "lib", "1.0.1" if name == "lib1.0-x" else "1.5.0").written or not lies


def test_a_value_shared_with_images_outside_of_the_selection(tmp_path: Path) -> None:
    layer = MATRIX.format("${{ d }}") + 'steps: [conda: ["lib=${{ v }}"]]\n'
    root = write(tmp_path, m=layer)
    done = run(root, "lib", "1.1", "m:a")
    assert [each.images for each in done.refusals] == [("m:b",)]
    assert "not selected" in done.refusals[0].what


def test_a_value_that_other_components_have_too(tmp_path: Path) -> None:
    root = write(
        tmp_path, m=MATRIX.format("${{ d }}") + 'steps: [conda: ["lib=${{ v }}", "more=${{ v }}"]]\n'
    )
    assert "`more 1.0` would become `lib 1.1`, `more 1.1`" in refused(root, "lib", "1.1").replace(
        "`lib 1.0`, ", ""
    )


@pytest.mark.parametrize(
    ("step", "safe"),
    [
        ('user: "u${{ v }}"', False),
        ('run: ["cd ${{ v }}"]\n  provides: []', False),
        ('pip: ["p==${{ v }}"]', False),
        ('env: {LIB: "${{ v }}"}', True),
        ('label: {lib: "${{ v }}"}', True),
    ],
)
def test_a_value_that_is_used_for_something_else(tmp_path: Path, step: str, safe: bool) -> None:
    layer = MATRIX.format("${{ d }}") + f'steps:\n- conda: ["lib=${{{{ v }}}}"]\n- {step}\n'
    root = write(tmp_path, m=layer)
    done = run(root, "lib", "1.1")
    assert done.written is safe
    assert all("m.yaml" in each.place.file for each in done.refusals)
    assert bool(done.refusals) is not safe


def test_a_condition_on_the_version(tmp_path: Path) -> None:
    steps = 'steps:\n- conda: ["lib=${{ v }}"]\n- run: [old]\n  provides: []\n  when: "${{ v == \'1.0\' }}"\n'
    root = write(tmp_path, m=MATRIX.format("${{ d }}") + steps)
    assert "would come or go" in refused(root, "lib", "1.1")


def test_a_text_of_which_another_row_makes_another_component(tmp_path: Path) -> None:
    steps = "steps: [pip: [\"${{ 'tf-gpu' if d == 'b' else 'tf' }}==1.13.2\"]]\n"
    root = write(tmp_path, m=MATRIX.format("${{ d }}") + steps)
    assert "`m:b` would change too: `tf-gpu 1.13.2` would become `tf-gpu 1.14`" in refused(root, "tf", "1.14")


def test_tags_and_capabilities_that_follow(tmp_path: Path) -> None:
    head = MATRIX.format("${{ d }}") + 'steps: [conda: ["lib=${{ v }}"]]\n'
    root = write(tmp_path, m=head + 'tags: ["${{ v }}-${{ d }}"]\n')
    assert "tags, folder or parents of `m:a` would change" in refused(root, "lib", "1.1")


def test_the_same_pin_twice_in_a_list(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        one=f"{ONE}steps: [conda: [lib=1.0], run: [a], provides: []]\n".replace(", run", "}, {run")
        .replace("[conda", "[{conda")
        .replace("[]]", "[]}]"),
    )
    twin = ONE.replace("name: one", "name: two") + "steps: [{conda: [lib=1.0, \"${{ 'lib=1.0' }}\"]}]\n"
    root = write(tmp_path, two=twin)
    done = run(root, "lib", "1.1")
    assert done.written
    assert texts(root)["two.yaml"].count(b"lib=1.1") == 2


def test_one_checksum_is_not_that_of_two_files(tmp_path: Path) -> None:
    step = "- download: {{url: 'https://e.org/{}-1.0', to: /x, sha256: {}}}\n"
    step += "  provides: [pkg:generic/tool@1.0]\n"
    root = write(tmp_path, one=f"{ONE}steps:\n{step.format('a', SUM)}{step.format('b', SUM)}")
    assert "cannot be that of" in refused(root, "tool", "1.1", sha256="b" * 64)


def test_a_checksum_without_a_place(tmp_path: Path) -> None:
    root = write(tmp_path, one=f"{ONE}steps: [conda: [lib=1.0]]\n")
    assert "no checksum to replace" in refused(root, "lib", "1.1", sha256=SUM)


@pytest.mark.parametrize(
    ("steps", "component", "new", "says"),
    [
        ("[conda: [lib=1.0], pip: [lib==1.0]]", "lib", "1.1", "`lib` is 2 components"),
        ("[conda: [lib=1.0]]", "lbi", "1.1", "no image holds a component `lbi`"),
        ("[conda: [lib=1.0]]", "lib@1.2", "1.3", "no pin of `lib` has the version `1.2`"),
        ("[conda: [lib=1.0]]", "pkg:pypi/lib", "1.3", "no image holds"),
        ("[conda: [lib=1.0]]", "pkg:lib", "1.3", "is no package URL"),
        ("[conda: [lib=1.0]]", "lib", "1.1 x", "`1.1 x` is no version"),
        ("[conda: [lib=1.0]]", "lib", "1.1: x", "is no version"),
        ("[conda: [lib=1.0]]", "lib", "1.1__2", "is no version of `pkg:conda/lib`"),
        ("[pip: [lib==1.0]]", "lib", "one", "is no version of `pkg:pypi/lib`"),
    ],
)
def test_what_names_no_pin(tmp_path: Path, steps: str, component: str, new: str, says: str) -> None:
    layer = steps.replace("[conda: [lib=1.0], pip: [lib==1.0]]", "[{conda: [lib=1.0]}, {pip: [lib==1.0]}]")
    root = write(tmp_path, one=f"{ONE}steps: {layer}\n")
    with pytest.raises(UsageError, match=says.replace("(", "\\(")):
        run(root, component, new)


@pytest.mark.parametrize(
    ("steps", "component", "new", "says"),
    [
        ("[apt: [curl]]", "curl", "1", "one.yaml: no version of `curl` is written here"),
        ("[apt: [{name: curl, at_least: '1'}]]", "curl", "2", "written here, only at least 1"),
        ("[cran: {snapshot: 2019-01-01, packages: [zoo]}]", "zoo", "1.8", "only snapshot 2019-01-01"),
    ],
)
def test_what_is_there_and_not_pinned(
    tmp_path: Path, steps: str, component: str, new: str, says: str
) -> None:
    root = write(tmp_path, one=f"{ONE}steps: {steps}\n")
    assert says in refused(root, component, new)
    assert run(root, component, new).refusals[0].images == ("one:x",)


@pytest.mark.parametrize(
    ("steps", "old", "new"),
    [
        ("[conda: [lib=1.10]]", "1.10", "1.9"),
        ("[apt: ['lib=1:1.0-1']]", "1:1.0-1", "2.0-1"),
        ("[pip: [lib==1.0]]", "1.0", "1.0rc1"),
        ("[github: {repo: a/lib, ref: v1.10}]", "v1.10", "v1.9"),
    ],
)
def test_an_older_version_must_be_meant(tmp_path: Path, steps: str, old: str, new: str) -> None:
    root = write(tmp_path, one=f"{ONE}steps: {steps}\n")
    assert f"`{new}` is older than `{old}`" in refused(root, "lib", new)
    assert run(root, "lib", new, downgrade=True).written


def test_versions_that_do_not_compare_are_none_older(tmp_path: Path) -> None:
    root = write(tmp_path, one=f"{ONE}steps: [{{run: [get 4.7.12], provides: [pkg:generic/lib@4.7.12]}}]\n")
    assert run(root, "lib", "py39_4.12.0").written
    assert run(root, "lib", "4.7.12").written


def test_an_older_version_need_not_fix_what_the_newer_does(tmp_path: Path) -> None:
    steps = "steps: [pip: [{name: lib, version: '2.0', fixes: [CVE-2024-1]}]]\n"
    root = write(tmp_path, one=ONE + steps)
    done = run(root, "lib", "1.9", downgrade=True)
    assert ["need not fix CVE-2024-1, as `2.0` does" in each.what for each in done.refusals] == [True]
    assert not done.written


def test_distributions_with_versions_of_their_own(tmp_path: Path) -> None:
    other = ONE.replace("name: one", "name: two").replace("debian", "ubuntu")
    root = write(tmp_path, one=f"{ONE}steps: [apt: [curl=1-1]]\n", two=f"{other}steps: [apt: [curl=2-1]]\n")
    with pytest.raises(UsageError, match="2 components") as caught:
        run(root, "curl", "3-1")
    assert caught.value.help == "name one of pkg:deb/debian/curl, pkg:deb/ubuntu/curl"
    assert run(root, "curl", "3-1", "two").direct == ("two:x",)
    assert run(root, "pkg:deb/debian/curl", "4-1").direct == ("one:x",)


def test_selected_images_that_only_inherit(tmp_path: Path) -> None:
    child = ONE.replace("name: one", "name: child").replace("debian", "one:x")
    root = write(tmp_path, one=f"{ONE}steps: [conda: [lib=1.0]]\n", child=child)
    with pytest.raises(UsageError, match="none of the selected images") as caught:
        run(root, "lib", "1.1", "child")
    assert caught.value.help == "select one:x"


def test_a_catalogue_that_is_wrong(tmp_path: Path) -> None:
    root = write(tmp_path, one=f"{ONE}stepz: []\n")
    with pytest.raises(ManifestError):
        run(root, "lib", "1.1")


BY_VERSION = """\
kind: base
name: m
from: debian
variant: "${{ py | minor }}"
matrix: {py: [3.8.1, 3.9.1]}
steps:
- conda: ["python=${{ py }}"]
"""
NEW_OR_OLD = "${{ 'new' if py == '3.9.1' else 'old' }}"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('- env: {A: "VALUE"}', "`new` would become `old`"),
        ('- label: {A: "VALUE"}', "`new` would become `old`"),
        ('- arg: {A: "VALUE"}', "`new` would become `old`"),
        ('- env: {URL: "https://u:SEKRET@e.org/VALUE?s=SIGN"}', "`https://e.org/new` would become"),
        ('args: {A: "VALUE"}', "`new` would become `old`"),
        ('cmd: ["VALUE"]', "`new` would become `old`"),
        ('entrypoint: "VALUE"', "`new` would become `old`"),
        ('healthcheck: {command: ["VALUE"]}', 'CMD ["old"]'),
        ('tests: [{name: t, command: x, output: "VALUE"}]', "`new` would become `old`"),
        ("tests: [{name: t, command: x, when: \"${{ py == '3.9.1' }}\"}]", "more of tests would change"),
        (
            "- user: a\n  when: \"${{ py == '3.9.1' }}\"\n- user: b\n  when: \"${{ py != '3.9.1' }}\"",
            "what `m:3.9` passes on would change",
        ),
        (
            "- pip: [{name: p, version: 1.0, fixes: [\"${{ 'CVE-2024-1' if py == '3.9.1' }}\"]}]",
            "the same value is used here for something else",
        ),
    ],
)
def test_a_condition_that_the_version_turns(tmp_path: Path, more: str, says: str) -> None:
    root = write(tmp_path, m=f"{BY_VERSION}{more}\n".replace("VALUE", NEW_OR_OLD))
    said = refused(root, "python@3.9.1", "3.9.2")
    assert says in said
    assert "SEKRET" not in said
    assert "SIGN" not in said


@pytest.mark.parametrize(
    "more",
    [
        'tests: [{name: t, command: python -V, output: "Python ${{ py }}"}]',
        'cmd: ["/opt/py${{ py | minor }}/bin/python${{ py | major }}"]',
        "args: {V: '${{ py }}', U: \"py_${{ py | replace('.', '_') }}\"}",
        '- env: {V: "${{ py }}", P: "/opt/python-${{ py }}/bin"}',
    ],
)
def test_what_repeats_the_version_and_no_more_follows(tmp_path: Path, more: str) -> None:
    root = write(tmp_path, m=f"{BY_VERSION}{more}\n")
    done = run(root, "python@3.9.1", "3.9.2")
    assert (done.refusals, done.written) == ((), True)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("run: [\"${{ 'make secure' if v == '3.9.1' else 'make plain' }}\"]", "`make secure` would become"),
        ("run: [\"${{ 'a' if v == '3.9.1' else 'b' }} ${{ v }}\"]", "`a 3.9.1` would become `b 3.9.2`"),
        ('run: ["get ${{ v }}"]', ""),
    ],
)
def test_a_step_of_the_recipe_that_turns(tmp_path: Path, step: str, says: str) -> None:
    recipe = 'kind: recipe\nname: r\nparams: {v: }\nsteps:\n- conda: ["python=${{ v }}"]\n'
    root = write(
        tmp_path,
        r=f"{recipe}- {step}\n  provides: []\n",
        one=f"{ONE}steps: [{{use: r, with: {{v: 3.9.1}}}}]\n",
    )
    done = run(root, "python", "3.9.2")
    assert done.written is not bool(says)
    assert [says in each.what for each in done.refusals] == ([True] if says else [])


def test_a_version_tells_which_component_is_meant(tmp_path: Path) -> None:
    root = write(tmp_path, one=f"{ONE}steps: [{{conda: [lib=1.1.1]}}, {{pip: [lib==2.0]}}]\n")
    assert run(root, "lib@1.1.1", "1.1.2").what == "pkg:conda/lib"
    assert run(root, "lib@2.0", "2.1").what == "pkg:pypi/lib"


def test_a_checksum_of_all_other_versions(tmp_path: Path) -> None:
    """An `else` is not said of the new version; who says the checksum confirms it."""
    either = f"${{{{ '{SUM}' if v == '1.0.1' else '{'b' * 64}' }}}}"
    step = 'source: {name: t, version: "${{ v }}", url: "https://e.org/t-${{ v }}.tgz", sha256: "SUM"}'
    layer = MATRIX.format("${{ d }}").replace('v: ["1.0"]', "v: [1.0.1]")
    root = write(tmp_path, m=f"{layer}steps: [{{{step.replace('SUM', either)}}}]\n")
    assert "which is not said to be that of version 1.0.2" in refused(root, "t", "1.0.2")
    assert "not the one said" in refused(root, "t", "1.0.2", sha256="c" * 64)
    assert run(root, "t", "1.0.2", sha256="b" * 64).written
