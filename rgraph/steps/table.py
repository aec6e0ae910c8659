"""Which function resolves which kind of step. `use` and `group` are the resolver's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from rgraph.steps.commands import resolve_run
from rgraph.steps.context import Context
from rgraph.steps.download import resolve_download, resolve_source
from rgraph.steps.files import resolve_copy, resolve_take
from rgraph.steps.image_settings import (
    resolve_arg,
    resolve_env,
    resolve_expose,
    resolve_instruction,
    resolve_label,
    resolve_shell,
    resolve_user,
    resolve_volume,
    resolve_workdir,
)
from rgraph.steps.interface import Step
from rgraph.steps.package_managers import resolve_apt, resolve_conda, resolve_key, resolve_pip
from rgraph.steps.r import resolve_bioconductor, resolve_cran, resolve_github, resolve_url
from rgraph.steps.windows import resolve_certificate, resolve_registry

RESOLVERS: Final[Mapping[str, Callable[[Context, Any], Step]]] = {
    "apt": resolve_apt,
    "key": resolve_key,
    "conda": resolve_conda,
    "pip": resolve_pip,
    "cran": resolve_cran,
    "bioconductor": resolve_bioconductor,
    "github": resolve_github,
    "url": resolve_url,
    "source": resolve_source,
    "download": resolve_download,
    "take": resolve_take,
    "copy": resolve_copy,
    "env": resolve_env,
    "arg": resolve_arg,
    "label": resolve_label,
    "user": resolve_user,
    "workdir": resolve_workdir,
    "expose": resolve_expose,
    "volume": resolve_volume,
    "shell": resolve_shell,
    "registry": resolve_registry,
    "certificate": resolve_certificate,
    "run": resolve_run,
    "instruction": resolve_instruction,
}
"""Kind -> function of the context of the step's body and the body, as `manifest/step.py` types it."""
