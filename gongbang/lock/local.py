"""The controller's part of the lock: a file that the kernel locks for as long as our process lives."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gongbang.lock.holder import Holder
from gongbang.paths import private_dir

NAMING_S = 1.0
"""How long a holder may need to write its name after it got the lock."""


class HeldError(Exception):
    """Somebody else has the lock."""

    def __init__(self, holder: Holder) -> None:
        super().__init__("held")
        self.holder = holder


@contextmanager
def taken(path: Path, holder: Holder) -> Iterator[Holder | None]:
    """Hold the lock file; gives the holder that died with it, if any. Raises HeldError at once when it is held.

    The kernel frees the lock with the process, so that nobody has to judge whether a holder lives, and two takers
    cannot both get it. The file is never removed: a new file of the same name would be a second lock.
    """
    private_dir(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HeldError(named(descriptor)) from None
        previous = read(descriptor)
        write(descriptor, json.dumps(holder))
        try:
            yield previous or None
        finally:
            write(descriptor, "")
    finally:
        os.close(descriptor)


def holder(path: Path) -> Holder:
    """Who the file says has the lock, dead or alive; empty when it says nothing. The lock itself is not touched."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return {}
    try:
        return read(descriptor)
    finally:
        os.close(descriptor)


def read(descriptor: int) -> Holder:
    """What the file says of its holder; empty when it says nothing."""
    try:
        found: Holder = json.loads(os.pread(descriptor, 4096, 0) or b"{}")
    except ValueError:
        return {}
    return found


def named(descriptor: int) -> Holder:
    """The holder of a lock that is held; it may be about to write its name."""
    end = time.monotonic() + NAMING_S
    while not (found := read(descriptor)) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def write(descriptor: int, text: str) -> None:
    """Replace the file's content."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)
