"""What a virtual machine boots from: kernel, initial RAM disk and a disk with the node's root."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gongbang import proc, session, system
from gongbang.errors import ExitCode, GongbangError
from gongbang.lab import image
from gongbang.locks import exclusive

DISK_GB = 12
"""Size of a node's disk; the file is sparse."""


@dataclass(frozen=True)
class VmImage:
    """The folder of one release's virtual machine image."""

    folder: Path

    @property
    def kernel(self) -> Path:
        """The kernel that QEMU loads."""
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        """The initial RAM disk that QEMU loads."""
        return self.folder / "initrd.img"

    @property
    def disk(self) -> Path:
        """The root file system (ext4) that each node gets a copy of."""
        return self.folder / "root.img"


def ensure(release: str) -> VmImage:
    """Make the image of a Debian release exist (minutes when it does not)."""
    wanted = image.recipe(release, "vm")
    made = VmImage(wanted.tarball.with_suffix(".vm"))
    if made.folder.is_dir():
        return made
    with exclusive(made.folder.with_name(f"{made.folder.name}.lock")):
        if not made.folder.is_dir():
            system.ensure("vm")
            _build(image.tarball(wanted), made.folder)
            _forget_older(wanted, made.folder)
            wanted.tarball.unlink()
    return made


def _build(tarball: Path, target: Path) -> None:
    session.say(f"making the disk of a virtual machine from {tarball.name}")
    as_root = _privilege()
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="build-") as scratch:
        root = Path(scratch) / "root"
        made = Path(scratch) / "made"
        root.mkdir()
        made.mkdir()
        try:
            keep = ["--numeric-owner", "--xattrs", "--xattrs-include=*"]
            proc.run([*as_root, "tar", "-C", root, "-xpf", tarball, *keep], timeout=600)
            _copy_boot_files(as_root, root, VmImage(made))
            _make_disk(as_root, root, VmImage(made).disk)
        finally:
            proc.run([*as_root, "rm", "-rf", root], check=False)
        made.rename(target)


def _copy_boot_files(as_root: list[str], root: Path, made: VmImage) -> None:
    kernel = max((root / "boot").glob("vmlinuz-*"))
    initrd = root / "boot" / kernel.name.replace("vmlinuz-", "initrd.img-")
    owner = f"--owner={made.folder.owner()}"
    proc.run([*as_root, "install", owner, "-m", "0600", kernel, made.kernel])
    proc.run([*as_root, "install", owner, "-m", "0600", initrd, made.initrd])


def _make_disk(as_root: list[str], root: Path, disk: Path) -> None:
    with disk.open("wb") as handle:
        handle.truncate(DISK_GB << 30)
    options = ["-q", "-t", "ext4", "-L", "root", "-i", "32768", "-m", "1"]
    options += ["-E", "lazy_itable_init=0,lazy_journal_init=0"]
    mke2fs = shutil.which("mke2fs", path=system.SEARCH) or "mke2fs"
    proc.run([*as_root, mke2fs, *options, "-d", root, disk], timeout=600)


def _forget_older(wanted: image.Recipe, kept: Path) -> None:
    for folder in image.folder().glob(f"{wanted.release}-vm-*.vm"):
        if folder != kept:
            shutil.rmtree(folder, ignore_errors=True)


def _privilege() -> list[str]:
    prefix = system.privilege()
    if prefix is None:
        raise GongbangError(
            "a virtual machine as a node needs root on this machine (its disk and its network device)",
            "neither root nor sudo without a password",
            "set lab_node_kind: container, or run as root",
            ExitCode.FAILED,
        )
    return prefix
