"""The lab's nodes under the crash sweep: made new, emptied, cut from power or network, watched for a moment."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gongbang import engine, proc
from gongbang.errors import ExitCode, GongbangError
from gongbang.model import CONTROL_PLANE, Cluster, Node
from gongbang.remote import ADMIN
from gongbang.sweep import driver
from gongbang.sweep.driver import Run

EMPTY = "rm -rf /var/log/gongbang/*; /usr/local/lib/gongbang/kubeadm-reset"
"""Leaves a node with all packages, files and images, and no cluster."""
SECONDS = 120.0


def fresh(cluster: Cluster) -> None:
    """No node of the lab exists, and the engine runs."""
    gone(cluster)
    engine.ensure()


def gone(cluster: Cluster) -> None:
    """No node of the lab exists; with the last lab the engine may end."""
    engine.ensure()
    driver.command(cluster, "lab.down")


def standing(cluster: Cluster) -> None:
    """The cluster is there, as an earlier shot or run has left it or made now."""
    ready = f"test -x /usr/local/lib/gongbang/kubeadm-reset && kubectl --kubeconfig {ADMIN} get --raw /readyz"
    argv = ["docker", "exec", container(cluster, head(cluster)), "sh", "-c", ready]
    if proc.run(argv, timeout=SECONDS, check=False).returncode != 0:
        driver.command(cluster, "cluster.up")


def emptied(cluster: Cluster) -> None:
    """Every node has its packages, and none a cluster."""
    standing(cluster)
    with ThreadPoolExecutor(len(cluster.nodes)) as pool:
        list(pool.map(lambda node: shell(cluster, node, EMPTY), cluster.nodes))


def without_member(cluster: Cluster, node: Node) -> None:
    """The cluster runs and the node is no member of it."""
    standing(cluster)
    kubectl(cluster, f"delete node {node.name} --ignore-not-found")
    shell(cluster, node, EMPTY)


def head(cluster: Cluster) -> Node:
    """The first control plane."""
    return cluster.nodes_in(CONTROL_PLANE)[0]


def container(cluster: Cluster, node: Node) -> str:
    """The name of the node's container."""
    return f"{cluster.name}-{node.name}"


def shell(cluster: Cluster, node: Node, script: str) -> str:
    """What a shell script prints as root on a node, past SSH."""
    argv = ["docker", "exec", container(cluster, node), "sh", "-c", script]
    return proc.run(argv, timeout=SECONDS).stdout


def kubectl(cluster: Cluster, words: str) -> str:
    """What kubectl prints on the first control plane."""
    return shell(cluster, head(cluster), f"kubectl --kubeconfig {ADMIN} {words}")


def told(cluster: Cluster) -> str:
    """What nodes, pods, requests, events and disks say, as far as the control plane answers."""
    ask = f"export KUBECONFIG={ADMIN}; kubectl get nodes,pods,csr --all-namespaces --output wide; df -h /var;"
    ask += " kubectl get events --all-namespaces --sort-by .lastTimestamp | tail -n 60"
    argv = ["docker", "exec", container(cluster, head(cluster)), "sh", "-c", ask]
    done = proc.run(argv, timeout=SECONDS, check=False)
    return done.stdout + done.stderr


def power_cut(cluster: Cluster, node: Node) -> None:
    """The node is dead at once, and started again."""
    name = container(cluster, node)
    proc.run(["docker", "kill", name], timeout=SECONDS)
    proc.run(["docker", "start", name], timeout=SECONDS)


def cut_off(cluster: Cluster, node: Node) -> None:
    """The node keeps running and its cable is pulled; `docker network disconnect` would also rewrite its /etc/hosts."""
    cable(cluster, node, "down")


def back(cluster: Cluster, node: Node) -> None:
    """The cable is in again."""
    cable(cluster, node, "up")


def cable(cluster: Cluster, node: Node, state: str) -> None:
    """Set the machine's end of the node's network interface up or down."""
    peer = shell(cluster, node, "cat /sys/class/net/eth0/iflink")
    ends = [end.parent for end in Path("/sys/class/net").glob("*/ifindex") if end.read_text() == peer]
    if not ends:
        raise GongbangError(
            "a node's network interface has no end on this machine",
            f"{node.name}, interface {peer.strip()}",
            "see ip link; the sweep needs container nodes",
            ExitCode.FAILED,
        )
    proc.run(["ip", "link", "set", ends[0].name, state])


def answers(cluster: Cluster, node: Node) -> bool:
    """Whether the node is there and has a Python."""
    argv = ["docker", "exec", container(cluster, node), "python3", "-c", ""]
    return proc.run(argv, timeout=SECONDS, check=False).returncode == 0


def watch(cluster: Cluster, node: Node, script: str, words: Sequence[str]) -> subprocess.Popen[str]:
    """A Python script on the node that prints a line when its moment has come."""
    argv = ["docker", "exec", container(cluster, node), "python3", "-c", script, *words]
    return subprocess.Popen(argv, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def require(run: Run, problem: str) -> None:
    """GongbangError unless the run ended well."""
    if run.code != 0:
        seen = str(run.summary().get("failure") or f"exit code {run.code}")
        raise GongbangError(problem, seen, f"read {run.output} and {run.record}", ExitCode.FAILED)
