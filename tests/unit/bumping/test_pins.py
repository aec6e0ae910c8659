"""Where a version is written, for every way to write it: what is edited, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.bumping.small import COMMIT, ONE, OTHER, SUM, run, texts, write


@pytest.mark.parametrize(
    ("steps", "component", "old", "new"),
    [
        ("- apt: [curl=7.88.1-10, wget]", "curl", "7.88.1-10", "7.88.1-11"),
        ("- apt: {packages: curl=7.88.1-10}", "curl", "7.88.1-10", "1:8.0-1"),
        ("- apt: [{name: curl, version: 7.88.1-10}]", "curl", "7.88.1-10", "8.0-1"),
        ("- apt: [curl:amd64=7.88.1-10]", "pkg:deb/debian/curl", "7.88.1-10", "8.0-1"),
        ("- conda: [openssl=1.1.1c, zlib=1.1.1c]", "openssl", "1.1.1c", "1.1.1d"),
        ("- conda: [openssl==1.1.1c]", "pkg:conda/openssl", "1.1.1c", "3.0.1"),
        ("- conda: {packages: [r::openssl=1.1.1c], channels: [r]}", "openssl", "1.1.1c", "3.0"),
        ("- conda: [NumPy=1.0]", "numpy", "1.0", "1.1"),
        ("- pip: [rpy2==3.0.5]", "rpy2", "3.0.5", "3.1"),
        ("- pip: ['uvicorn[standard]==0.30.1']", "uvicorn", "0.30.1", "0.31.0"),
        ("- pip: [\"foo_bar==1.0; python_version < '3.8'\"]", "foo-bar", "1.0", "1.1"),
        ("- pip: [{name: foo, version: '1.0'}]", "foo", "1.0", "1.1"),
        ("- cran: [forecast==8.9]", "forecast", "8.9", "8.10"),
        ("- bioconductor: {release: '3.9', packages: [limma==3.40.6]}", "limma", "3.40.6", "3.40.7"),
        ("- github: {repo: Azure/sdk, ref: v0.5.7}", "sdk", "v0.5.7", "v0.5.8"),
        ("- github: [{repo: A/bb, ref: 1.0}, {repo: A/cc, ref: 1.0}]", "pkg:github/a/cc", "1.0", "1.1"),
        ("- run: [get tool 1.0]\n  provides: [pkg:generic/tool@1.0]", "tool", "1.0", "1.1"),
        (
            "- run: |\n    get tool 1.0 \\\n    and use it\n  provides: pkg:generic/tool@1.0",
            "tool",
            "1.0",
            "1.1",
        ),
        ("- group:\n  - conda: [openssl=1.0]\n  - pip: [x==1.0]", "openssl", "1.0", "1.1"),
        ("- conda: [\"openssl=${{ '1.0' }}\"]", "openssl", "1.0", "1.1"),
        ("- conda: [\"${{ 'a=1.0 b=2.0' | split(' ') }}\"]", "b", "2.0", "2.1"),
        ("- conda: [\"${{ ['a=1.0', 'b=1.0'] if variant == 'x' }}\"]", "b", "1.0", "2.1"),
        ("- conda: [\"${{ 'a' if variant == 'y' else 'b' }}=1.0\"]", "b", "1.0", "2.1"),
        ("- conda: >-\n    b=1.0", "b", "1.0", "2.1"),
        ("- conda: {packages: b=3.9}", "b", "3.9", "3.10"),
        ("- pip: [{name: b, version: 3.9}]", "b", "3.9", "3.10"),
        ("- pip: [ 'a==1.0' , \"b==1.0\",c==1.0 ]", "b", "1.0", "1!2.0"),
        ("- pip:\n  - b==1.0\t", "b", "1.0", "1.1+local.1"),
        ("- run: ['echo \u00fc 1.0 \u4e2d']\n  provides: [pkg:generic/b@1.0]", "b", "1.0", "1.1"),
    ],
)
def test_a_pin_is_edited_and_back(tmp_path: Path, steps: str, component: str, old: str, new: str) -> None:
    root = write(tmp_path, one=f"{ONE}# a comment: {old}\nsteps:\n{steps}   # {old} too\n")
    if steps.startswith("- conda: >-"):
        write(tmp_path, one=f"{ONE}steps:\n{steps}\n")
    before = texts(root)
    done = run(root, component, new)
    assert done.refusals == ()
    assert done.written
    assert done.direct == ("one:x",)
    after = texts(root)
    assert {name for name in before if before[name] != after[name]} == {"one.yaml"}
    changed = [
        (a, b)
        for a, b in zip(before["one.yaml"].split(b"\n"), after["one.yaml"].split(b"\n"), strict=True)
        if a != b
    ]
    assert changed
    for a, b in changed:
        assert any(_replaced(a, old, new, start) == b for start in range(len(a)))
    assert run(root, component, old, downgrade=True).written
    assert texts(root) == before


def _replaced(line: bytes, old: str, new: str, start: int) -> bytes:
    """A line with one piece replaced, or nothing if it is not there."""
    piece = old.encode()
    return line[:start] + new.encode() + line[start + len(piece) :] if line[start:].startswith(piece) else b""


@pytest.mark.parametrize("breaks", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_breaks_and_marks_stay(tmp_path: Path, breaks: str, mark: str) -> None:
    text = f"{mark}# \u4e2d 1.0\t\n{ONE}steps:   # &a *b\n-   conda: [ b=1.0, 'a=1.0' ]\t# 1.0\n\n\n# end"
    root = write(tmp_path, one=text.replace("\n", breaks))
    assert run(root, "b", "1.10").written
    assert texts(root)["one.yaml"].decode() == text.replace("b=1.0", "b=1.10").replace("\n", breaks)


def test_a_fix_stays_with_a_later_version_and_is_named(tmp_path: Path) -> None:
    steps = "steps: [apt: [{name: curl, version: 7.88.1-10, fixes: [CVE-2024-1, USN-1-1]}]]\n"
    root = write(tmp_path, one=ONE + steps)
    done = run(root, "curl", "7.88.1-11")
    assert done.written
    assert texts(root)["one.yaml"].decode() == ONE + steps.replace("-10", "-11")
    assert [(each.why, each.images) for each in done.left] == [
        (
            "CVE-2024-1, USN-1-1 stays: what 7.88.1-10 fixes, 7.88.1-11 does; add what else it fixes",
            ("one:x",),
        )
    ]


@pytest.mark.parametrize("name", ["sdk", "A/sdk", "azuremlsdk", "pkg:github/a/sdk"])
def test_a_package_of_github_by_any_of_its_names(tmp_path: Path, name: str) -> None:
    root = write(tmp_path, one=f"{ONE}steps: [github: {{repo: A/sdk, ref: v0.5, name: azuremlsdk}}]\n")
    assert run(root, name, "v0.6").written
    assert b"ref: v0.6" in texts(root)["one.yaml"]


@pytest.mark.parametrize("name", ["openssl", "pkg:deb/openssl"])
def test_a_component_by_what_advisories_call_it(tmp_path: Path, name: str) -> None:
    facts = "kind: components\ncomponents:\n- purl: pkg:deb/libssl1.1\n  license: OpenSSL\n  known_as: ["
    root = write(
        tmp_path,
        one=f"{ONE}steps: [apt: [libssl1.1=1.1.1n-0]]\n",
        components=f"{facts}pkg:deb/openssl]\n",
    )
    done = run(root, name, "1.1.1w-0")
    assert (done.what, done.written) == ("pkg:deb/debian/libssl1.1", True)


def test_a_step_that_names_the_version_more_than_once_follows_everywhere(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        one=ONE
        + "steps:\n"
        + "- url: {name: rjson, version: 0.2.20, url: 'https://e.org/0.2.20/r_0.2.20.tgz',\n"
        + f"    sha256: {SUM}}}\n"
        + "- download: {url: 'https://e.org/v1.2/t-1.2.zip', extract: /opt/t-1.2,\n"
        + "    run: [mv t-1.2 t, use 11.2 1.2.3]}\n"
        + "  provides: [pkg:generic/t@1.2]\n"
        + f"- source: {{name: s, version: 1.0, git: 'https://e.org/s', ref: v1.0, commit: {COMMIT}}}\n"
        + "- github: {repo: A/bb, ref: v0.7, version: 0.7}\n",
    )
    assert run(root, "rjson", "0.2.21", sha256=OTHER).written
    assert run(root, "t", "1.3").written
    assert run(root, "s", "1.1", commit="d" * 40).written
    assert run(root, "bb", "v0.8").written
    assert texts(root)["one.yaml"].decode() == (
        ONE
        + "steps:\n"
        + "- url: {name: rjson, version: 0.2.21, url: 'https://e.org/0.2.21/r_0.2.21.tgz',\n"
        + f"    sha256: {OTHER}}}\n"
        + "- download: {url: 'https://e.org/v1.3/t-1.3.zip', extract: /opt/t-1.3,\n"
        + "    run: [mv t-1.3 t, use 11.2 1.2.3]}\n"
        + "  provides: [pkg:generic/t@1.3]\n"
        + f"- source: {{name: s, version: 1.1, git: 'https://e.org/s', ref: v1.1, commit: {'d' * 40}}}\n"
        + "- github: {repo: A/bb, ref: v0.8, version: 0.8}\n"
    )


RECIPE = """\
kind: recipe
name: tool
params: {version: , extra: {default: "9.0"}}
steps:
- env: {TOOL_VERSION: "${{ version }}"}
- source:
    name: tool
    version: "${{ version }}"
    url: https://e.org/v${{ version | minor }}/tool-${{ version }}.tgz
    sha256: "${{ 'SUM' if version == '1.0.1' else 'OTHER' if version == '1.0.2' }}"
- conda: ["extra=${{ extra }}"]
""".replace("SUM", SUM).replace("OTHER", OTHER)
OUTER = 'kind: recipe\nname: outer\nparams: {tool: }\nsteps: [{use: tool, with: {version: "${{ tool }}"}}]\n'


@pytest.mark.parametrize(
    ("layer", "line"),
    [
        ("steps: [{use: tool, with: {version: 1.0.1}}]", 5),
        ("steps: [{use: outer, with: {tool: 1.0.1}}]", 5),
        ('matrix: {v: [1.0.1]}\nsteps: [{use: outer, with: {tool: "${{ v }}"}}]', 5),
        (
            "matrix: {include: [{v: tool1.0.1}]}\n"
            "steps: [{use: tool, with: {version: \"${{ v | replace('tool', '') }}\"}}]",
            5,
        ),
        (
            "matrix: {a: [b]}\n"
            "steps: [{use: \"${{ 'tool' if a == 'b' }}\", with: {version: \"${{ v | default('1.0.1') }}\"}}]",
            6,
        ),
    ],
)
def test_a_value_is_traced_to_where_it_is_written(tmp_path: Path, layer: str, line: int) -> None:
    if "default(" in layer:
        layer = layer.replace("{a: [b]}", "{a: [b], include: [{a: c, v: 1.0.2}], exclude: []}")
        head = ONE.replace("variant: x", 'variant: "${{ a }}"')
        layer = layer.replace("if a == 'b' }}", "}}")
    else:
        head = ONE
    root = write(tmp_path, one=f"{head}{layer}\n", tool=RECIPE, outer=OUTER)
    before = texts(root)
    done = run(root, "tool@1.0.1", "1.0.2")
    assert done.refusals == ()
    assert [(each.file, each.line, each.old, each.new) for each in done.changes] == [
        ("manifests/one.yaml", line, "1.0.1", "1.0.2")
    ]
    assert len([name for name in before if texts(root)[name] != before[name]]) == 1


def test_a_default_is_edited_where_no_use_says_otherwise(tmp_path: Path) -> None:
    layer = f"{ONE}steps: [{{use: tool, with: {{version: 1.0.1}}}}]\n"
    other = layer.replace("name: one", "name: two").replace("1.0.1}", "1.0.1, extra: '8.0'}")
    root = write(tmp_path, one=layer, two=other, tool=RECIPE)
    done = run(root, "extra@9.0", "9.1")
    assert [(each.file, each.line, each.old) for each in done.changes] == [("manifests/tool.yaml", 3, "9.0")]
    assert done.direct == ("one:x",)


def test_an_axis_an_include_and_an_exclude_say_the_same(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        one="kind: base\nname: one\nfrom: debian\n"
        'variant: "${{ d }}-${{ e }}"\n'
        "matrix:\n"
        '  v: ["1.0", "2.0"]\n'
        "  d: [a, b]\n"
        "  include: [{v: '1.0', e: one}, {v: '2.0', e: two}, {v: '1.0', d: c, e: three}]\n"
        "  exclude: [{v: '1.0', d: b}]\n"
        'steps: [conda: ["lib=${{ v }}"]]\n',
    )
    before = texts(root)
    done = run(root, "lib@1.0", "1.5", "one:a-one")
    assert done.refusals == ()
    assert [(each.line, each.column) for each in done.changes] == [(6, 8), (8, 18), (9, 18)]
    assert done.direct == ("one:a-one",)
    assert run(root, "lib@1.5", "1.0", downgrade=True).written
    assert texts(root) == before


def test_the_new_version_is_known_by_an_expression_already(tmp_path: Path) -> None:
    root = write(tmp_path, one=f"{ONE}steps: [{{use: tool, with: {{version: 1.0.1}}}}]\n", tool=RECIPE)
    done = run(root, "tool", "1.0.2")
    assert done.refusals == ()
    assert [each.file for each in done.changes] == ["manifests/one.yaml"]


def test_a_checksum_in_a_condition_is_replaced_with_its_version(tmp_path: Path) -> None:
    root = write(tmp_path, one=f"{ONE}steps: [{{use: tool, with: {{version: 1.0.1}}}}]\n", tool=RECIPE)
    assert "checksum" in run(root, "tool", "1.0.3").refusals[0].what
    done = run(root, "tool", "1.0.3", sha256="sha256:" + "E" * 64)
    assert done.refusals == ()
    assert (
        f"'{'e' * 64}' if version == '1.0.3' else '{OTHER}' if version == '1.0.2'"
        in texts(root)["tool.yaml"].decode()
    )


def test_everything_above_is_named(tmp_path: Path) -> None:
    child = ONE.replace("name: one", "name: child").replace("from: debian", "from: one:x")
    grand = ONE.replace("name: one", "name: grand").replace("from: debian", "from: child:x")
    root = write(tmp_path, one=f"{ONE}steps: [conda: [a=1]]\n", child=child, grand=grand)
    done = run(root, "a", "2", dry_run=True)
    assert (done.direct, done.above, done.written) == (("one:x",), ("child:x", "grand:x"), False)
    assert b"a=1" in texts(root)["one.yaml"]


@pytest.mark.parametrize(
    ("step", "component", "new", "after"),
    [
        (
            "source: {name: b, version: 1.70.0, url: 'https://e.org/1.70.0/b_1_70_0.tgz',\n"
            "    directory: b_1_70_0, run: [use b-1-70-0]}",
            "b",
            "1.71.0",
            {"1.70.0": "1.71.0", "1_70_0": "1_71_0", "1-70-0": "1-71-0"},
        ),
        (
            "source: {name: rr, version: 4.5.1, git: 'https://github.com/o/rr', ref: release-4.5.1,\n"
            "    run: echo 4.5.1}",
            "rr",
            "release-4.5.2",
            {"4.5.1": "4.5.2"},
        ),
        (
            "source: {name: rr, version: 4, git: 'https://github.com/o/rr', ref: v4}",
            "rr",
            "v5",
            {"4": "5"},
        ),
        (
            "source: {name: rr, version: 4.5.1, git: 'https://github.com/o/rr', ref: 4_5_1, run: echo 4.5.1}",
            "rr",
            "4_5_2",
            {"4.5.1": "4.5.2", "4_5_1": "4_5_2"},
        ),
        (
            "github: {repo: A/bb, ref: release_0_7, version: 0.7}",
            "bb",
            "release_0_8",
            {"0.7": "0.8", "0_7": "0_8"},
        ),
    ],
)
def test_every_way_to_write_the_version_follows(
    tmp_path: Path, step: str, component: str, new: str, after: dict[str, str]
) -> None:
    root = write(tmp_path, one=f"{ONE}steps:\n- {step}\n")
    done = run(root, component, new)
    assert (done.refusals, done.written) == ((), True)
    for old, come in after.items():
        step = step.replace(old, come)
    assert texts(root)["one.yaml"].decode() == f"{ONE}steps:\n- {step}\n"


def test_pins_that_no_image_has_are_named(tmp_path: Path) -> None:
    recipe = 'kind: recipe\nname: nobodys\nparams: {v: , w: {default: "2.0"}}\nsteps:\n'
    root = write(
        tmp_path,
        one=ONE
        + "steps:\n"
        + "- pip: [foo==1.0, {name: foo, version: '1.0', when: false}, bar==1.0]\n"
        + "- pip: [foo==1.0]\n  when: \"${{ variant == 'y' }}\"\n"
        + "- pip: [bar==1.1]\n  when: false\n",
        recipe=f'{recipe}- pip: [foo==1.0]\n- pip: ["foo==${{{{ v }}}}"]\n- conda: ["foo=${{{{ w }}}}"]\n',
    )
    done = run(root, "foo", "1.1", dry_run=True)
    assert [(each.line, each.column) for each in done.changes] == [(6, 14)]
    assert [(each.place.file, each.place.path) for each in done.left] == [
        ("manifests/one.yaml", ("steps", 0, "pip", 1, "version")),
        ("manifests/one.yaml", ("steps", 1, "pip", 0)),
        ("manifests/recipe.yaml", ("steps", 0, "pip", 0)),
        ("manifests/recipe.yaml", ("steps", 1)),
    ]
    assert {each.why for each in done.left} == {
        "no image has this pin: nobody uses it, or a condition leaves it out"
    }
    assert run(root, "foo", "1.1", "one").left == done.left[1:]


def test_texts_that_name_the_old_version_are_named(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        one=ONE
        + "steps:\n"
        + "- group:\n"
        + "  - download: {url: 'https://e.org/tool-2.5.0.tgz', extract: /opt/tool-2.5.0}\n"
        + "    provides: [pkg:generic/tool@2.5.0]\n"
        + "  - run: [ln -s /opt/tool-2.5.0 /opt/tool, echo 2.5.0]\n"
        + "    provides: []\n"
        + "- env: {PATH: /opt/tool-2.5/bin, TOOL_VERSION: 2.5.0, OTHER: 2.5.0, TOOL: '2'}\n"
        + "- pip: [tool-x==2.5.0]\n",
        other=ONE.replace("one", "other") + "steps: [{env: {TOOL_VERSION: 2.5.0}}]\n",
    )
    done = run(root, "tool", "2.6.0", dry_run=True)
    assert done.refusals == ()
    assert [(each.place.file, *each.place.path[-2:], each.why.split("`")[1]) for each in done.left] == [
        ("manifests/one.yaml", "run", 0, "2.5.0"),
        ("manifests/one.yaml", "env", "PATH", "2.5"),
        ("manifests/one.yaml", "env", "TOOL_VERSION", "2.5.0"),
    ]
    assert {each.images for each in done.left} == {("one:x",)}
