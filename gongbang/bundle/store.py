"""The content-addressed store: one folder per artefact and key, there as a whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gongbang.errors import GongbangError
from gongbang.files import sync

RECORD = "artefact.json"
"""Written last into a finished folder: what it holds, with SHA-256 by file."""


@dataclass(frozen=True)
class Store:
    """A folder of finished artefacts: `<kind>/<name>/<key>/`."""

    root: Path

    def path(self, kind: str, name: str, key: str) -> Path:
        """Where an artefact is, or will be."""
        return self.root / kind / name / key

    def has(self, kind: str, name: str, key: str) -> bool:
        """Tell whether the artefact is there, whole."""
        return (self.path(kind, name, key) / RECORD).exists()

    def make(self, kind: str, name: str, key: str, maker: Callable[[Path], None]) -> Path:
        """Have `maker` fill an empty folder, then put it in place in one step; return where it is."""
        final = self.path(kind, name, key)
        if self.has(kind, name, key):
            return final
        final.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".making-", dir=self.root))
        try:
            maker(work)
            record = {"kind": kind, "name": name, "key": key, "files": checksums(work)}
            (work / RECORD).write_text(json.dumps(record, indent=1, sort_keys=True))
            work.chmod(0o755)
            sync_tree(work)
            shutil.rmtree(final, ignore_errors=True)
            work.replace(final)
            sync(final.parent)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return final

    def sweep(self) -> None:
        """Take away what killed builds left behind; call it while holding the build lock."""
        for left in self.root.glob(".making-*"):
            shutil.rmtree(left, ignore_errors=True)

    def remove_damaged(self) -> int:
        """Take away artefacts whose files are not what their record says; return how many."""
        damaged = [path.parent for path in self.root.glob(f"*/*/*/{RECORD}") if not _whole(path.parent)]
        for folder in damaged:
            shutil.rmtree(folder)
        return len(damaged)

    def prune(self, keep: set[Path], spare: int = 2) -> None:
        """Take away artefacts that are not in `keep`, the `spare` newest of each name excepted."""
        for name in self.root.glob("*/*"):
            keys = sorted(name.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
            for old in keys[spare:]:
                if old not in keep:
                    shutil.rmtree(old)


def _whole(folder: Path) -> bool:
    record: dict[str, str] = json.loads((folder / RECORD).read_text())["files"]
    found = checksums(folder)
    return all(found.get(name) == digest for name, digest in record.items())


def key_of(*parts: object) -> str:
    """The key of an artefact: SHA-256 over its inputs in a fixed form."""
    text = json.dumps(parts, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def compare(path: Path, wanted: str, problem: str, fix: str) -> None:
    """Raise GongbangError with both SHA-256 when the file is not the one that the manifest names."""
    found = sha256(path) if path.is_file() else "the file is gone"
    if found != wanted:
        raise GongbangError(problem, f"SHA-256 {found}, and the manifest says {wanted}", fix)


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 by relative path of all files below a folder."""
    return {str(path.relative_to(folder)): sha256(path) for path in files_below(folder)}


def files_below(folder: Path) -> Iterator[Path]:
    """All plain files below a folder, sorted."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def sync_tree(folder: Path) -> None:
    """Bring all below a folder to the disk."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            sync(path)
    sync(folder)


def place(source: Path, target: Path) -> None:
    """Put a finished file at another place in one step, as a link where the file system allows it."""
    if target.exists() and target.samefile(source):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    try:
        fresh.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, fresh)
        shutil.copymode(source, fresh)
        sync(fresh)
    fresh.replace(target)
