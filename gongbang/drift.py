"""Runs the proof that the plan sees what people do: tests/cluster/drift.py."""

from __future__ import annotations

from gongbang import hints, proof
from gongbang.errors import ExitCode
from gongbang.model import Cluster


def run(cluster: Cluster) -> ExitCode:
    """Make all drifts, plan, mend, plan; raises RunFailedError when one was not named or not mended.

    It holds the cluster's lock while it makes the drifts; the run that it starts takes it itself.
    """
    fix = f"{hints.command('cluster.up', cluster.inventory)} mends what is left"
    return proof.run(cluster, "verify.drift", [], failed="a drift was not named or not mended", fix=fix)
