"""Eleven failures of catalogues kept by hand, each as it happened: it cannot be written, or it is found.

They are those of the public history of the images that rgraph is for. docs/audit.md has them in a table,
with the names of these tests.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rgraph import app, releasing
from tests.audit.small import CATALOG, EXTERNALS, catalogue, findings, generated, layer, refused
from tests.errors.running import run
from tests.unit.render.instructions import parsed

# 1. Pasting the cpu image over the gpu one gave a GPU image built FROM the CPU base, without CUDA.

R_BASE = """\
kind: r
name: r-base
matrix: {device: [cpu, gpu]}
from: base:cpu
variant: "${{ device }}"
"""
BASES = """\
kind: base
name: base
matrix: {include: [{device: cpu, below: ubuntu}, {device: gpu, below: cuda}]}
from: "${{ below }}"
variant: "${{ device }}"
"""


def test_1_a_claim_of_a_gpu_on_a_cpu_base_is_an_error(tmp_path: Path) -> None:
    claims = R_BASE + "capabilities: {gpu: \"${{ device == 'gpu' }}\"}\n"
    assert refused(catalogue(tmp_path, base=BASES, r=claims)) == (
        "manifests/r.yaml:6:21: error: `r-base:gpu` claims `gpu: true`, but `base:cpu` has no `gpu`\n"
        "  6 | capabilities: {gpu: \"${{ device == 'gpu' }}\"}\n"
        "    |                     ^\n"
        "  help: stand on another image, or mend the claim\n"
        "1 problem in 1 file\n"
    )


def test_1_without_a_claim_the_audit_finds_it(tmp_path: Path) -> None:
    (found,) = findings(catalogue(tmp_path, base=BASES, r=R_BASE), "RG301")
    assert found.startswith("manifests/r.yaml: `r-base:gpu` says that it is for GPUs, but `base:cpu` is not")


def test_1_the_right_base_is_neither(tmp_path: Path) -> None:
    right = R_BASE.replace("base:cpu", '"base:${{ device }}"')
    claims = right + "capabilities: {gpu: \"${{ device == 'gpu' }}\"}\n"
    assert findings(catalogue(tmp_path, base=BASES, r=claims), "RG301") == []


# 2. The image that is named openmpi4.1.0-cuda11.8 installed Open MPI 3.1.2, for 168 days and 9 tags.

OPENMPI = """\
kind: recipe
name: openmpi
params: {version: }
steps:
  - source:
      name: openmpi
      version: "${{ version }}"
      url: "https://download.open-mpi.org/openmpi-${{ version }}.tar.gz"
      sha256: "0000000000000000000000000000000000000000000000000000000000000000"
"""


def test_2_a_name_that_says_another_version_is_found(tmp_path: Path) -> None:
    use = "- use: openmpi\n  with: {version: 3.1.2}"
    wrong = layer(use, below="cuda", variant="openmpi4.1.0-cuda11.8")
    (found,) = findings(catalogue(tmp_path, openmpi=OPENMPI, base=wrong), "RG302")
    assert found.startswith("manifests/base.yaml: ")
    assert "openmpi4.1.0" in found
    assert "3.1.2" in found


def test_2_a_name_that_is_derived_says_what_is_installed(tmp_path: Path) -> None:
    derived = (
        "kind: base\nname: base\nmatrix: {mpi: [3.1.2, 4.1.0]}\nfrom: cuda\n"
        'variant: "openmpi${{ mpi }}-cuda11.8"\n'
        'steps:\n  - use: openmpi\n    with: {version: "${{ mpi }}"}\n'
    )
    root = catalogue(tmp_path, openmpi=OPENMPI, base=derived)
    assert findings(root, "RG302") == []
    files = generated(root)
    for version, other in (("3.1.2", "4.1.0"), ("4.1.0", "3.1.2")):
        text = files[f"base/openmpi{version}-cuda11.8/Dockerfile"]
        assert f"openmpi-{version}.tar.gz" in text
        assert other not in text


# 3. A paste of non-breaking spaces made nine Dockerfiles unparsable, six of them for 679 days.


def test_3_a_non_breaking_space_is_an_error(tmp_path: Path) -> None:
    pasted = layer("- run: [apt-get update &&\u00a0apt-get -y upgrade]\n  provides: []")
    message = refused(catalogue(tmp_path, base=pasted))
    assert message.startswith(
        "manifests/base.yaml:6:28: error: the value holds U+00A0 (NO-BREAK SPACE), which cannot be seen\n"
    )
    assert "  help: write a plain space\n" in message


# 4. A missing backslash broke two files for 1,406 days.


def test_4_lines_are_continued_by_rgraph(tmp_path: Path) -> None:
    steps = "- apt: [git=1, wget=2, fuse=3]\n- conda: [wheel=0.38.1, setuptools=65.5.1]\n- user: root"
    text = generated(catalogue(tmp_path, base=layer(steps)))["base/one/Dockerfile.combined"]
    assert len(text.splitlines()) > 9
    assert parsed(text) == ["FROM", "RUN", "RUN", "USER"]


def test_4_a_missing_backslash_in_a_verbatim_command_is_an_error(tmp_path: Path) -> None:
    steps = "- run: |\n    apt-get update &&\n    apt-get install -y wget\n  provides: []"
    assert refused(catalogue(tmp_path, base=layer(steps))) == (
        "manifests/base.yaml:6:10: error: the text goes on after the instruction's end, at "
        "`apt-get install -y wget`\n"
        "  6 |   - run: |\n"
        "    |          ^\n"
        "  help: end each line but the last with `\\`, use a here-document, or write a list of commands\n"
        "1 problem in 1 file\n"
    )


# 5. `openssl - 1.1.1` in a list of apt packages: apt takes `1.1.1` for a pattern and installs 415 packages.


def test_5_a_version_that_apt_would_take_for_a_pattern_is_an_error(tmp_path: Path) -> None:
    assert refused(catalogue(tmp_path, base=layer("- apt: [openssl - 1.1.1]"))) == (
        "manifests/base.yaml:6:11: error: `openssl - 1.1.1` is no package: apt would read `1.1.1` as a "
        "package or pattern of its own\n"
        "  6 |   - apt: [openssl - 1.1.1]\n"
        "    |           ^\n"
        "  help: a version is written `openssl=1.1.1`\n"
        "1 problem in 1 file\n"
    )


def test_5_as_words_of_their_own_it_is_one_too(tmp_path: Path) -> None:
    message = refused(catalogue(tmp_path, base=layer('- apt: [openssl, "-", 1.1.1]')))
    assert "manifests/base.yaml:6:20: error: `-` is no apt package\n" in message


# 6. Four versions of cryptography in a row took 38 commits by hand, in up to ten files each.

SHARED = """\
kind: recipe
name: python
steps:
  - conda: {channels: [conda-forge], packages: [cryptography=39.0.1]}
"""


def test_6_one_line_changes_all_images(tmp_path: Path) -> None:
    use = "- use: python"
    root = catalogue(
        tmp_path,
        python=SHARED,
        base=BASES + f"steps:\n  {use}\n",
        spark=layer(use, "spark", "bionic"),
        other=layer("- user: root", "other"),
    )
    before = generated(root)
    releasing.cut_release(root, "20261121", None, "")
    changed = SHARED.replace("39.0.1", "41.0.3")
    assert sum(a != b for a, b in zip(SHARED.splitlines(), changed.splitlines(), strict=True)) == 1
    (root / "manifests/python.yaml").write_text(changed)
    after = generated(root)
    three = {f"{folder}/Dockerfile" for folder in ("base/cpu", "base/gpu", "spark/one")}
    assert {
        path for path, text in before.items() if path.endswith("/Dockerfile") and "39.0.1" in text
    } == three
    assert {
        path for path, text in after.items() if path.endswith("/Dockerfile") and "41.0.3" in text
    } == three
    told = {path for path in after if path.startswith("releases/")}  # a release says for ever what it held
    assert [path for path, text in after.items() if "39.0.1" in text and path not in told] == []
    plan = app.plan(root, [], [], "", "20261122", None, "")
    assert {each.image.id: each.state for each in plan.images} == {
        "base:cpu": "build",
        "base:gpu": "build",
        "spark:one": "build",
        "other:one": "reuse",
    }


# 7. A security fix reached two siblings 431 days after the other two.


def test_7_siblings_that_differ_in_a_pin_are_found(tmp_path: Path) -> None:
    old = layer("- conda: [cryptography=39.0.1]", "one")
    new = layer("- conda: [cryptography=41.0.3]", "two")
    (found,) = findings(catalogue(tmp_path, one=old, two=new), "RG307")
    assert "cryptography" in found
    assert "39.0.1" in found
    assert "41.0.3" in found
    assert findings(catalogue(tmp_path, one=new.replace("two", "one"), two=new), "RG307") == []


# 8. The key of one distribution's apt repository was pasted into images of another distribution.


def test_8_a_repository_of_another_distribution_is_found(tmp_path: Path) -> None:
    steps = (
        "- apt:\n"
        "    repositories:\n"
        "      - name: mssql-release\n"
        "        key: {url: https://packages.microsoft.com/keys/microsoft.asc}\n"
        "        uri: https://packages.microsoft.com/ubuntu/18.04/prod\n"
        "        suite: bionic\n"
        "    packages: [msodbcsql17=17.10.1.1-1]"
    )
    assert findings(catalogue(tmp_path, base=layer(steps, below="bionic")), "RG303") == []
    assert findings(catalogue(tmp_path, base=layer(steps, below="ubuntu")), "RG303") == [
        "manifests/base.yaml: `ubuntu/18.04` is Ubuntu 18.04's, and the image is Ubuntu 20.04"
    ]


def test_8_so_is_a_key_in_commands(tmp_path: Path) -> None:
    key = "developer.download.nvidia.com/compute/cuda/repos/ubuntu1804/x86_64/3bf863cc.pub"
    steps = f"- run: ['apt-key adv --fetch-keys https://{key}']\n  provides: []"
    (found,) = findings(catalogue(tmp_path, base=layer(steps, below="cuda")), "RG303")
    assert found == "manifests/base.yaml: `ubuntu1804` is Ubuntu 18.04's, and the image is Ubuntu 20.04"


# 9. Release notes and READMEs claimed versions that no Dockerfile had.


def test_9_what_a_readme_claims_is_what_the_dockerfile_has(tmp_path: Path) -> None:
    root = catalogue(tmp_path, base=layer("- conda: [cryptography=39.0.1]"))
    for version in ("39.0.1", "41.0.3"):
        (root / "manifests/base.yaml").write_text(layer(f"- conda: [cryptography={version}]"))
        files = generated(root)
        named = {path: set(re.findall(r"(?:39|41)\.0\.\d", text)) for path, text in files.items()}
        says = {path for path, versions in named.items() if versions}
        assert {"base/one/Dockerfile", "base/one/README.md", "base/one/ThirdPartyNotices.txt"} <= says
        assert all(named[path] == {version} for path in says)


def test_9_a_tag_in_a_readme_is_one_that_the_ledger_has(tmp_path: Path) -> None:
    root = catalogue(tmp_path, base=layer("- conda: [cryptography=39.0.1]"))
    assert "20261121" not in generated(root)["base/one/README.md"]
    releasing.cut_release(root, "20261121", None, "")
    assert "one-20261121.v1" in generated(root)["base/one/README.md"]
    (root / "manifests/base.yaml").write_text(layer("- conda: [cryptography=41.0.3]"))
    readme = generated(root)["base/one/README.md"]
    assert "one-20261121.v1" not in readme
    assert "41.0.3" in readme


# 10. The public copy was made by hand and rotted; a private line was published.

PRIVATE = layer("- env: {LANG: C.UTF-8}") + (
    "private:\n"
    "  - copy: {files: [ThirdPartyNotices.txt, LICENSE.txt], to: /}\n"
    "  - env: {PIP_INDEX_URL: https://packages.internal.example.com/}\n"
)


def test_10_private_lines_stand_in_the_private_part_alone(tmp_path: Path) -> None:
    files = generated(catalogue(tmp_path, base=PRIVATE))
    public, private = files["base/one/Dockerfile"], files["base/one/Dockerfile.private"]
    assert files["base/one/Dockerfile.combined"] == public + private
    for text in ("COPY ThirdPartyNotices.txt", "packages.internal.example.com"):
        assert text in private
        assert text not in public
        assert text not in files["base/one/README.md"]


def test_10_a_public_part_that_was_edited_by_hand_is_seen(tmp_path: Path) -> None:
    root = catalogue(tmp_path, base=PRIVATE)
    generated(root)
    public = root / "generated/base/one/Dockerfile"
    public.write_text(public.read_text() + "COPY ThirdPartyNotices.txt LICENSE.txt VERSION /\n")
    result = run(root, "generate", "--check")
    assert result.code == 1
    assert "generated/base/one/Dockerfile" in result.out


def test_10_private_content_in_the_public_part_is_found(tmp_path: Path) -> None:
    steps = (
        "- copy: {files: [ThirdPartyNotices.txt, LICENSE.txt], to: /}\n"
        "- env: {PIP_INDEX_URL: https://packages.internal.example.com/}"
    )
    policy = CATALOG + "policy: {private: [internal.example.com]}\n"
    copied, address = findings(catalogue(tmp_path, catalog=policy, base=layer(steps)), "RG206")
    assert copied.startswith("manifests/base.yaml: ")
    assert "`ThirdPartyNotices.txt`" in copied
    assert address.startswith("manifests/base.yaml: ")
    assert "`internal.example.com`" in address
    assert findings(catalogue(tmp_path, catalog=policy, base=PRIVATE), "RG206") == []


# 11. What stood in the snippets of the documents that people copied from.


def test_11_a_reference_with_backslashes_is_an_error(tmp_path: Path) -> None:
    written = EXTERNALS + '  windows: {reference: "mcr.microsoft.com\\\\azureml\\\\r-base:cpu"}\n'
    assert refused(catalogue(tmp_path, externals=written, base=BASES)) == (
        "manifests/externals.yaml:9:24: error: `mcr.microsoft.com\\azureml\\r-base:cpu` is no reference "
        "of an image\n"
        '  9 |   windows: {reference: "mcr.microsoft.com\\\\azureml\\\\r-base:cpu"}\n'
        "    |                        ^\n"
        "  help: use `/` and not `\\`\n"
        "1 problem in 1 file\n"
    )


def test_11_conda_without_a_version_is_an_error_and_never_asks(tmp_path: Path) -> None:
    message = refused(catalogue(tmp_path / "floating", base=layer("- conda: [r-base]")))
    assert "manifests/base.yaml:6:13: error: `r-base` is not pinned\n" in message
    files = generated(catalogue(tmp_path / "pinned", base=layer("- conda: [r-base=3.6.0]")))
    assert "conda install -y" in files["base/one/Dockerfile"]


def test_11_r_packages_are_quoted_and_verified(tmp_path: Path) -> None:
    steps = "- cran: {snapshot: 2019-10-01, packages: [jsonlite, httr]}"
    text = generated(catalogue(tmp_path, base=layer(steps)))["base/one/Dockerfile"]
    joined = re.sub(r"\\\n\s*", "", text)
    assert 'install.packages(c("jsonlite", "httr"), ' in joined
    assert "packagemanager.posit.co/cran/2019-10-01" in joined
    assert "requireNamespace(p, quietly = TRUE)" in joined
    assert 'stop("not installed as wanted: "' in joined


def test_11_a_misspelt_key_is_an_error(tmp_path: Path) -> None:
    steps = "- cran: {snapshot: 2019-10-01, packages: [jsonlite], dependecies: true}"
    message = refused(catalogue(tmp_path, base=layer(steps)))
    assert "manifests/base.yaml:6:56: error: unknown key `dependecies`\n" in message


def test_11_cran_without_a_snapshot_and_a_version_is_an_error(tmp_path: Path) -> None:
    message = refused(catalogue(tmp_path, base=layer("- cran: [jsonlite, httr]")))
    assert "error: `jsonlite` is not pinned\n" in message
    assert "error: `httr` is not pinned\n" in message


def test_11_apt_is_never_asked(tmp_path: Path) -> None:
    text = generated(catalogue(tmp_path, base=layer("- apt: [git=1]")))["base/one/Dockerfile"]
    assert "apt-get install -y" in text
    assert "yes" not in text


def test_11_an_external_without_a_tag_is_found(tmp_path: Path) -> None:
    written = EXTERNALS + "  r-ver: {reference: rocker/r-ver}\n"
    (found,) = findings(
        catalogue(tmp_path, externals=written, base=layer("- user: root", below="r-ver")), "RG102"
    )
    assert found.startswith("manifests/externals.yaml: ")
    assert "rocker/r-ver" in found


@pytest.mark.parametrize(
    "command",
    [
        "yes Y | apt-get install git",
        "conda install r-base",
        "Rscript -e 'install.packages(c(jsonlite, httr), dependecies = TRUE)'",
    ],
)
def test_11_installing_by_hand_is_found(command: str, tmp_path: Path) -> None:
    steps = f"- run:\n    - {command}\n  provides: []"
    (found,) = findings(catalogue(tmp_path, base=layer(steps)), "RG109")
    assert found.startswith("manifests/base.yaml: ")


def test_11_cran_as_it_is_on_the_day_is_found(tmp_path: Path) -> None:
    steps = "- cran: [jsonlite==1.6]"
    (found,) = findings(catalogue(tmp_path, base=layer(steps)), "RG106")
    assert "jsonlite" in found
    dated = "- cran: {snapshot: 2019-10-01, packages: [jsonlite==1.6]}"
    assert findings(catalogue(tmp_path, base=layer(dated)), "RG106") == []


def test_11_what_is_admitted_without_a_version_is_still_found(tmp_path: Path) -> None:
    admits = CATALOG + "policy: {unpinned: [conda]}\n"
    (found,) = findings(catalogue(tmp_path, catalog=admits, base=layer("- conda: [r-base]")), "RG101")
    assert found == "manifests/base.yaml: `r-base` (conda) has no exact version"
