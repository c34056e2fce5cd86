"""Writes files so that no reader, and no full disk, ever sees a part of them."""

from __future__ import annotations

import os
from pathlib import Path

ROOM_MIB = 32
"""How much room a folder must have before a run that writes into it begins."""


def write_atomically(path: Path, text: str) -> None:
    """Write a file (mode 0600) so that a reader sees the old content or the new, never a part.

    The content is on the disk before the name is; OSError leaves the old file and no other.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put a folder's names on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
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
