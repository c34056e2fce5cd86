"""The folder of one run's record: its files, how it is made, which ones there are."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from gongbang import processes
from gongbang.errors import ExitCode, GongbangError
from gongbang.files import ROOM_MIB, room_mib
from gongbang.paths import artifacts_dir
from gongbang.summary import RUNNING

SUMMARY = "summary.json"
EVENTS = "events.jsonl"
LOG = "log.txt"
OWNER = "owner.json"
ABOUT = "about.json"
RESERVE = ".reserve"
"""Room that is kept for the run's last words: given back before they are written."""
RESERVE_BYTES = 128 * 1024


def unwritable(folder: Path, error: OSError, code: ExitCode = ExitCode.BAD_INPUT) -> GongbangError:
    """The error of a record that cannot be written, with the path and what helps."""
    return GongbangError(
        "the run's record cannot be written", f"{folder}: {error.strerror or error}",
        "free space or mend the rights, or set GONGBANG_ARTIFACTS to a folder that can be written", code,
    )  # fmt: skip


def require_room(base: Path) -> None:
    """Raise GongbangError when the disk below a folder is (almost) full: a run would end in the middle."""
    room = room_mib(base)
    if room < ROOM_MIB:
        raise GongbangError(
            "the disk of the run's record is full",
            f"{base}: {room} MiB free, {ROOM_MIB} MiB wanted",
            "free space there, or set GONGBANG_ARTIFACTS to a folder on another disk",
        )


def reserve(folder: Path) -> None:
    """Keep room on the disk for the run's last words."""
    descriptor = os.open(folder / RESERVE, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
    finally:
        os.close(descriptor)


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


def of_cluster(cluster: str) -> list[Path]:
    """The records of a cluster, oldest first."""
    base = artifacts_dir(cluster)
    return sorted((path.parent for path in base.glob(f"*/{OWNER}") if not path.parent.is_symlink()), key=age)


def age(folder: Path) -> tuple[str, int]:
    """What records are sorted by: the second in their name, then when their first file was written."""
    try:
        written = (folder / ABOUT).stat().st_mtime_ns
    except OSError:  # of an older version, or removed at this moment
        written = 0
    return folder.name.partition("-")[0], written


def running(folder: Path) -> bool:
    """Whether the run of this record goes on."""
    return alive(folder) and status(folder) == RUNNING


def crashed(folder: Path) -> bool:
    """Whether the run of this record neither ended nor still runs."""
    return not alive(folder) and status(folder) in (RUNNING, "")  # in this order: it may end in between


def alive(folder: Path) -> bool:
    """Whether the process that wrote this record is there."""
    try:
        return processes.alive(json.loads((folder / OWNER).read_text()))
    except (OSError, ValueError, KeyError):
        return False


def status(folder: Path) -> str:
    """The status in the record's summary; "" when there is none to read."""
    try:
        return str(json.loads((folder / SUMMARY).read_text())["status"])
    except (OSError, ValueError, KeyError):
        return ""


def crashed_runs(cluster: str) -> list[Path]:
    """The records of runs that were killed."""
    return [folder for folder in of_cluster(cluster) if crashed(folder)]
