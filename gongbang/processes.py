"""Processes of this machine: who is alive, and the end of those that a run left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TAG = "GONGBANG_RUN"
"""Every process of a playbook carries this in its environment; its value is the record's folder."""
COMMAND = "GONGBANG_COMMAND"
"""The same for all that a command with a record starts, playbooks or not."""

PROC = Path("/proc")


@contextmanager
def tagged(run: Path) -> Iterator[None]:
    """Whatever is started within the block carries COMMAND; what has to outlive the command takes it off."""
    before = os.environ.get(COMMAND)
    os.environ[COMMAND] = str(run)
    try:
        yield
    finally:
        os.environ.pop(COMMAND)
        if before is not None:
            os.environ[COMMAND] = before


def me() -> dict[str, Any]:
    """This process in a way that outlives a reused number: pid, start time, boot."""
    return {"pid": os.getpid(), "start_time": start_time(os.getpid()), "boot": boot()}


def boot() -> str:
    """The id of the machine's present boot ("" when unknown)."""
    with contextlib.suppress(OSError):
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return ""


def stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the program's name; empty when there is no such process."""
    with contextlib.suppress(OSError, IndexError):
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return []


def start_time(pid: int) -> int:
    """When the process started, in clock ticks since boot; 0 when there is no such process."""
    fields = stat(pid)
    return int(fields[19]) if len(fields) > 19 and fields[0] != "Z" else 0


def alive(owner: Mapping[str, Any]) -> bool:
    """Whether the process that `me()` described is still there."""
    return owner.get("boot") == boot() and start_time(int(owner["pid"])) == owner.get("start_time") != 0


def of_run(run: str) -> list[int]:
    """The processes that carry this run's tag, ourselves excepted."""
    return carrying(TAG, run)


def carrying(name: str, value: str) -> list[int]:
    """The processes that have a variable with this value in their environment, ourselves excepted."""
    mark = f"{name}={value}".encode()
    found = []
    for folder in PROC.iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
    return found


def parent(pid: int) -> int:
    """The process id of the parent; 0 when there is no such process."""
    fields = stat(pid)
    return int(fields[1]) if fields else 0


def connection_masters(folders: Iterable[Path]) -> list[int]:
    """The processes that only keep an SSH connection open for later tasks, with a socket in one of the folders.

    Their title is all they can be known by: it is written over the environment that would carry the run's tag.
    """
    begins = tuple(f"ssh: {folder}/".encode() for folder in folders)
    found = []
    for folder in PROC.iterdir():
        with contextlib.suppress(OSError):
            title = (folder / "cmdline").read_bytes() if folder.name.isdigit() else b""
            if title.startswith(begins) and b"[mux]" in title:
                found.append(int(folder.name))
    return found


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to those processes that are still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def end(run: str, grace_s: float = 3.0, name: str = TAG) -> list[int]:
    """End every process that carries the run's tag: SIGTERM, then SIGKILL after `grace_s` seconds; what was there."""
    there = carrying(name, run)
    send(there, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while carrying(name, run) and time.monotonic() < deadline:
        time.sleep(0.05)
    send(carrying(name, run), signal.SIGKILL)
    return there
