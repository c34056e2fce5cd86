"""How the programs of this folder end when they are told to stop or meet what the project refuses."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

from gongbang.errors import ExitCode, GongbangError


def exit_code(work: Callable[[], ExitCode], stopped: str) -> int:
    """The exit code of `work`; SIGTERM is taken like Ctrl-C, and `stopped` says what that leaves behind."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return int(work())
    except GongbangError as error:
        print(error, file=sys.stderr)
        return int(error.code)
    except KeyboardInterrupt:
        print(stopped, file=sys.stderr)
        return int(ExitCode.INTERRUPTED)
