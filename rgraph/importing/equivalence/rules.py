"""The rules by which instructions are the same: their names, and what each takes for the same.

Why that cannot change an image, and where it ends, stands in docs/import-rules.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RULES: Final[Mapping[str, str]] = {
    "archive": "`tar zxvf F` and `tar -xf F`: how a file is compressed is found out, `v` prints",
    "build-argument": '`$NAME` and `"$NAME"` of a build argument whose default is one plain word',
    "calls-of-r": "calls of R, spaced and quoted in other ways, by `R -e` or `Rscript -e`",
    "download-name": "`wget URL` in a folder that the RUN has made, and `wget -O` with the same name",
    "environment": "`NAME=value` before a command, where ENV sets just that",
    "existing-folder": "`mkdir -p` of a folder that must be there already",
    "jobs": "several jobs of make, however many",
    "mkdir-p": "`mkdir` becomes `mkdir -p`",
    "options": "options in another order or spelling, or such that only print more or less",
    "package-pattern": "`name=1.*` and `'name=1.*'` among the packages to install",
    "powershell-script": "a script of PowerShell in shell or exec form, messages left out",
    "quoting": "words quoted in other ways that come out the same",
    "redirection": "`curl URL > F` and `curl -o F URL`",
    "registry": "Set-ItemProperty and New-ItemProperty of one value of the registry",
    "removal": "a downloaded file is removed earlier or later in the same RUN",
    "set-e": "`set -e; a; b` and `a && b`, of simple commands",
    "setting": "ENV, LABEL, ARG, EXPOSE, VOLUME in one instruction or several, words quoted in other ways",
    "subshell": "`( a && b )` and `a && b` where nothing that the subshell hides is used",
    "variable-of-env": "`$NAME` and the value that an ENV of the same stage gives it",
    "variable-of-run": "`$NAME` and the value that the same RUN gives it; `FILE=...` of rgraph's own",
}
