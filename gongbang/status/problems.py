"""What is wrong with a cluster, each with the command that helps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gongbang.model import CONTROL_PLANE, Cluster
from gongbang.status import renewal
from gongbang.status.asking import Answer
from gongbang.status.report import CertificateStatus, ControlPlaneStatus, NodeStatus, Problem, ReleaseStatus
from gongbang.status.tables import Answers

DAYS = 30
"""A certificate with fewer days left is a problem."""
UP = "./inv cluster.up"
CONTAINERS = {
    "API server": "kube-apiserver",
    "scheduler": "kube-scheduler",
    "controller-manager": "kube-controller-manager",
    "etcd": "etcd",
}
"""The container's name of each component."""


def silent(cluster: Cluster, answers: Answers) -> Iterator[Problem]:
    """Nodes that do not answer over SSH."""
    for node in cluster.nodes:
        answer = answers.get(node.name, Answer())
        if answer.silence:
            other = "./inv lab.up starts it" if cluster.is_lab else f"ssh {node.address}; is the machine on?"
            yield Problem(f"{node.name} does not answer over SSH: {answer.silence}", answer.fix or other)


def logs(container: str) -> str:
    """The commands that show what a container of the control plane said at last, and why there may be none."""
    newest = f"crictl ps --all --latest --quiet --name '^{container}$'"
    return f'crictl logs --tail 20 "$({newest})"; journalctl -u kubelet -n 20 --no-pager'


def component_problems(planes: tuple[ControlPlaneStatus, ...]) -> Iterator[Problem]:
    """Components of the control plane that are not well."""
    for plane in planes:
        for part, said in plane.components.items():
            if said != "ok":
                yield Problem(f"{part} on {plane.name}: {said}", f"on {plane.name}: {logs(CONTAINERS[part])}")


def node_problems(
    nodes: tuple[NodeStatus, ...], answers: Answers, known: Mapping[str, Any] | None
) -> Iterator[Problem]:
    """Nodes that are not ready, services that do not run, nodes that nobody declared."""
    for node in nodes:
        answer = answers.get(node.name, Answer())
        stopped = [unit for unit, state in (answer.get("units") or {}).items() if state != "active"]
        if node.state == "not in inventory":
            yield Problem(
                f"{node.name} is in the cluster and not in the inventory",
                f"add it, or kubectl delete node {node.name}",
            )
        elif node.state == "not joined":
            yield Problem(f"{node.name} is not in the cluster", UP)
        elif stopped and not answer.silence:
            yield Problem(f"{', '.join(stopped)} on {node.name} does not run", UP)
        elif node.state not in ("Ready", "unknown", "silent"):
            said = (known or {}).get(node.name, {}).get("message", "")
            cordoned = node.state == "Ready, cordoned"
            fix = f"kubectl uncordon {node.name}" if cordoned else f"on {node.name}: journalctl -u kubelet"
            yield Problem(
                f"{node.name} is {node.state}" + (f": {said}" if said and not cordoned else ""), fix
            )


def release_problems(
    releases: tuple[ReleaseStatus, ...], known: Mapping[str, Any] | None
) -> Iterator[Problem]:
    """Releases that are declared and missing, or not deployed."""
    for one in releases if known is not None else ():
        if one.status != "deployed":
            yield Problem(f"release {one.name} is {one.status}", "./inv charts.up")


def certificate_problems(cluster: Cluster, certificates: tuple[CertificateStatus, ...]) -> Iterator[Problem]:
    """Certificates that end soon, or have ended."""
    heads = {node.name for node in cluster.nodes_in(CONTROL_PLANE)}
    for one in certificates:
        if one.days_left < DAYS:
            left = (
                f"ends in {one.days_left} days" if one.days_left >= 0 else f"ended {-one.days_left} days ago"
            )
            fix = renewal.fix(one, control_plane=one.node in heads)
            yield Problem(f"{one.file} on {one.node} {left}", fix)
