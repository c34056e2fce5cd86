"""The journal: one JSON line for each run of a cluster, only ever added to, for figures over time."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gongbang.files import append, write_atomically
from gongbang.paths import artifacts_dir
from gongbang.runs import folders, found

NAME = "journal.jsonl"


def path(cluster: str) -> Path:
    """Where the journal of a cluster is."""
    return artifacts_dir(cluster or "unknown") / NAME


def line(run: found.Run) -> dict[str, Any]:
    """A run's line: what was run when, from which code and inventory, and what came of it."""
    return {
        "run": run.name,
        "time": run.summary.get("started"),
        "command": run.summary.get("command"),
        "revision": run.about.get("revision", ""),
        "inventory": run.about.get("inventory", ""),
        "inventory_hash": run.about.get("inventory_hash", ""),
        "versions": run.about.get("versions", {}),
        "changed": run.changed,
        "result": run.status,
        "duration_s": run.seconds,
    }


def note(cluster: str, folder: Path) -> None:
    """Add the line of a run that ended."""
    with locked(path(cluster)) as descriptor:
        _add(descriptor, line(found.read(folder)))


def bury(cluster: str, folder: Path) -> str:
    """Write down that a run was killed, in its record and in the journal; says where it was."""
    with locked(path(cluster)) as descriptor:
        run = found.read(folder)
        if folders.crashed(folder):  # two may find it at once
            _add(descriptor, line(run))
            write_atomically(folder / folders.SUMMARY, json.dumps(run.summary, indent=2) + "\n")
    (folder / folders.RESERVE).unlink(missing_ok=True)
    return f"at {run.where}" if run.where else "before its first task"


def read(cluster: str) -> list[dict[str, Any]]:
    """The journal's lines, oldest first, one for each run; a line that was cut off is left out."""
    try:
        text = path(cluster).read_text(errors="replace")
    except FileNotFoundError:
        return []
    lines: dict[str, dict[str, Any]] = {}
    for row in text.splitlines():
        try:
            data = json.loads(row)
            lines[data["run"]] = data
        except (ValueError, KeyError, TypeError):
            continue
    return list(lines.values())


@contextmanager
def locked(journal: Path) -> Iterator[int]:
    """The journal, open for reading and adding, for one writer at a time."""
    descriptor = os.open(journal, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _add(descriptor: int, data: Mapping[str, Any]) -> None:
    """Append a line and put it on the disk; one that was cut off before it keeps its own line."""
    size = os.fstat(descriptor).st_size
    torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
    append(descriptor, ("\n" if torn else "") + json.dumps(data, ensure_ascii=False) + "\n")
    os.fsync(descriptor)
