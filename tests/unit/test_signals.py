"""A closed terminal ends a run like Ctrl-C: with a real terminal that is closed under a real process."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gongbang.paths import ROOT

CHILD = """
import sys, time
from pathlib import Path
from gongbang.signals import as_interrupt
try:
    with as_interrupt():
        Path(sys.argv[1]).write_text("ready")
        time.sleep(float(sys.argv[2]))
except KeyboardInterrupt:
    print("stopping", flush=True)
    Path(sys.argv[1]).write_text("stopped in order")
    sys.exit(130)
Path(sys.argv[1]).write_text("went on")
"""


@pytest.mark.parametrize(
    ("before", "said", "code"),
    [([], "stopped in order", 130), (["nohup"], "went on", 0)],
    ids=["plain", "nohup"],
)
def test_a_closed_terminal(tmp_path: Path, before: list[str], said: str, code: int) -> None:
    told = tmp_path / "told"
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        ["setsid", "--ctty", *before, sys.executable, "-c", CHILD, str(told), "30" if not before else "2"],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    os.close(theirs)
    until = time.monotonic() + 20
    while not told.exists() and time.monotonic() < until:
        time.sleep(0.02)
    os.close(ours)
    assert child.wait(timeout=20) == code
    assert told.read_text() == said
