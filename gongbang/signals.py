"""Ctrl-C, termination, a closed terminal: once means stop at the next boundary, twice means at once."""

from __future__ import annotations

import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def handled(handler: Callable[[], None]) -> Iterator[None]:
    """Call `handler` on these signals inside the block, then put the old handlers back.

    Under nohup SIGHUP stays ignored. Outside the main thread nothing can be installed and the block runs as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def act(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            _leave_terminal()
        handler()

    minded = [one for one in NUMBERS if one != signal.SIGHUP or signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, act) for number in minded}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _leave_terminal() -> None:
    """A terminal that was closed takes no more words: writing to it would be an error in the middle of the end."""
    for stream in (sys.stdout, sys.stderr):
        if stat.S_ISCHR(os.fstat(stream.fileno()).st_mode):  # isatty() says no as soon as it is closed
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _interrupt() -> None:
    raise KeyboardInterrupt


@contextmanager
def as_interrupt() -> Iterator[None]:
    """Each of them raises KeyboardInterrupt inside the block."""
    with handled(_interrupt):
        yield
