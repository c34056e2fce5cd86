"""Ctrl-C and termination: once means stop at the next boundary, twice means at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

NUMBERS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def handled(handler: Callable[[], None]) -> Iterator[None]:
    """Call `handler` on SIGINT and SIGTERM inside the block, then put the old handlers back.

    Outside the main thread nothing can be installed and the block runs as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def act(_number: int, _frame: FrameType | None) -> None:
        handler()

    before = {number: signal.signal(number, act) for number in NUMBERS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _interrupt() -> None:
    raise KeyboardInterrupt


@contextmanager
def as_interrupt() -> Iterator[None]:
    """Both signals raise KeyboardInterrupt inside the block."""
    with handled(_interrupt):
        yield
