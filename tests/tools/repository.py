"""Real repositories of git for tests, untouched by the configuration of whoever runs them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

OWN = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}


def git(root: Path, *arguments: str, input: bytes = b"", date: str = "") -> str:
    """What git prints; `date` is that of a commit. Raises CalledProcessError."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", str(root), *arguments],
        check=True,
        capture_output=True,
        env={**kept, **OWN, **({"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} if date else {})},
        input=input,
    )
    return done.stdout.decode().strip()


def repository(root: Path, *options: str) -> Path:
    """A new repository in a folder, which may hold files already."""
    root.mkdir(parents=True, exist_ok=True)
    git(root, "init", "--quiet", "--initial-branch=main", *options)
    return root


def commit(root: Path, message: str = "Change") -> str:
    """Commits all that stands in the folder; the id of the commit."""
    git(root, "add", "--all", "--force", ".")
    git(root, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(root, "rev-parse", "HEAD")
