"""How a lab stands, found without starting or changing anything."""

from __future__ import annotations

import json

from gongbang import engine, paths, proc
from gongbang.bundle import serve
from gongbang.lab import vm
from gongbang.model import Cluster

RUNNING, STOPPED, ABSENT = "running", "stopped", "absent"
SINCE = '{{index .Config.Labels "gongbang.node"}} {{.Id}} {{.State.StartedAt}}'
ANSWER_S = 60
"""How long the engine may take to list or describe containers."""


def states(cluster: Cluster) -> dict[str, str]:
    """`running`, `stopped` or `absent` for each node of a lab inventory."""
    containers = _containers(cluster.name) if engine.answers() else {}
    machines = paths.lab_state_dir(cluster.name) / "vms"
    found = {}
    for node in cluster.nodes:
        if node.kind == "vm":
            there = STOPPED if (machines / node.name).is_dir() else ABSENT
            found[node.name] = RUNNING if vm.is_running(machines / node.name) else there
        else:
            found[node.name] = containers.get(node.name, ABSENT)
    return found


def served(cluster: Cluster) -> bool:
    """Whether the nodes can install: from the bundle that is served to them, or from elsewhere."""
    if cluster.vars.get("lab_source", "bundle") != "bundle":
        return True
    return serve.served().get(str(cluster.vars["lab_gateway"]), False)


def since(name: str) -> dict[str, str]:
    """Which container each running node of a lab is, and since when; GongbangError when the engine cannot tell."""
    running = _listed(name, "{{.ID}}", "--filter", "status=running")
    lines = _lines(["docker", "inspect", "--format", SINCE, *running]) if running else []
    return dict(line.split(" ", 1) for line in lines)


def _containers(name: str) -> dict[str, str]:
    rows = [json.loads(line) for line in _listed(name, "{{json .}}")]
    labels = [dict(pair.split("=", 1) for pair in row["Labels"].split(",") if "=" in pair) for row in rows]
    return {
        label.get("gongbang.node", ""): RUNNING if row["State"] == "running" else STOPPED
        for label, row in zip(labels, rows, strict=True)
    }


def _listed(name: str, wanted: str, *words: str) -> list[str]:
    mine = f"label=gongbang.cluster={name}"
    return _lines(["docker", "ps", "--all", "--filter", mine, "--format", wanted, *words])


def _lines(argv: list[str]) -> list[str]:
    return proc.run(argv, timeout=ANSWER_S).stdout.splitlines()
