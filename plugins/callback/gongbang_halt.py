"""Stands still at a task boundary, so that the crash sweep can kill the run exactly there."""

from __future__ import annotations

import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: gongbang_halt
type: aggregate
short_description: stands still before a task starts on a host
description:
  - The crash sweep names in GONGBANG_HALT_AT a file with one boundary per line (play, path:line, host).
  - At the first of them the run stands still, and the boundary is written to that file's name with C(.reached).
  - Without the variable the plugin is not even loaded.
"""

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))) + "/"


class CallbackModule(CallbackBase):
    """Compares each start of a task on a host with the wanted boundaries."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "gongbang_halt"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._file = os.environ["GONGBANG_HALT_AT"]
        with open(self._file) as wanted:
            self._wanted = set(wanted.read().splitlines())
        self._play = ""

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Remember the play's name."""
        self._play = play.get_name()

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        """Called before the task is handed to a worker: stand still when this is a wanted boundary."""
        where = (task.get_path() or "").removeprefix(ROOT)
        boundary = f"{self._play}\t{where}\t{host.get_name()}"
        if boundary in self._wanted:
            draft = f"{self._file}.draft"
            with open(draft, "w") as reached:
                reached.write(boundary)
            os.rename(draft, f"{self._file}.reached")
            while True:
                time.sleep(60)
