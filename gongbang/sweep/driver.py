"""One `cluster.up` as a user starts it, that can be made to stand still at a boundary and be killed with all it started."""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from signal import SIGKILL, SIGSTOP
from types import TracebackType
from typing import Any

from gongbang import paths, processes
from gongbang.errors import ExitCode, GongbangError
from gongbang.model import Cluster
from gongbang.signals import handled
from gongbang.surroundings import HALT
from gongbang.sweep.boundaries import Boundary, parsed

MARK = "GONGBANG_SWEEP"
"""Every process of a run carries this in its environment; its value is another one for each run."""
POLL_S = 0.02
LIMIT_S = 1500.0


class Run:
    """A running command of ours; `reached` is the boundary at which it stands still, `code` how it ended by itself."""

    def __init__(
        self, cluster: Cluster, halt_at: Sequence[Boundary] = (), command: str = "cluster.up"
    ) -> None:
        self.cluster = cluster
        self.folder = paths.private_dir(folder(cluster) / "runs")
        self.reached: Boundary | None = None
        self.killed = False
        self.mark = uuid.uuid4().hex
        self._halt = self.folder / f"halt-{self.mark}"
        self._begun = time.monotonic()
        self.seconds = 0.0
        env = {"GONGBANG_ARTIFACTS": str(records(cluster)), MARK: self.mark}
        if halt_at:
            self._halt.write_text("".join(f"{boundary.line}\n" for boundary in halt_at))
            env[HALT] = str(self._halt)
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [paths.ROOT / "inv", command, "--inventory", str(cluster.inventory)],
                cwd=paths.ROOT, env={**os.environ, **env}, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            with handled(_goes_on):
                self.kill()
        for path in self.folder.glob(f"{self._halt.name}*"):
            path.unlink()

    @property
    def output(self) -> Path:
        """What the run printed."""
        return self.folder / "output.txt"

    @property
    def code(self) -> int | None:
        """The exit code; None while it runs and when it was killed."""
        return None if self.killed else self._process.poll()

    def wait(self, moment: Callable[[], bool] | None = None, limit_s: float = LIMIT_S) -> bool:
        """Wait until the run stands still, ends, or `moment` comes; whether it is still there."""
        reached = self._halt.with_name(f"{self._halt.name}.reached")
        while self._process.poll() is None:
            if reached.exists():
                self.reached = parsed(reached.read_text())
            if self.reached or (moment and moment()):
                break
            if time.monotonic() - self._begun > limit_s:
                self.kill()
                raise GongbangError(
                    "a run of the sweep did not end",
                    f"after {limit_s:.0f} s",
                    f"read {self.output}",
                    ExitCode.FAILED,
                )
            time.sleep(POLL_S)
        self.seconds = time.monotonic() - self._begun
        return self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL everything that the run has started on this machine; nobody gets to clean up."""
        self.killed = True
        end_all(self.mark)
        masters = processes.connection_masters(paths.connection_dirs(self.cluster.name))
        processes.send(masters, SIGKILL)
        self._process.wait()

    @property
    def record(self) -> Path:
        """The folder of the run's record."""
        return (records(self.cluster) / self.cluster.name / "latest").resolve()

    def summary(self) -> dict[str, Any]:
        """What the record tells of the run; empty when there is none that can be read."""
        try:
            found: dict[str, Any] = json.loads((self.record / "summary.json").read_text())
        except (OSError, ValueError):
            return {}
        return found


def _goes_on() -> None:
    """A second signal, as timeout(1) sends it, must not leave the run alive that the first one ends."""


def end_all(mark: str) -> None:
    """SIGKILL every process with this mark: first all are stopped, so that none sees another one die."""
    processes.send(processes.carrying(MARK, mark), SIGSTOP)
    while there := processes.carrying(MARK, mark):
        processes.send(there, SIGKILL)
        time.sleep(0.005)


def folder(cluster: Cluster) -> Path:
    """Where the sweep of a cluster keeps its state, its evidence and the records of the runs that it makes."""
    return paths.artifacts_dir(cluster.name) / "sweep"


def records(cluster: Cluster) -> Path:
    """Where the runs that a sweep makes leave their records."""
    return folder(cluster) / "runs" / "records"


def command(cluster: Cluster, name: str) -> None:
    """Run one of our own commands to its good end; GongbangError with its last lines otherwise."""
    with Run(cluster, command=name) as run:
        run.wait()
        if run.code != 0:
            last = "\n        ".join(run.output.read_text(errors="replace").strip().splitlines()[-8:])
            raise GongbangError(f"{name} failed", last, f"read {run.record}", ExitCode.FAILED)
