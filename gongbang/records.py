"""The record of a run, written as it goes so that it can be read after a kill."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gongbang import processes
from gongbang.errors import ExitCode, GongbangError
from gongbang.events import Event
from gongbang.files import append, write_atomically
from gongbang.paths import artifacts_dir, private_dir
from gongbang.redact import redact, redact_all
from gongbang.runs.folders import (
    ABOUT,
    EVENTS,
    LOG,
    OWNER,
    RESERVE,
    SUMMARY,
    new_folder,
    point_latest,
    require_room,
    reserve,
    unwritable,
)
from gongbang.summary import Failure, Summary


@dataclass
class Record:
    """The folder of one run: events, log and summary; secrets never reach it.

    A disk that is full in the middle ends no write half-way and raises nothing: it stands in `broken`,
    and whoever works for the run looks there (`require`).
    """

    folder: Path
    summary: Summary
    secrets: frozenset[str] = frozenset()
    only_looks: bool = False
    """Set by a run in check mode: what its events call changed would be, and is counted nowhere."""
    broken: GongbangError | None = None
    _files: dict[str, int] = field(default_factory=dict, repr=False)

    @property
    def log_path(self) -> Path:
        """Where the full output is."""
        return self.folder / LOG

    def event(self, event: Event) -> None:
        """Count an event and append it as one JSON line."""
        event = event.unchanged() if self.only_looks else event
        self.summary.counter.add(event)
        told = redact_all(event.as_dict(), self.secrets)  # before JSON spells it in its own way
        self._append(EVENTS, json.dumps(told, ensure_ascii=False) + "\n")

    def log(self, text: str) -> None:
        """Append text to the log."""
        if text.strip():
            self._append(LOG, text.rstrip("\n") + "\n")

    def save(self) -> None:
        """Write summary.json as it stands now."""
        text = json.dumps(self.as_dict(), indent=2, ensure_ascii=False) + "\n"
        with self.noting_errors():
            write_atomically(self.folder / SUMMARY, text)

    def as_dict(self) -> dict[str, Any]:
        """The summary without secrets."""
        data = self.summary.as_dict()
        told = {name: data[name] for name in ("failure", "plan", "notes") if name in data}
        return {**data, **redact_all(told, self.secrets)}

    def fail(self, failure: Failure) -> None:
        """Remember the first failure of the run."""
        self.summary.failure = self.summary.failure or failure

    def require(self) -> None:
        """Raise what kept the record from being written, if anything did."""
        if self.broken:
            raise self.broken

    def finish(self, code: ExitCode) -> None:
        """Write the end of the run and close the files."""
        with contextlib.suppress(OSError):
            (self.folder / RESERVE).unlink(missing_ok=True)
        self.summary.finish(code, time.time())
        self.save()
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files.clear()

    def clean(self, text: str) -> str:
        """The text without secrets."""
        return redact(text, self.secrets)

    def _append(self, name: str, text: str) -> None:
        with self.noting_errors():
            if name not in self._files:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
                self._files[name] = os.open(self.folder / name, flags, 0o600)
            append(self._files[name], self.clean(text))

    @contextlib.contextmanager
    def noting_errors(self) -> Iterator[None]:
        """What the system refuses to write inside the block stands in `broken` afterwards."""
        try:
            yield
        except OSError as error:
            self.broken = self.broken or unwritable(self.folder, error, ExitCode.FAILED)


def create(
    cluster: str,
    command: str,
    secrets: frozenset[str] = frozenset(),
    about: Mapping[str, Any] | None = None,
) -> Record:
    """A new record of a run that begins now, and `latest` pointing to it.

    `about` is what about.of() tells. A folder that is full or cannot be written raises GongbangError.
    """
    started = time.time()
    base = artifacts_dir(cluster or "unknown")
    folder = None
    try:
        require_room(private_dir(base))
        folder = new_folder(base, f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(started))}-{command}")
        record = Record(folder, Summary(command, started), secrets)
        begin(record, about or {})
        point_latest(base, folder)
    except OSError as error:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        raise unwritable(base, error) from error
    return record


def begin(record: Record, about: Mapping[str, Any]) -> None:
    """Write a record's first files; the owner's comes last: a folder without it is no record."""
    reserve(record.folder)
    write_atomically(record.folder / ABOUT, json.dumps(redact_all(about, record.secrets), indent=2) + "\n")
    record.save()
    record.require()
    write_atomically(record.folder / OWNER, json.dumps(processes.me()))
