"""How a lab stands, found without starting or changing anything."""

from __future__ import annotations

import json

from gongbang import engine, paths, proc
from gongbang.bundle import serve
from gongbang.lab import vm
from gongbang.model import Cluster

RUNNING, STOPPED, ABSENT = "running", "stopped", "absent"
SINCE = "{{.Name}} {{.Id}} {{.State.Status}} {{.State.StartedAt}}"


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


def since(name: str) -> list[str]:
    """Each container of a lab, how it does and since when: a line that changes when it is made, started or paused."""
    containers = _listed(name, "{{.ID}}")
    return sorted(_lines(["docker", "inspect", "--format", SINCE, *containers])) if containers else []


def _containers(name: str) -> dict[str, str]:
    rows = [json.loads(line) for line in _listed(name, "{{json .}}")]
    labels = [dict(pair.split("=", 1) for pair in row["Labels"].split(",") if "=" in pair) for row in rows]
    return {
        label.get("gongbang.node", ""): RUNNING if row["State"] == "running" else STOPPED
        for label, row in zip(labels, rows, strict=True)
    }


def _listed(name: str, wanted: str) -> list[str]:
    return _lines(["docker", "ps", "--all", "--filter", f"label=gongbang.cluster={name}", "--format", wanted])


def _lines(argv: list[str]) -> list[str]:
    return proc.run(argv).stdout.splitlines()
