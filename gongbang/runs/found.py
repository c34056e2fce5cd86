"""Reads records again: those of runs that ended, that go on, and that were killed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gongbang import hints
from gongbang.errors import ExitCode, GongbangError
from gongbang.events import Kind
from gongbang.paths import INVENTORY, ROOT
from gongbang.runs import folders
from gongbang.summary import Failure

DIED = "died"
"""The status of a run that was killed: it could not write one."""

ENDINGS = frozenset({Kind.OK.value, Kind.FAILED.value, Kind.UNREACHABLE.value, Kind.SKIPPED.value})


@dataclass(frozen=True)
class Run:
    """One record as it stands on the disk; `summary` and `about` as docs/commands.md describes the files."""

    folder: Path
    summary: Mapping[str, Any]
    about: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What `--run` takes."""
        return self.folder.name

    @property
    def status(self) -> str:
        """`running`, `died`, or the name of an exit code in small letters."""
        return str(self.summary.get("status", DIED))

    @property
    def changed(self) -> int:
        """How many changes it made."""
        return int(self.summary.get("changed", 0))

    @property
    def seconds(self) -> float:
        """How long it took."""
        return float(self.summary.get("duration_s", 0.0))

    @property
    def failure(self) -> Mapping[str, Any]:
        """What went wrong; empty when nothing did."""
        return self.summary.get("failure") or {}

    @property
    def where(self) -> str:
        """Host and task of the failure, as far as they are known."""
        return "  ".join(str(self.failure[key]) for key in ("host", "task") if self.failure.get(key))


def read(folder: Path) -> Run:
    """The run of a record; what is missing or torn in it reads as empty."""
    summary, about = _json(folder / folders.SUMMARY), _json(folder / folders.ABOUT)
    if folders.crashed(folder):
        summary = epitaph(folder, summary, about)
    return Run(folder, summary, about)


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def epitaph(folder: Path, summary: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    """The summary of a run that was killed: until when it lived and what it was doing, from its events."""
    seen = list(events(folder))
    last = float(seen[-1].get("time", 0.0)) if seen else 0.0
    first = float(seen[0].get("time", 0.0)) if seen else 0.0
    return {
        **summary,
        "command": summary.get("command") or folder.name.partition("-")[2],
        "status": DIED,
        "duration_s": round(last - first, 1),
        "failure": vars(last_words(seen, str(summary.get("command", "")), str(about.get("inventory", "")))),
    }


def last_words(seen: list[dict[str, Any]], command: str, inventory: str) -> Failure:
    """What a killed run was doing: the tasks that had begun and not ended, else the last event."""
    running: dict[str, dict[str, Any]] = {}
    for event in seen:
        if event.get("kind") == Kind.HOST.value:
            running[str(event.get("host"))] = event
        elif event.get("kind") in ENDINGS:
            running.pop(str(event.get("host")), None)
    last = (list(running.values()) or seen or [{}])[-1]
    hosts = ", ".join(running) or last.get("host")
    return Failure(
        hosts,
        last.get("task"),
        last.get("where"),
        "the run was killed",
        hints.command(command, ROOT / inventory if inventory else INVENTORY) if command else None,
    )


def events(folder: Path) -> Iterator[dict[str, Any]]:
    """The events of a record; a last line that was cut off is left out."""
    try:
        lines = (folder / folders.EVENTS).read_text(errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event


def all_of(cluster: str) -> list[Run]:
    """The cluster's runs, oldest first."""
    return [read(folder) for folder in folders.of_cluster(cluster)]


def named(cluster: str, word: str = "") -> Run:
    """The run called `word`, or whose name begins so; a number counts back from 1, the newest (also for "").

    GongbangError when none or more than one is meant.
    """
    there = folders.of_cluster(cluster)
    if not word or word == "latest" or (word.isdigit() and 0 < int(word) <= len(there)):
        back = int(word) if word.isdigit() else 1
        if there:
            return read(there[-back])
    meant = [path for path in there if path.name == word] or [
        path for path in there if path.name.startswith(word)
    ]
    if len(meant) == 1:
        return read(meant[0])
    raise GongbangError(
        "more than one run is called so" if meant else "there is no such run",
        word or f"cluster {cluster} has no record",
        "./inv runs.list shows their names",
        ExitCode.BAD_INPUT,
    )
