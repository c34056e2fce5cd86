"""Drifts of prepared nodes: one plan names each, one run mends all, then the plan is empty. Runs last: it installs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from gongbang import plan, runner
from gongbang.errors import ExitCode
from gongbang.model import Cluster

DRIFTS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("drifts.yml").read_text())
NODES = {"worker": "w1", "control_plane": "cp1"}
OnNode = Callable[[str, str], str]
Lines = list[tuple[str, str]]


def swaps() -> bool:
    """Whether this machine has swap of its own: then no container may turn it off."""
    return len(Path("/proc/swaps").read_text().splitlines()) > 1


def prepare(cluster: Cluster, check: bool = False) -> Lines:
    """Run the part of cluster.up that prepares nodes: what it changes, or would, by node."""
    done = runner.run(
        "playbooks/hosts.yml", cluster.inventory, command="drifts", check=check, cluster=cluster.name,
        extra_vars={"host_swap_manage": not swaps()}, hosts_expected=cluster.node_names,
    )  # fmt: skip
    assert done.code is ExitCode.DONE, done.summary["failure"]
    return [(one.host, f"{one.role} {one.change}") for one in plan.changes(done.told)]


def test_one_plan_names_every_drift_and_one_run_mends_all(lab: Cluster, on_node: OnNode) -> None:
    drifts = [one for one in DRIFTS if not (swaps() and one["name"].startswith("swap"))]
    prepare(lab)
    assert prepare(lab, check=True) == []
    for one in drifts:
        on_node(NODES[one["node"]], one["make"])
    planned = prepare(lab, check=True)
    explained: Lines = []
    for one in drifts:
        for pattern in one["names"]:
            found = [row for row in planned if row[0] == NODES[one["node"]] and re.fullmatch(pattern, row[1])]
            assert found, f"{one['name']}: no line like {pattern}; the plan is {planned}"
            explained += found
    assert [row for row in planned if row not in explained] == [], "nobody has made this"
    prepare(lab)
    assert prepare(lab, check=True) == []
