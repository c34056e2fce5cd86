"""The record of a run, written as it goes so that it can be read after a kill."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from gongbang import processes
from gongbang.errors import ExitCode, GongbangError
from gongbang.events import Event
from gongbang.paths import artifacts_dir, private_dir
from gongbang.redact import redact
from gongbang.summary import RUNNING, Failure, Summary

SUMMARY = "summary.json"
EVENTS = "events.jsonl"
LOG = "log.txt"
OWNER = "owner.json"


def write_atomically(path: Path, text: str) -> None:
    """Write a file (mode 0600) so that a reader sees the old content or the new, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


@dataclass
class Record:
    """The folder of one run: events, log and summary; secrets never reach it."""

    folder: Path
    summary: Summary
    secrets: frozenset[str] = frozenset()
    _files: dict[str, IO[str]] = field(default_factory=dict, repr=False)

    @property
    def log_path(self) -> Path:
        """Where the full output is."""
        return self.folder / LOG

    def event(self, event: Event) -> None:
        """Count an event and append it as one JSON line."""
        self.summary.counter.add(event)
        self._append(EVENTS, json.dumps(event.as_dict(), ensure_ascii=False) + "\n")

    def log(self, text: str) -> None:
        """Append text to the log."""
        if text.strip():
            self._append(LOG, text.rstrip("\n") + "\n")

    def save(self) -> None:
        """Write summary.json as it stands now."""
        text = json.dumps(self.as_dict(), indent=2, ensure_ascii=False) + "\n"
        write_atomically(self.folder / SUMMARY, text)

    def as_dict(self) -> dict[str, Any]:
        """The summary without secrets."""
        data = self.summary.as_dict()
        if data["failure"]:
            data["failure"] = {key: value and self.clean(value) for key, value in data["failure"].items()}
        return data

    def fail(self, failure: Failure) -> None:
        """Remember the first failure of the run."""
        self.summary.failure = self.summary.failure or failure

    def finish(self, code: ExitCode) -> None:
        """Write the end of the run and close the files."""
        self.summary.finish(code, time.time())
        self.save()
        for file in self._files.values():
            file.close()
        self._files.clear()

    def clean(self, text: str) -> str:
        """The text without secrets."""
        return redact(text, self.secrets)

    def _append(self, name: str, text: str) -> None:
        if name not in self._files:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            self._files[name] = open(os.open(self.folder / name, flags, 0o600), "a")  # noqa: SIM115 - closed by finish
        self._files[name].write(self.clean(text))
        self._files[name].flush()


def create(cluster: str, command: str, secrets: frozenset[str] = frozenset()) -> Record:
    """A new record of a run that begins now, and `latest` pointing to it."""
    started = time.time()
    try:
        base = private_dir(artifacts_dir(cluster or "unknown"))
        folder = new_folder(base, f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(started))}-{command}")
        write_atomically(folder / OWNER, json.dumps(processes.me()))
        record = Record(folder, Summary(command, started), secrets)
        record.save()
        point_latest(base, folder)
    except OSError as error:
        raise GongbangError(
            "the run's record cannot be written", str(error),
            "free space or mend the rights, or set GONGBANG_ARTIFACTS to a folder that can be written",
        ) from error  # fmt: skip
    return record


def new_folder(base: Path, name: str) -> Path:
    """A folder that was not there: `name`, or `name` with a number when two begin in one second."""
    for number in range(1000):
        folder = base / (f"{name}.{number}" if number else name)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            return folder
    raise FileExistsError(base / name)


def point_latest(base: Path, folder: Path) -> None:
    """Let `latest` point to the folder, at no moment to nothing."""
    link = base / f".latest.{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(folder.name)
    link.replace(base / "latest")


def folders(cluster: str) -> list[Path]:
    """The records of a cluster, oldest first."""
    base = artifacts_dir(cluster)
    return sorted(path.parent for path in base.glob(f"*/{OWNER}") if not path.parent.is_symlink())


def crashed(folder: Path) -> bool:
    """Whether the run of this record neither ended nor still runs."""
    try:
        status = json.loads((folder / SUMMARY).read_text())["status"]
        owner = json.loads((folder / OWNER).read_text())
    except (OSError, ValueError, KeyError):
        return True
    return status == RUNNING and not processes.alive(owner)


def crashed_runs(cluster: str) -> Iterable[Path]:
    """The records of runs that were killed."""
    return [folder for folder in folders(cluster) if crashed(folder)]
