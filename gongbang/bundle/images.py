"""Put an OCI image together from layers, as a layout of one manifest, one configuration and blobs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from gongbang.bundle import layers, store
from gongbang.bundle.layers import Blob
from gongbang.bundle.recipes import Image
from gongbang.bundle.toolchain import architecture

FORMAT = 1
"""Raise it when the way images are made changes."""
CREATED = "2026-01-01T00:00:00Z"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"


def key(image: Image, facts: Mapping[str, str], inputs: Mapping[str, str]) -> str:
    """The cache key: recipe, version, the keys of programs and layers that go in."""
    recipe = [image.name, image.tag, sorted(image.files.items()), image.layers, image.entrypoint]
    recipe += [sorted(image.environment.items()), image.user]
    return store.key_of(FORMAT, recipe, facts["version"], sorted(inputs.items()), layers.LEVEL, CREATED)


def build(
    image: Image,
    facts: Mapping[str, str],
    programs: Mapping[str, Path],
    below: Sequence[Path],
    into: Path,
) -> None:
    """Write the image's layout; `programs` are folders by program name, `below` folders of layers."""
    work = into / "work"
    work.mkdir()
    files = {target: _file(source, programs) for target, source in image.files.items()}
    top = layers.from_files(files, work)
    blobs = [*(layers.read(folder) for folder in below), top]
    for folder, blob in zip([*below, work], blobs, strict=True):
        store.place(folder / layers.BLOB, _blob_path(into, blob.digest))
    config = _put(into, _config(image, facts, blobs), CONFIG_TYPE)
    entries = [{"mediaType": LAYER_TYPE, "digest": blob.digest, "size": blob.size} for blob in blobs]
    write_layout(into, config, entries)
    (work / layers.BLOB).unlink()
    (work / layers.RECORD).unlink()
    work.rmdir()


def write_layout(into: Path, config: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> None:
    """Finish a layout whose configuration and layers are written: manifest, index, marker."""
    manifest = _put(
        into,
        {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": entries},
        MANIFEST_TYPE,
    )
    (into / "index.json").write_text(_text({"schemaVersion": 2, "manifests": [manifest]}))
    (into / "oci-layout").write_text(_text({"imageLayoutVersion": "1.0.0"}))


def put_bytes(into: Path, data: bytes, media_type: str) -> dict[str, Any]:
    """Write one blob of a layout; return its descriptor."""
    digest = f"sha256:{sha256(data).hexdigest()}"
    path = _blob_path(into, digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return {"mediaType": media_type, "digest": digest, "size": len(data)}


def _put(into: Path, value: Mapping[str, Any], media_type: str) -> dict[str, Any]:
    return put_bytes(into, _text(value).encode(), media_type)


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _blob_path(into: Path, digest: str) -> Path:
    return into / "blobs" / digest.replace(":", "/")


def _file(source: str, programs: Mapping[str, Path]) -> Path:
    program, name = source.split("/", 1)
    return programs[program] / name


def _config(image: Image, facts: Mapping[str, str], blobs: Sequence[Blob]) -> dict[str, Any]:
    environment = [PATH, *(f"{name}={value}" for name, value in sorted(image.environment.items()))]
    run: dict[str, Any] = {
        "Env": environment,
        "Labels": {"org.opencontainers.image.version": facts["version"]},
    }
    if image.entrypoint:
        run["Entrypoint"] = list(image.entrypoint)
    if image.user:
        run["User"] = image.user
    return {
        "architecture": architecture(),
        "os": "linux",
        "created": CREATED,
        "config": run,
        "rootfs": {"type": "layers", "diff_ids": [blob.diff_id for blob in blobs]},
        "history": [{"created": CREATED, "created_by": "gongbang bundle"} for _ in blobs],
    }
