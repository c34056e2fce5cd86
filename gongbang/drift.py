"""Runs the proof that the plan sees what people do: tests/cluster/drift.py, in a process of its own."""

from __future__ import annotations

import sys

from gongbang import hints, proc, session
from gongbang.errors import ExitCode
from gongbang.model import Cluster
from gongbang.paths import ROOT
from gongbang.session import RunFailedError
from gongbang.summary import Failure


def run(cluster: Cluster) -> ExitCode:
    """Make all drifts, plan, mend, plan; raises RunFailedError when one was not named or not mended.

    It holds the cluster's lock while it makes the drifts; the run that it starts takes it itself.
    """
    lines: list[str] = []

    def tell(line: str) -> None:
        session.say(line)
        lines.append(line)

    words = [sys.executable, "-u", "-m", "tests.cluster.drift", "--inventory", str(cluster.inventory)]
    code = ExitCode(proc.stream(words, tell, cwd=ROOT))
    if code is not ExitCode.DONE:
        last = "\n".join(lines[-12:])
        current = session.current()
        if current:
            mend = f"{hints.command('cluster.up', cluster.inventory)} mends what is left"
            current.fail(Failure(None, "verify.drift", None, last, mend), code)
        raise RunFailedError("a drift was not named or not mended", last, code=code)
    return code
