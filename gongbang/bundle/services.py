"""Detached processes with a record of who they are: started once, found again, ended by nobody else's id."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gongbang import paths, processes
from gongbang.errors import ExitCode, GongbangError
from gongbang.files import write_atomically

START_LIMIT_S = 20.0
STOP_LIMIT_S = 10.0


def start(
    record: Path, argv: Sequence[str], env: Mapping[str, str], address: tuple[str, int], inputs: str
) -> None:
    """Have one process serve an address; nothing happens when it does so already with the same inputs."""
    known = _read(record)
    wanted = {"argv": list(argv), "inputs": inputs, "address": list(address)}
    if known and processes.alive(known) and {name: known.get(name) for name in wanted} == wanted:
        return
    stop(record)
    _refuse_taken(address)
    log = record.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv, cwd="/", env=_environment(env), stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    who = {"pid": process.pid, "start_time": processes.start_time(process.pid), "boot": processes.boot()}
    write_atomically(record, json.dumps({**who, **wanted}), 0o644)
    _wait(lambda: _answers(address) or process.poll() is not None, START_LIMIT_S)
    if process.poll() is not None or not _answers(address):
        raise GongbangError(
            f"{Path(argv[0]).name} does not serve {address[0]}:{address[1]}",
            " / ".join(log.read_text(errors="replace").splitlines()[-3:]) or "no output",
            f"read {log}; is {address[0]} an address of this machine?",
            ExitCode.FAILED,
        )


def stop(record: Path) -> bool:
    """End the process of a record if it is still that very process; tell whether there was one."""
    known = _read(record)
    found = bool(known) and processes.alive(known)
    if found:
        pid = int(known["pid"])
        os.kill(pid, signal.SIGTERM)
        _wait(lambda: _gone(known), STOP_LIMIT_S)
        if not _gone(known):
            os.kill(pid, signal.SIGKILL)
            _wait(lambda: _gone(known), STOP_LIMIT_S)
    record.unlink(missing_ok=True)
    return found


def running(record: Path) -> bool:
    """Tell whether the process of a record is alive."""
    known = _read(record)
    return bool(known) and processes.alive(known)


def _gone(known: Mapping[str, Any]) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(int(known["pid"]), os.WNOHANG)
    return not processes.alive(known)


def _read(record: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(record.read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    """As little as serves; without the mark of the run that happens to start the service."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(paths.ROOT), "PYTHONDONTWRITEBYTECODE": "1", **extra}


def _refuse_taken(address: tuple[str, int]) -> None:
    if _answers(address):
        raise GongbangError(
            f"another program serves {address[0]}:{address[1]} already",
            "it is none that the bundle started",
            "end it, or set bundle_apt_port / bundle_registry_port to free ports",
        )


def _answers(address: tuple[str, int]) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(address, timeout=1):
        return True
    return False


def _wait(condition: Callable[[], bool], limit_s: float) -> None:
    end = time.monotonic() + limit_s
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
