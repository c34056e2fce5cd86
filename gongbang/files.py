"""Writes files so that no reader, and no full disk, ever sees a part of them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOM_MIB = 32
"""How much room a folder must have before a run that writes into it begins."""


def write_atomically(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write a file so that a reader sees the old content or the new, never a part; its folder is made when missing.

    The content is on the disk before the name is; OSError leaves the old file and no other.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync(path.parent)


@contextmanager
def in_memory(path: Path) -> Iterator[None]:
    """What somebody else writes to `path` inside the block never reaches the disk; its folder must be there."""
    memory = os.memfd_create(path.name)
    try:
        path.symlink_to(f"/proc/{os.getpid()}/fd/{memory}")
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(memory)


def sync(path: Path) -> None:
    """Bring a file, or a folder's names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def append(descriptor: int, text: str) -> None:
    """Append the whole text to an open file or, when the disk is full, nothing (OSError)."""
    size = os.fstat(descriptor).st_size
    data = text.encode(errors="replace")
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def room_mib(folder: Path) -> int:
    """How many MiB can still be written below the folder."""
    there = os.statvfs(folder)
    return there.f_bavail * there.f_frsize // 2**20
