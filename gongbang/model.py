"""The frozen view of a cluster that the Python layer works with; the inventory is its only source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KINDS: tuple[str, ...] = ("container", "vm")
CONTROL_PLANE = "control_plane"
WORKERS = "workers"
GROUPS = (CONTROL_PLANE, WORKERS)


@dataclass(frozen=True)
class Node:
    """One machine of the cluster, as its inventory line and group variables describe it."""

    name: str
    address: str
    groups: frozenset[str]
    kind: str
    """`container` or `vm`; what the inventory says is kept as it is, preflight refuses others."""
    vars: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Cluster:
    """One inventory: its nodes and the facts that they share. `vars` are those of the first node."""

    name: str
    nodes: tuple[Node, ...]
    inventory: Path
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    vars: Mapping[str, Any] = field(default_factory=dict, repr=False)
    kubernetes_version: str = ""
    pod_network: str = ""
    service_network: str = ""
    endpoint: str = ""
    cni: str = ""
    releases: tuple[Mapping[str, Any], ...] = ()
    is_lab: bool = False
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """What ansible-vault hides in the inventory; variables with telling names are found by redact.secrets_in()."""

    def nodes_in(self, group: str) -> tuple[Node, ...]:
        """The nodes of one group, in the inventory's order."""
        return tuple(node for node in self.nodes if group in node.groups)

    @property
    def node_names(self) -> frozenset[str]:
        """The names of all nodes."""
        return frozenset(node.name for node in self.nodes)
