"""Names of the files that rgraph generates for each image."""

from __future__ import annotations

from typing import Final

DOCKERFILE: Final = "Dockerfile"
PRIVATE: Final = "Dockerfile.private"
COMBINED: Final = "Dockerfile.combined"
LICENSE: Final = "LICENSE.txt"
NOTICES: Final = "ThirdPartyNotices.txt"
SBOM: Final = "sbom.cdx.json"
"""CycloneDX's recommended name for a JSON document (cyclonedx.org, "Recognized file patterns")."""
TESTS: Final = "tests.json"
README: Final = "README.md"

GENERATED_FILES: Final = frozenset({LICENSE, NOTICES, SBOM, TESTS})
"""Files that a `copy` step may name beside those of `manifests/files/`. The README is none of them:
it shows tags, which a fingerprint does not cover."""
OWN_FILES: Final = frozenset({DOCKERFILE, PRIVATE, COMBINED, README, *GENERATED_FILES})
"""All files that every image's folder may hold; no file of `manifests/files/` may have their names."""
