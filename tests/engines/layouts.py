"""Small images as folders in the OCI image layout, and skopeo to push them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.engines.running import CONFIG, INDEX, MANIFEST, Registry, program

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def push(
    folder: Path,
    to: Registry,
    image: str,
    content: str,
    *architectures: str,
    below: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
) -> str:
    """Pushes an image that holds one small file, for one or several platforms, as skopeo does it; its digest.

    The digest is the index's if there are several platforms. `below` are the files of the images that it
    stands on, a layer each.
    """
    layout = folder / hashlib.sha256(f"{content} {architectures} {below} {labels}".encode()).hexdigest()[:12]
    digest = _layout(layout, [*below, content], architectures or ("amd64",), labels or {})
    options = [f"--dest-creds={to.login}"] if to.login else []
    if to.certificate:
        known = folder / "known"
        known.mkdir(exist_ok=True)
        (known / "ca.crt").write_bytes(Path(to.certificate).read_bytes())
        options.append(f"--dest-cert-dir={known}")
    else:
        options.append("--dest-tls-verify=false")
    command = [program("skopeo", "skopeo"), "--insecure-policy", "copy", "--all", "--quiet", *options]
    subprocess.run(
        [*command, f"oci:{layout}", f"docker://{to.host}/{image}"], check=True, capture_output=True
    )
    return digest


def _layout(
    folder: Path, contents: Sequence[str], architectures: tuple[str, ...], labels: Mapping[str, str]
) -> str:
    """Writes an OCI image layout (OCI image specification 1.1, "Image Layout"); the digest of its image."""
    blobs = folder / "blobs/sha256"
    blobs.mkdir(parents=True, exist_ok=True)

    def blob(kind: str, data: bytes) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(data)}

    def document(kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
        return blob(kind, json.dumps(value).encode())

    tars = [_tar(each) for each in contents]
    layers = [blob(LAYER, gzip.compress(tar, mtime=0)) for tar in tars]
    settings = {"config": {"Labels": dict(labels)}} if labels else {}
    images = []
    for architecture in architectures:
        platform = {"os": "linux", "architecture": architecture}
        diff = [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar in tars]
        config = document(CONFIG, {**platform, **settings, "rootfs": {"type": "layers", "diff_ids": diff}})
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
        images.append({**document(MANIFEST, manifest), "platform": platform})
    top = images[0]
    if len(images) > 1:
        top = document(INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": images})
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [top]}))
    digest: str = top["digest"]
    return digest


def _tar(content: str) -> bytes:
    out, data = io.BytesIO(), content.encode()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo("content.txt")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()
