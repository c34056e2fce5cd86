"""The tables of the status, out of what the nodes said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gongbang.model import CONTROL_PLANE, Cluster, Node
from gongbang.status.asking import Answer
from gongbang.status.report import ControlPlaneStatus, NodeStatus, ReleaseStatus

COMPONENTS = ("API server", "scheduler", "controller-manager", "etcd")
MIB = 1 << 20

Answers = Mapping[str, Answer]


def made(cluster: Cluster, answers: Answers) -> tuple[Node, ...]:
    """The control planes that answer and on which kubeadm has been."""
    return tuple(
        node for node in control_planes(cluster, answers) if "API server" in answers[node.name].facts
    )


def control_planes(cluster: Cluster, answers: Answers) -> tuple[Node, ...]:
    """The control planes that were asked."""
    return tuple(node for node in cluster.nodes_in(CONTROL_PLANE) if node.name in answers)


def known_nodes(cluster: Cluster, answers: Answers) -> dict[str, Any] | None:
    """The nodes that an API server knows, by name, each with its `age_s`; None when no API server tells."""
    for node in made(cluster, answers):
        answer = answers[node.name]
        listed = answer.get("nodes")
        if listed is not None:
            now = float(answer.facts["time"])
            return {item["name"]: item | {"age_s": age_s(item["created"], now)} for item in listed}
    return None


def node_table(cluster: Cluster, answers: Answers, known: Mapping[str, Any] | None) -> tuple[NodeStatus, ...]:
    """The inventory's nodes, then those that only the cluster knows."""
    rows = []
    for node in cluster.nodes if answers else ():
        role = "control plane" if CONTROL_PLANE in node.groups else "worker"
        rows.append(node_row(node.name, role, answers[node.name], known))
    strangers = [name for name in known or {} if name not in cluster.node_names]
    rows += [NodeStatus(name, "", (known or {})[name]["version"], "not in inventory") for name in strangers]
    return tuple(rows)


def node_row(name: str, role: str, answer: Answer, known: Mapping[str, Any] | None) -> NodeStatus:
    """One node of the inventory; what SSH says and what the API says, the worse of both."""
    item = (known or {}).get(name)
    version = item["version"] if item else ""
    age = item["age_s"] if item else None
    if answer.silence:
        state = "silent"
    elif item:
        state = {"True": "Ready", "False": "NotReady"}.get(item["ready"], "Unknown")
        state += ", cordoned" if item["cordoned"] else ""
    else:
        state = "unknown" if known is None and answer.facts.get("joined") else "not joined"
    return NodeStatus(name, role, version, state, age)


def age_s(created: str, now: float) -> int:
    """Seconds since an API server's time stamp."""
    return max(0, int(now - datetime.fromisoformat(created).timestamp()))


def control_plane(name: str, answer: Answer) -> ControlPlaneStatus:
    """What the components of one control plane say."""
    etcd = answer.get("etcd") or {}
    said = {part: answer.error(part) or "ok" for part in COMPONENTS}
    if etcd and (etcd["alarms"] or not etcd["healthy"]):
        said["etcd"] = f"alarm {', '.join(etcd['alarms'])}" if etcd["alarms"] else "unhealthy"
    size = round(etcd["bytes"] / MIB, 1) if etcd else None
    quota = round(etcd["quota"] / MIB, 1) if etcd and etcd["quota"] > 0 else None
    return ControlPlaneStatus(name, said, size, quota, etcd.get("members"), bool(etcd.get("leader")))


def release_table(cluster: Cluster, answers: Answers) -> tuple[ReleaseStatus, ...]:
    """The installed releases, then those that are declared and missing; empty when Helm could not be asked."""
    lists = (answers[node.name].get("releases") for node in made(cluster, answers))
    rows = next((listed for listed in lists if listed is not None), None)
    if rows is None:
        return ()
    there = [
        ReleaseStatus(row["name"], row["namespace"], row["status"], int(row["revision"]), row["chart"])
        for row in rows
    ]
    names = {(row.namespace, row.name) for row in there}
    wanted = [(str(one.get("namespace", "default")), str(one.get("name"))) for one in cluster.releases]
    missing = [ReleaseStatus(name, space, "missing") for space, name in wanted if (space, name) not in names]
    return tuple(there + missing)
