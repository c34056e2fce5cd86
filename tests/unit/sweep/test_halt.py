"""A run stands still exactly at a boundary, and nothing of it survives the kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gongbang import inventory, processes
from gongbang.paths import ROOT
from gongbang.signals import as_interrupt
from gongbang.surroundings import HALT
from gongbang.sweep import driver
from gongbang.sweep.boundaries import Boundary, parsed

PLAYBOOK = "tests/unit/playbooks/sleep.yml"
SCRIPT = """
import sys
from pathlib import Path
from gongbang import runner
runner.run(sys.argv[1], Path(sys.argv[2]), command="try", cluster="lab", extra_vars={"work": "true", "mark": sys.argv[3]})
"""


def test_a_run_stands_still_before_the_task_on_that_host(local_inventory: Path, tmp_path: Path) -> None:
    line = next(
        number
        for number, text in enumerate((ROOT / PLAYBOOK).read_text().splitlines(), 1)
        if "Must not start" in text
    )
    boundary = Boundary("Two sleeps", f"{PLAYBOOK}:{line}", "there")
    halt, touched = tmp_path / "halt", tmp_path / "touched"
    halt.write_text(f"other\tplay\thost\n{boundary.line}\n")
    argv = [sys.executable, "-c", SCRIPT, PLAYBOOK, str(local_inventory), str(touched)]
    env = {**os.environ, HALT: str(halt), driver.MARK: "unit"}
    with subprocess.Popen(
        argv, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as child:
        try:
            reached = halt.with_name("halt.reached")
            deadline = time.monotonic() + 120
            while not (reached.exists() and touched.exists()) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert parsed(reached.read_text()) == boundary
            assert child.poll() is None, "it stands still"
            assert touched.exists(), "the host before it has begun its task"
        finally:
            driver.end_all("unit")
        assert child.wait(10) == -9
    assert processes.carrying(driver.MARK, "unit") == []


def test_a_second_signal_leaves_no_run_alive(local_inventory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """timeout(1) sends two: to its program, and to the group that it shares with it."""
    end_all = driver.end_all

    def signalled(mark: str) -> None:
        signal.raise_signal(signal.SIGTERM)
        end_all(mark)

    monkeypatch.setattr(driver, "end_all", signalled)
    with (
        as_interrupt(),
        pytest.raises(KeyboardInterrupt),
        driver.Run(inventory.load(local_inventory), command="cluster.status") as run,
    ):
        signal.raise_signal(signal.SIGTERM)
    assert processes.carrying(driver.MARK, run.mark) == []
