"""Runs the proof that checks can fail: tests/cluster/sabotage.py, in a process of its own."""

from __future__ import annotations

import sys

from gongbang import hints, lock, proc, session
from gongbang.errors import ExitCode
from gongbang.model import Cluster
from gongbang.paths import ROOT
from gongbang.session import RunFailedError
from gongbang.summary import Failure


def run(cluster: Cluster, *, only: str = "", part: str = "") -> ExitCode:
    """Break things one at a time and see the named checks fail; raises RunFailedError when one was not noticed."""
    lock.on_nodes()
    current = session.current()
    words = [sys.executable, "-u", "-m", "tests.cluster.sabotage", "--inventory", str(cluster.inventory)]
    words += [word for name, value in (("--only", only), ("--part", part)) if value for word in (name, value)]
    words += ["--json", str(current.record.folder / "sabotage.json")] if current else []
    lines: list[str] = []

    def tell(line: str) -> None:
        session.say(line)
        lines.append(line)

    code = ExitCode(proc.stream(words, tell, cwd=ROOT))
    if code is not ExitCode.DONE:
        last = "\n".join(lines[-12:])
        if current:
            again = hints.command("verify.sabotage", cluster.inventory)
            current.fail(Failure(None, "verify.sabotage", None, last, again), code)
        raise RunFailedError("a sabotage was not noticed", last, code=code)
    return code
