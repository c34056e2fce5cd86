"""Lay out and sign the apt repositories; they are switched in one step."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from gongbang import proc
from gongbang.bundle import keys, store
from gongbang.bundle.toolchain import architecture
from gongbang.files import write_atomically


def publish(root: Path, repositories: Mapping[str, Iterable[Path]]) -> Path:
    """Write signed flat repositories into a new folder and make the link `apt` point to it."""
    keys.remember(keys.fingerprint(), keys.public_key())
    target = Path(tempfile.mkdtemp(prefix="apt-", dir=root))
    for repository, folders in sorted(repositories.items()):
        _write(target / repository, folders, repository)
    write_atomically(target / "key.asc", keys.public_key(), 0o644)
    target.chmod(0o755)
    store.sync_tree(target)
    switch(root, target)
    return target


def switch(root: Path, target: Path) -> None:
    """Make the link `apt` point to another finished folder, and take older folders away."""
    link = root / ".apt.new"
    link.unlink(missing_ok=True)
    link.symlink_to(target.name)
    link.replace(root / "apt")
    for old in root.glob("apt-*"):
        if old != target:
            shutil.rmtree(old, ignore_errors=True)


def _write(target: Path, folders: Iterable[Path], repository: str) -> None:
    target.mkdir(parents=True)
    for folder in folders:
        for deb in sorted(folder.glob("*.deb")):
            store.place(deb, target / deb.name)
    index = proc.run(["apt-ftparchive", "packages", "."], cwd=target).stdout
    (target / "Packages").write_text(index)
    proc.run(["gzip", "--no-name", "--keep", "Packages"], cwd=target)
    fields = {"Origin": "gongbang", "Label": repository, "Suite": "stable", "Architectures": architecture()}
    options = [f"-oAPT::FTPArchive::Release::{name}={value}" for name, value in fields.items()]
    release = proc.run(["apt-ftparchive", *options, "release", "."], cwd=target).stdout
    (target / "Release").write_text(release)
    keys.sign(target / "Release")
