"""Stops a playbook at a task boundary: no new task starts once the file named by GONGBANG_STOP_FILE is there."""

from __future__ import annotations

import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: gongbang_gate
type: aggregate
short_description: ends the run before the next task when it is asked to stop
description:
  - The runner makes the file that GONGBANG_STOP_FILE names when the user asks to stop.
  - The running task ends by itself, the next one does not start on any host.
"""


class CallbackModule(CallbackBase):
    """Looks for the stop file before each task."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "gongbang_gate"
    CALLBACK_NEEDS_ENABLED = True

    def _check(self) -> None:
        stop = os.environ.get("GONGBANG_STOP_FILE", "")
        if stop and os.path.exists(stop):
            raise KeyboardInterrupt

    def v2_playbook_on_task_start(self, *_: object, **__: object) -> None:
        """Before a task."""
        self._check()

    def v2_playbook_on_handler_task_start(self, *_: object, **__: object) -> None:
        """Before a handler."""
        self._check()

    def v2_playbook_on_play_start(self, *_: object, **__: object) -> None:
        """Before a play."""
        self._check()
