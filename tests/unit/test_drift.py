"""The proof of drifts stops as a user expects: the run that it has started ends in order first."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import drift

PROGRAM = """
import signal, sys, time
from pathlib import Path
def stop(*_):
    with open(sys.argv[1], "a") as told:
        told.write("interrupted\\n")
    time.sleep(1)
    with open(sys.argv[1], "a") as told:
        told.write("ended in order\\n")
    sys.exit(130)
signal.signal(signal.SIGINT, stop)
Path(sys.argv[1]).write_text("")
time.sleep(30)
"""


@pytest.fixture
def like_main() -> Iterator[None]:
    """SIGTERM as main has it."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("like_main")
def test_ctrl_c_lets_the_run_end_in_order(tmp_path: Path) -> None:
    told = tmp_path / "told"

    def ctrl_c() -> None:
        while not told.exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)  # as the parent does that had the same Ctrl-C

    threading.Thread(target=ctrl_c).start()
    with pytest.raises(KeyboardInterrupt):
        drift.ended([sys.executable, "-c", PROGRAM, str(told)])
    assert told.read_text() == "interrupted\nended in order\n"


def test_what_a_program_says_and_how_it_ends() -> None:
    assert drift.ended(["sh", "-c", "echo out; echo err >&2; exit 6"]) == (6, "out\n", "err\n")
