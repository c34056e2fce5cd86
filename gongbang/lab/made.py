"""What the last run has left of a lab: while the very same nodes run, made from the same, nobody has to look at them again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gongbang import paths
from gongbang.bundle import store
from gongbang.files import write_atomically
from gongbang.lab import standing
from gongbang.model import Cluster

ROLE = paths.ROOT / "roles" / "lab_node"
PLAYBOOK = paths.ROOT / "playbooks" / "lab.yml"


def stands(cluster: Cluster, given: Mapping[str, Any]) -> bool:
    """Whether every node has run without a break since the last run, which was given the same.

    A virtual machine restarts without a trace out here, and what a node of an upstream lab was given can be taken from it: no.
    """
    alike = all(node.kind == "container" for node in cluster.nodes)
    if not alike or cluster.vars.get("lab_source") == "upstream":
        return False
    try:
        left = json.loads(_file(cluster).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(left == _now(cluster, given))


def forget(cluster: Cluster) -> None:
    """A run has begun that may leave something else."""
    _file(cluster).unlink(missing_ok=True)


def remember(cluster: Cluster, given: Mapping[str, Any]) -> None:
    """A run has ended well that was given this; every node has answered."""
    with suppress(OSError):  # the next run looks for itself
        write_atomically(_file(cluster), json.dumps(_now(cluster, given)))


def _now(cluster: Cluster, given: Mapping[str, Any]) -> dict[str, Any]:
    """What nodes are made from, as a key, and since when each of them runs."""
    nodes = [(node.name, node.kind, node.address, node.vars) for node in cluster.nodes]
    made_from = store.key_of(given, nodes, store.checksums(ROLE), store.sha256(PLAYBOOK))
    return {"from": made_from, "since": standing.since(cluster.name)}


def _file(cluster: Cluster) -> Path:
    return paths.lab_state_dir(cluster.name) / "made.json"
