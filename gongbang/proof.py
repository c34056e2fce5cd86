"""Runs a proof of tests/cluster in a process of its own, tells what it says at once, and its failure."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from gongbang import proc, session
from gongbang.errors import ExitCode
from gongbang.model import Cluster
from gongbang.paths import ROOT
from gongbang.session import RunFailedError
from gongbang.summary import Failure

SHOWN = 12
"""How many of its last lines a failure carries."""


def run(cluster: Cluster, command: str, words: Sequence[str], *, failed: str, fix: str) -> ExitCode:
    """Run the proof that belongs to a command (`verify.drift`: tests/cluster/drift.py); RunFailedError, told as `failed`, when it ends badly."""
    program = f"tests.cluster.{command.rpartition('.')[2]}"
    lines: list[str] = []

    def tell(line: str) -> None:
        session.say(line)
        lines.append(line)

    argv = [sys.executable, "-u", "-m", program, "--inventory", str(cluster.inventory), *words]
    code = ExitCode(proc.stream(argv, tell, cwd=ROOT))
    if code is ExitCode.DONE:
        return code
    last = "\n".join(lines[-SHOWN:])
    current = session.current()
    if current:
        current.fail(Failure(None, command, None, last, fix), code)
    raise RunFailedError(failed, last, code=code)
