"""The examples of the reference. They are rendered when it is made, so what it shows is what comes out.

Versions and checksums are those of the shipped catalogue, with their sources in `manifests/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rgraph.expressions import Value

STEPS: Final[Mapping[str, str]] = {
    "apt": """\
- apt: [bzip2=1.0.6-8ubuntu0.2, wget]
- apt:
    packages: [{name: passwd, at_least: "1:4.8.1", fixes: [USN-5745-1]}]
    only_upgrade: true
- apt:
    repositories:
      - name: mssql-release
        key: {url: https://packages.microsoft.com/keys/microsoft.asc}
        uri: https://packages.microsoft.com/ubuntu/20.04/prod
        suite: focal
        architectures: amd64
    packages: [msodbcsql17]
    env: {ACCEPT_EULA: Y}
""",
    "key": """\
- key: {url: "https://developer.download.nvidia.com/compute/cuda/repos/ubuntu1804/x86_64/3bf863cc.pub"}
""",
    "conda": """\
- conda: {channels: [conda-forge], packages: [wheel=0.38.1, cryptography=39.0.1]}
""",
    "pip": """\
- pip: [rpy2==3.0.5, azureml-defaults==1.0.65]
""",
    "cran": """\
- cran: {snapshot: 2019-11-01, packages: [forecast, zoo]}
""",
    "bioconductor": """\
- bioconductor: {release: "3.9", snapshot: 2019-11-01, packages: [limma]}
""",
    "github": """\
- github: {repo: Azure/azureml-sdk-for-r, ref: v0.5.7, name: azuremlsdk, version: 0.5.7, auth: GITHUB_PAT}
""",
    "url": """\
- url:
    name: rjson
    version: 0.2.20
    url: https://cran.r-project.org/src/contrib/Archive/rjson/rjson_0.2.20.tar.gz
    sha256: 3a287c1e5ee7c333ed8385913c0a307daf99335fbdf803e9dcca6e3d5adb3f6c
""",
    "source": """\
- source:
    name: openmpi
    version: 4.1.0
    url: https://download.open-mpi.org/release/open-mpi/v4.1/openmpi-4.1.0.tar.bz2
    sha256: 73866fb77090819b6a8c85cb8539638d37d6877455825b74e289d647a39fd5b5
    configure: [--enable-orterun-prefix-by-default]
    run: [ldconfig]
""",
    "download": """\
- download:
    url: https://repo.anaconda.com/miniconda/Miniconda3-py38_4.12.0-Linux-x86_64.sh
    sha256: 3190da6626f86eee8abf1b2fd7a5af492994eb2667357ee4243975cdbb175d7a
    run: [bash "$FILE" -bf -p /opt/miniconda]
  provides: ["pkg:generic/miniconda@py38_4.12.0"]
""",
    "take": """\
- take: {from: inferencing-assets, path: /artifacts, to: /var/}
""",
    "copy": """\
- copy: {files: [ThirdPartyNotices.txt, LICENSE.txt], to: /}
""",
    "env": """\
- env: {LANG: C.UTF-8, PATH: {prepend: /opt/miniconda/bin}, LD_LIBRARY_PATH: {append: /usr/local/lib}}
""",
    "arg": """\
- arg: {CRAN_MIRROR: "https://cloud.r-project.org", BUILD_NUMBER: }
""",
    "label": """\
- label: {org.opencontainers.image.title: R for training}
""",
    "user": """\
- user: "1000:1000"
""",
    "workdir": """\
- workdir: /app
""",
    "expose": """\
- expose: [5001, 8883, 8888]
""",
    "volume": """\
- volume: /data
""",
    "shell": """\
- shell: [/bin/bash, -o, pipefail, -c]
""",
    "registry": """\
- registry:
    key: HKLM:\\SYSTEM\\CurrentControlSet\\Control\\FileSystem
    name: LongPathsEnabled
    value: 1
    type: DWord
""",
    "certificate": """\
- certificate:
    url: https://cacerts.digicert.com/DigiCertGlobalRootCA.crt
    sha256: 4348a0e9444c78cb265e058d5e8944b4d84f9662bd26db257f8934a443c70161
    store: Cert:\\LocalMachine\\AuthRoot
""",
    "run": """\
- run: [useradd --create-home analyst, mkdir /results]
  provides: []
- run: |                # one text stands behind RUN as it is
    set -eu; \\
    for d in in out; do mkdir "/results/$d"; done
  provides: []
""",
    "instruction": """\
- instruction: STOPSIGNAL SIGINT
""",
    "group": """\
- group:
    - apt: [locales]
    - run: [locale-gen de_DE.UTF-8]
      provides: []
""",
    "use": """\
- use: locale
  with: {language: de_DE}
""",
}
"""Step -> a list of steps in YAML. `use` uses the recipe of `rgraph init`."""

WINDOWS: Final = frozenset({"registry", "certificate"})
"""Steps whose example is for Windows."""

DOCUMENTS: Final[Mapping[str, str]] = {
    "compatibility": """\
kind: compatibility
compatibility:
  # TensorFlow's makers built these versions with CUDA 10.0 and cuDNN 7.4 alone.
  - purl: pkg:pypi/tensorflow-gpu
    versions: ">=1.13, <2"
    needs: {cuda: ">=10.0, <10.1", cudnn: ">=7.4, <8"}
    required: [cuda]        # an image without CUDA is wrong, too
    status: assumed
    source: https://www.tensorflow.org/install/source#gpu
""",
    "waivers": """\
kind: waivers
waivers:
  - rule: RG501             # an External is past its end of life
    where: ubuntu16.04      # as `rgraph audit` names it; `*` stands for any text
    reason: kept for experiments that must be repeated; nothing new is built on it
    owner: The image team
    until: 2027-06-30       # from the day after, the waiver is itself an error
""",
}
"""A kind of document that `rgraph init` does not make -> an example."""

EXTERNALS: Final = """\
kind: externals
externals:
  ubuntu20.04: {reference: "ubuntu:20.04"}
  inferencing-assets: {reference: "mcr.microsoft.com/azureml/o16n-base/python-assets:20230222.v4"}
  windows:
    reference: mcr.microsoft.com/windows/servercore:1809
    platforms: [windows/amd64]
    os_version: 10.0.17763
"""

CATALOG: Final = """\
kind: catalog
name: examples
policy: {unpinned: [apt]}
"""

ROW: Final[Mapping[str, Value]] = {
    "device": "gpu",
    "mpi": "4.1.0",
    "cuda": "11.10",
    "extra": ["zoo", "xts"],
}
"""The row of a matrix in which EXPRESSIONS are evaluated; `below` is an axis that it lacks."""

EXPRESSIONS: Final = (
    "openmpi${{ mpi }}-${{ device }}",
    "${{ device == 'gpu' }}",
    "${{ 'cuda' if device == 'gpu' else 'plain' }}",
    "${{ 'slim' if device == 'cpu' }}",
    "${{ cuda > '11.9' }}",
    "${{ mpi | minor }}",
    "${{ 'mpi' ~ (mpi | major) }}",
    "${{ extra }}",
    "${{ extra | join(' ') }}",
    "${{ 'zoo' in extra and not below }}",
    "${{ below | default('nothing') }}",
    "built on ${{ below }}",
    "for d in *; do echo ${d%.R}; done",
)
"""Examples of expressions; the last has none, for `${...}` is the shell's."""
