"""Runs the proof that checks can fail: tests/cluster/sabotage.py."""

from __future__ import annotations

from gongbang import hints, lock, proof, session
from gongbang.errors import ExitCode
from gongbang.model import Cluster


def run(cluster: Cluster, *, only: str = "", part: str = "") -> ExitCode:
    """Break things one at a time and see the named checks fail; raises RunFailedError when one was not noticed."""
    lock.on_nodes()
    current = session.current()
    words = [word for name, value in (("--only", only), ("--part", part)) if value for word in (name, value)]
    words += ["--json", str(current.record.folder / "sabotage.json")] if current else []
    again = hints.command("verify.sabotage", cluster.inventory)
    return proof.run(cluster, "verify.sabotage", words, failed="a sabotage was not noticed", fix=again)
