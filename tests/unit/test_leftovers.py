"""What a killed command leaves on the controller is ended by the next one, whatever it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from gongbang import leftovers, processes, session
from gongbang.paths import ROOT
from gongbang.runs import folders

BUILDS = """
from gongbang import proc, session
with session.opened("bundle.build", "lab"):
    proc.run(["sleep", "300"])
"""


def waited(good: Callable[[], object], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not good() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(good())


def test_a_program_of_a_killed_command_is_ended_by_the_next() -> None:
    with subprocess.Popen([sys.executable, "-c", BUILDS], cwd=ROOT) as command:
        assert waited(lambda: folders.of_cluster("lab"))
        folder = str(folders.of_cluster("lab")[-1])
        assert waited(lambda: processes.carrying(processes.COMMAND, folder))
        os.kill(command.pid, signal.SIGKILL)
        command.wait()
    assert processes.carrying(processes.COMMAND, folder), "the program outlives the kill"
    assert "ended its 1 processes" in leftovers.sweep("lab")[0]
    assert not processes.carrying(processes.COMMAND, folder)


def test_nothing_carries_the_mark_of_a_command_that_has_ended() -> None:
    with session.opened("try", "lab"):
        assert processes.COMMAND in os.environ
    assert processes.COMMAND not in os.environ
