"""Holds the cluster's lock on a node for as long as the other end of standard input lives; runs there as root.

Standard library only, Python 3.9 or newer. The first argument is a JSON object: {"holder": {...}, "evict": [id],
"lease_s": seconds, "folder": "/run"}. Prints one line: {"taken": holder that died or null} or {"held": holder}.

The kernel's lock is the truth, the file beside it only names the holder: two takers cannot both have it, and
nothing is left to remove. The lock ends with this process, and this process ends with its input: at once when
that closes, after `lease_s` without a byte when it does not (the controller lost its power or its network).
"""

import contextlib
import fcntl
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

PATIENCE_S = 1.0
"""How long a lock may be held that is about to be free: by one that was just ended."""
BYE = b"q"


def take(lock: Path) -> int:
    """An open descriptor that has the lock; -1 when it is held."""
    end = time.monotonic() + PATIENCE_S
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with contextlib.suppress(BlockingIOError, FileNotFoundError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if (
                os.fstat(descriptor).st_ino == lock.stat().st_ino
            ):  # else it was removed: not the lock any more
                return descriptor
        os.close(descriptor)
        if time.monotonic() > end:
            return -1
        time.sleep(0.05)


def read(name: Path) -> dict[str, Any]:
    """The holder that the file names; empty when there is none."""
    with contextlib.suppress(OSError, ValueError):
        found: dict[str, Any] = json.loads(name.read_text())
        return found
    return {}


def write(name: Path, holder: dict[str, Any]) -> None:
    """Name the holder, in one step."""
    new = name.with_name(f".{name.name}.{os.getpid()}")
    new.write_text(json.dumps(holder))
    new.replace(name)


def start_time(pid: int) -> str:
    """When a process of this node started, in its own clock; "" when there is none."""
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return ""


def evict(holder: dict[str, Any], ids: list[str]) -> None:
    """End the process that holds the lock for one of these holders, which are known to be dead."""
    keeper = holder.get("keeper", {})
    if holder.get("id") in ids and start_time(keeper["pid"]) == keeper["start_time"]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(keeper["pid"], signal.SIGKILL)


def keep(lease_s: float) -> bool:
    """Wait for the end of the holder; whether it said good-bye."""
    while True:
        ready = select.select([0], [], [], lease_s)[0]
        said = os.read(0, 4096) if ready else b""
        if not said or BYE in said:
            return bool(said)


def main() -> None:
    """Take the lock, say so, keep it."""
    given = json.loads(sys.argv[1])
    lock, name = (Path(given["folder"], file) for file in ("gongbang.lock", "gongbang.holder.json"))
    os.umask(0o077)
    evict(read(name), given["evict"])
    descriptor = take(lock)
    if descriptor < 0:
        print(json.dumps({"held": read(name)}), flush=True)
        return
    previous = read(name)
    write(name, given["holder"] | {"keeper": {"pid": os.getpid(), "start_time": start_time(os.getpid())}})
    print(json.dumps({"taken": previous or None}), flush=True)
    if keep(given["lease_s"]):
        name.unlink()
    os.close(descriptor)


if __name__ == "__main__":
    main()
