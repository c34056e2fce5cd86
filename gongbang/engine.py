"""Docker Engine on this machine: found, or started by us and stopped again with the last lab."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from gongbang import paths, proc, processes, sysctls, system
from gongbang.errors import ExitCode, GongbangError
from gongbang.files import write_atomically
from gongbang.locks import exclusive

START_LIMIT_S = 90.0
STOP_LIMIT_S = 40.0
PID_FILES = {
    Path("/var/run/docker.pid"): "dockerd",
    Path("/var/run/docker/containerd/containerd.pid"): "containerd",
}


@dataclass(frozen=True)
class Started:
    """The daemon that we started: process id and its start time in clock ticks since boot."""

    pid: int
    start_time: int


def ensure() -> None:
    """Make Docker Engine answer on this machine, starting it when it is off; GongbangError otherwise."""
    if answers():
        return
    with exclusive(_folder() / "lock"):
        if answers():
            return
        system.ensure("engine")
        if not _managed_by_systemd():
            _start()
        _wait_until(answers, START_LIMIT_S, _not_answering)


def answers() -> bool:
    """Tell whether a Docker daemon answers the client on this machine."""
    client = shutil.which("docker")
    if client is None:
        return False
    argv = [client, "version", "--format", "{{.Server.Version}}"]
    try:
        return subprocess.run(argv, capture_output=True, timeout=20, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def stop_if_ours() -> bool:
    """Stop the daemon if we started it and nothing runs in it; tell whether it was stopped."""
    with exclusive(_folder() / "lock"):
        started = _recorded()
        if started is None or not is_running(started):
            _record_path().unlink(missing_ok=True)
            return False
        if _has_containers():
            return False
        proc.run([*_as_root(), "kill", "-TERM", str(started.pid)])
        _wait_until(lambda: not is_running(started), STOP_LIMIT_S, _not_stopping)
        _record_path().unlink(missing_ok=True)
        return True


def is_running(process: Started) -> bool:
    """Tell whether this very process (not a later one with the same id) is alive."""
    return processes.start_time(process.pid) == process.start_time


def _start() -> None:
    daemon = shutil.which("dockerd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if daemon is None:
        raise GongbangError(
            "Docker Engine is not on this machine",
            "no dockerd on PATH",
            "install the package docker.io, or Docker's own packages",
        )
    sysctls.prepare()
    forget_dead_daemons()
    folder = _folder()
    with (folder / "dockerd.log").open("ab") as log:
        process = subprocess.Popen(
            [*_as_root(), daemon],
            cwd="/",
            env={
                name: value
                for name, value in os.environ.items()
                if name not in (processes.TAG, processes.COMMAND)
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    began = processes.start_time(process.pid)
    if began:
        _write(Started(process.pid, began))


def forget_dead_daemons(names: dict[Path, str] | None = None, processes_at: Path = Path("/proc")) -> None:
    """Remove the pid files of daemons that died hard; dockerd refuses to start when another has the number now."""
    for file, name in (PID_FILES if names is None else names).items():
        if file.exists():
            process = processes_at / file.read_text(encoding="utf-8").strip() / "comm"
            if not process.exists() or process.read_text(encoding="utf-8").strip() != name:
                proc.run([*_as_root(), "rm", "--force", file])


def _as_root() -> list[str]:
    prefix = system.privilege()
    if prefix is None:
        raise GongbangError(
            "Docker Engine is not running and we may not start it",
            "neither root nor sudo without a password",
            "start it yourself (sudo systemctl start docker) and join its group (docker)",
        )
    return prefix


def _managed_by_systemd() -> bool:
    if not Path("/run/systemd/system").is_dir():
        return False
    argv = [*_as_root(), "systemctl", "start", "docker.service"]
    return subprocess.run(argv, capture_output=True, timeout=120, check=False).returncode == 0


def _has_containers() -> bool:
    done = subprocess.run(["docker", "ps", "-q"], capture_output=True, text=True, timeout=30, check=False)
    return done.returncode != 0 or bool(done.stdout.strip())


def _wait_until(condition: Callable[[], bool], limit_s: float, failed: Callable[[], GongbangError]) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise failed()
        time.sleep(0.2)


def _not_answering() -> GongbangError:
    log = _folder() / "dockerd.log"
    last = log.read_text(errors="replace").splitlines()[-3:] if log.exists() else []
    return GongbangError(
        f"Docker Engine does not answer after {START_LIMIT_S:.0f} s",
        "; ".join(last) or "no output",
        f"read {log}, and start the daemon by hand to see why",
        ExitCode.FAILED,
    )


def _not_stopping() -> GongbangError:
    return GongbangError(
        f"Docker Engine did not stop within {STOP_LIMIT_S:.0f} s",
        _record_path().read_text(),
        f"read {_folder() / 'dockerd.log'}",
        ExitCode.FAILED,
    )


def _folder() -> Path:
    folder = paths.state_dir() / "engine"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _record_path() -> Path:
    return _folder() / "dockerd.json"


def _recorded() -> Started | None:
    try:
        return Started(**json.loads(_record_path().read_text()))
    except FileNotFoundError:
        return None


def _write(started: Started) -> None:
    write_atomically(_record_path(), json.dumps(asdict(started)))
