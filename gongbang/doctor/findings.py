"""What the doctor makes of a cluster's status: its problems, and those that only a second look tells. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from gongbang.model import Cluster
from gongbang.problem import Problem
from gongbang.status import Status
from gongbang.status.problems import silent
from gongbang.status.tables import Answers

FULL = 0.8
"""The part of its quota from which on etcd's database is nearly full; above the quota etcd takes no more writes."""
UP = "./inv cluster.up"
ETCDCTL = (
    "crictl exec $(crictl ps --quiet --name etcd) etcdctl --cacert=/etc/kubernetes/pki/etcd/ca.crt "
    "--cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt --key=/etc/kubernetes/pki/etcd/healthcheck-client.key"
)


def off(answers: Answers) -> list[str]:
    """The nodes that SSH does not reach; one that refuses sudo answers, and preflight says what it lacks."""
    return [name for name, answer in answers.items() if answer.silence and "sudo" not in answer.silence]


def running(answers: Answers) -> list[str]:
    """The steps of kubeadm that go on, each with its node."""
    return [f"{unit} on {name}" for name, answer in answers.items() for unit in answer.get("steps") or ()]


def of_status(cluster: Cluster, seen: Status, answers: Answers) -> list[Problem]:
    """Every finding that the status gives."""
    told = {
        f"etcd on {plane.name}: {plane.components.get('etcd')}"
        for plane in seen.control_planes
        if alarmed(plane.components)
    }
    told |= {one.problem for one in silent(cluster, answers)}
    dark = {name: answer for name, answer in answers.items() if name in off(answers)}
    found = [Problem(one.problem, "", one.fix) for one in silent(cluster, dark)]
    found += [*etcd(seen), *versions(cluster, seen)]
    return found + [Problem(one.problem, "", one.fix) for one in seen.problems if one.problem not in told]


def alarmed(components: dict[str, str]) -> bool:
    """Whether etcd has raised an alarm."""
    return components.get("etcd", "").startswith("alarm")


def etcd(seen: Status) -> Iterator[Problem]:
    """Alarms, and a database that is about to raise one."""
    for plane in seen.control_planes:
        size = plane.etcd_mib or 0.0
        if alarmed(plane.components):
            told = f"{plane.components['etcd']}, database {size} MiB"
            yield Problem(
                f"etcd on {plane.name} has raised an alarm and takes no writes", told, shrink(plane.name)
            )
        elif plane.etcd_quota_mib and size > plane.etcd_quota_mib * FULL:
            yield Problem(
                f"etcd's database on {plane.name} is nearly full",
                f"{size} of {plane.etcd_quota_mib:g} MiB",
                shrink(plane.name),
            )


def shrink(name: str) -> str:
    """The commands that give etcd room again."""
    return f'on {name}: etcdctl=\'{ETCDCTL}\'; sh -c "$etcdctl defrag"; sh -c "$etcdctl alarm disarm"'


def versions(cluster: Cluster, seen: Status) -> Iterator[Problem]:
    """Kubelets of another version than the declared one."""
    for node in seen.nodes:
        version = node.version.removeprefix("v")
        if version and version != cluster.kubernetes_version and node.name in cluster.node_names:
            told = f"kubelet {version}, declared {cluster.kubernetes_version}"
            yield Problem(f"{node.name} runs another version of Kubernetes", told, UP)


def text(cluster: Cluster, state: str, found: list[Problem]) -> str:
    """The findings as the terminal shows them."""
    head = f"{cluster.name}, Kubernetes {cluster.kubernetes_version}: {state}, "
    lines = [
        head + ("nothing found" if not found else f"{len(found)} finding{'s' if len(found) > 1 else ''}")
    ]
    for one in found:
        lines += (
            [f"  - {one.what}"]
            + ([f"      seen: {one.seen}"] if one.seen else [])
            + [f"      help: {one.fix}"]
        )
    return "\n".join(lines) + "\n"
