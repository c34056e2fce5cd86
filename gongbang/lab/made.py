"""What the last look at a lab has left: while the very same nodes run, made from the same, nobody has to look again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gongbang import paths
from gongbang.bundle import store
from gongbang.errors import GongbangError
from gongbang.files import write_atomically
from gongbang.lab import standing
from gongbang.model import Cluster, Node

ROLE = paths.ROOT / "roles" / "lab_node"
PLAYBOOK = paths.ROOT / "playbooks" / "lab.yml"


def unchanged(cluster: Cluster, given: Mapping[str, Any]) -> bool:
    """Whether every node runs, and has since the last look, which was `given` the same; when that cannot be found out, no.

    Never for a lab with virtual machines (a restart does not show here), nor with lab_source upstream (a node can lose its sources).
    """
    if cluster.vars.get("lab_source") == "upstream" or any(
        node.kind != "container" for node in cluster.nodes
    ):
        return False
    try:
        remembered = json.loads(_file(cluster).read_text(encoding="utf-8"))
        now = _now(cluster, given)
    except (OSError, ValueError, GongbangError):
        return False
    return bool(remembered == now) and cluster.node_names <= now["since"].keys()


def forget(cluster: Cluster) -> None:
    """The next run has to look: a look has begun, or a run has ended badly."""
    _file(cluster).unlink(missing_ok=True)


def remember(cluster: Cluster, given: Mapping[str, Any]) -> None:
    """A look that was given this has ended well: every node has answered."""
    with suppress(OSError, GongbangError):  # the next run looks again
        write_atomically(_file(cluster), json.dumps(_now(cluster, given)))


def _now(cluster: Cluster, given: Mapping[str, Any]) -> dict[str, Any]:
    """What nodes are made from, as a key, and since when each of them runs."""
    nodes = [(node.name, node.kind, node.address, _lab_variables(node)) for node in cluster.nodes]
    key = store.key_of(repr((given, nodes)), store.checksums(ROLE), store.sha256(PLAYBOOK))
    return {"from": key, "since": standing.since(cluster.name)}


def _lab_variables(node: Node) -> list[tuple[str, Any]]:
    """The variables that decide how a node is made; others may hold what only Ansible can work out."""
    return sorted((name, value) for name, value in node.vars.items() if name.startswith("lab_"))


def _file(cluster: Cluster) -> Path:
    return paths.lab_state_dir(cluster.name) / "made.json"
