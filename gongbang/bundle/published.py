"""What the bundle holds now: the record that is written last, and the check that all of it is still there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from gongbang import paths
from gongbang.bundle import store
from gongbang.files import write_atomically

RECORD = "published.json"
MANIFEST = "manifest.json"

type Seen = tuple[int, int, str]
"""Size in bytes, time of change in ns, SHA-256."""


@dataclass(frozen=True)
class Published:
    """Plan key, versions of Kubernetes, toolchain, signing key and all files of the published bundle."""

    key: str
    versions: tuple[str, ...]
    go: str
    c_compiler: str
    refreshed: str
    fingerprint: str
    imported: bool
    images: tuple[str, ...]
    files: dict[str, Seen]


def root() -> Path:
    """The bundle's folder in the cache."""
    return paths.cache_dir() / "bundle"


def read(folder: Path | None = None) -> Published | None:
    """The record of what is published (here, or in an unpacked archive).

    None when nothing is, or when another revision of the project wrote the record in another form:
    what is published is then published anew.
    """
    try:
        raw = json.loads(((folder or root()) / RECORD).read_text())
        files = {name: (seen[0], seen[1], seen[2]) for name, seen in raw.pop("files").items()}
        lists = {name: tuple(raw[name]) for name in ("versions", "images")}
        return Published(**{**raw, **lists}, files=files)
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        return None


def write(published: Published) -> None:
    """Replace the record in one step."""
    write_atomically(root() / RECORD, json.dumps(asdict(published), sort_keys=True), 0o644)


def look(registry: Iterable[Path]) -> dict[str, Seen]:
    """All published files as they are now; of the registry those that the bundle put there."""
    top = root() / "apt"
    files = {f"apt/{path.relative_to(top.resolve())}": path for path in store.files_below(top.resolve())}
    ours = [*registry, *store.files_below(root() / "services"), root() / MANIFEST]
    files |= {str(path.relative_to(root())): path for path in ours}
    return {name: _see(path) for name, path in sorted(files.items())}


def touched(published: Published) -> list[str]:
    """Files that are gone, or whose size or time is not the recorded one."""
    return [name for name, seen in published.files.items() if not _same(root() / name, seen)]


def check(published: Published, names: list[str]) -> None:
    """Compare checksums of files; GongbangError names the first that is wrong, with both values."""
    for name in names:
        path = root() / name
        problem = f"an artefact of the bundle has a wrong checksum: {path}"
        store.compare(path, published.files[name][2], problem, "make it again: ./inv bundle.build --repair")


def _same(path: Path, seen: Seen) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    return (found.st_size, found.st_mtime_ns) == seen[:2]


def _see(path: Path) -> Seen:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, store.sha256(path)
