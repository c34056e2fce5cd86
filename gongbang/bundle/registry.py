"""Put finished layouts into the registry's storage, in the form that the distribution registry reads.

The storage is written as files: no registry has to run while the bundle is built, blobs are links to
the store, and every name is replaced in one step.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gongbang.bundle import store
from gongbang.files import write_atomically

V2 = Path("docker/registry/v2")


def put(storage: Path, name: str, tag: str, layout: Path) -> list[Path]:
    """Make a layout's one manifest known as `name:tag`; return the files that this takes."""
    (manifest,) = json.loads((layout / "index.json").read_text())["manifests"]
    repository = storage / V2 / "repositories" / name
    parts = _parts(layout, manifest["digest"])
    digests = [manifest["digest"], *(part["digest"] for part in parts)]
    for digest in digests:
        store.place(_in_layout(layout, digest), blob(storage, digest))
    folders = {repository / "_layers" / _dashed(part["digest"]): part["digest"] for part in parts}
    folders[repository / "_manifests/revisions" / _dashed(digests[0])] = digests[0]
    folders[repository / "_manifests/tags" / tag / "index" / _dashed(digests[0])] = digests[0]
    folders[repository / "_manifests/tags" / tag / "current"] = digests[0]
    for folder, digest in folders.items():
        _link(folder, digest)
    return [*(blob(storage, digest) for digest in digests), *(folder / "link" for folder in folders)]


def sweep(storage: Path, older_s: float = 86400.0) -> None:
    """Take away blobs that no name leads to, young ones excepted: their manifest may be on its way."""
    used = {part for _, _, digest in tags(storage) for part in blobs(storage, digest)}
    for data in storage.glob(f"{V2}/blobs/sha256/*/*/data"):
        old = time.time() - data.parent.stat().st_mtime > older_s
        if old and f"sha256:{data.parent.name}" not in used:
            shutil.rmtree(data.parent)


def blobs(storage: Path, digest: str) -> Iterator[str]:
    """The digests of an image: its manifest, its configuration, its layers."""
    yield digest
    path = blob(storage, digest)
    if path.exists():
        manifest = json.loads(path.read_text())
        yield manifest["config"]["digest"]
        yield from (layer["digest"] for layer in manifest["layers"])


def forget(storage: Path, name: str, tag: str) -> None:
    """Take a name away, and its repository with the last one."""
    repository = storage / V2 / "repositories" / name
    shutil.rmtree(repository / "_manifests/tags" / tag, ignore_errors=True)
    if not any((repository / "_manifests/tags").glob("*")):
        shutil.rmtree(repository, ignore_errors=True)


def blob(storage: Path, digest: str) -> Path:
    """Where the storage keeps a blob."""
    method, value = digest.split(":")
    return storage / V2 / "blobs" / method / value[:2] / value / "data"


def tags(storage: Path) -> Iterator[tuple[str, str, str]]:
    """All names, tags and digests that the storage holds."""
    root = storage / V2 / "repositories"
    for current in sorted(root.glob("**/_manifests/tags/*/current/link")):
        folder = current.parent.parent
        name = folder.parent.parent.parent.relative_to(root)
        yield str(name), folder.name, current.read_text()


def _parts(layout: Path, digest: str) -> list[dict[str, Any]]:
    manifest = json.loads(_in_layout(layout, digest).read_text())
    return [manifest["config"], *manifest["layers"]]


def _in_layout(layout: Path, digest: str) -> Path:
    return layout / "blobs" / digest.replace(":", "/")


def _dashed(digest: str) -> Path:
    return Path(digest.replace(":", "/"))


def _link(folder: Path, digest: str) -> None:
    path = folder / "link"
    if not path.exists() or path.read_text() != digest:
        write_atomically(path, digest, 0o644)
