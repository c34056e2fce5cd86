"""The nodes as the API knows them."""

from __future__ import annotations

from typing import Any

from gongbang.model import CONTROL_PLANE, Cluster, Node
from tests.cluster.api import Api
from tests.cluster.expect import Expected, check, condition

CONTROL_PLANE_LABEL = "node-role.kubernetes.io/control-plane"


def registered(api: Api, node: Node) -> dict[str, Any]:
    found = api.one("Node", node.name)
    check(
        found,
        f"node {node.name} has not joined",
        [item["metadata"]["name"] for item in api.all("Node")],
        "./inv cluster.up",
    )
    assert found is not None
    return found


def test_nodes_are_the_inventorys(api: Api, cluster: Cluster) -> None:
    seen = {item["metadata"]["name"] for item in api.all("Node")}
    check(
        seen == set(cluster.node_names),
        "cluster and inventory have other nodes",
        sorted(seen),
        "add the host to the inventory, or kubectl delete node",
    )


def test_node_is_ready(api: Api, node: Node) -> None:
    seen = {
        entry["type"]: f"{entry['status']} {entry.get('message', '')}"
        for entry in registered(api, node)["status"].get("conditions", [])
    }
    check(
        seen.get("Ready", "").startswith("True"),
        f"node {node.name} is not Ready",
        seen.get("Ready"),
        f"journalctl -u kubelet on {node.name}",
    )


def test_node_is_under_no_pressure(api: Api, node: Node) -> None:
    kinds = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
    seen = [kind for kind in kinds if condition(registered(api, node), kind) == "True"]
    check(not seen, f"node {node.name} is under pressure", seen, f"kubectl describe node {node.name}")


def test_node_takes_pods(api: Api, node: Node) -> None:
    seen = registered(api, node)["spec"].get("unschedulable", False)
    check(
        not seen, f"node {node.name} is cordoned", f"unschedulable: {seen}", f"kubectl uncordon {node.name}"
    )


def test_node_has_the_declared_version(api: Api, node: Node, cluster: Cluster) -> None:
    seen = registered(api, node)["status"]["nodeInfo"]["kubeletVersion"]
    check(
        seen == f"v{cluster.kubernetes_version}",
        f"the kubelet of {node.name} has another version",
        seen,
        "./inv cluster.up",
    )


def test_node_uses_containerd_two(api: Api, node: Node) -> None:
    seen = registered(api, node)["status"]["nodeInfo"]["containerRuntimeVersion"]
    check(
        seen.startswith("containerd://2."),
        f"{node.name} runs another container runtime",
        seen,
        "./inv cluster.up",
    )


def test_node_has_the_inventorys_address(api: Api, node: Node) -> None:
    seen = [
        entry["address"]
        for entry in registered(api, node)["status"].get("addresses", [])
        if entry["type"] == "InternalIP"
    ]
    check(
        node.address in seen,
        f"{node.name} has joined with another address",
        seen,
        "kubelet's --node-ip; ./inv cluster.up",
    )


def test_node_has_a_pod_range(api: Api, node: Node, cluster: Cluster) -> None:
    seen = registered(api, node)["spec"].get("podCIDR", "")
    check(
        seen,
        f"{node.name} has no range of pod addresses",
        seen,
        f"is {cluster.pod_network} large enough for all nodes?",
    )


def test_node_has_its_labels(api: Api, node: Node, expected: Expected) -> None:
    wanted = {key: str(value) for key, value in (expected.get(node, "cluster_node_labels", {}) or {}).items()}
    if CONTROL_PLANE in node.groups:
        wanted[CONTROL_PLANE_LABEL] = ""
    seen = registered(api, node)["metadata"].get("labels", {})
    missing = {key: seen.get(key) for key, value in wanted.items() if seen.get(key) != value}
    check(not missing, f"{node.name} lacks labels", missing, "./inv cluster.up")


def declared_taints(node: Node, expected: Expected) -> set[tuple[str, str]]:
    """Key and effect of the node's taints: those that kubeadm gives it, and the inventory's."""
    given = list(expected.get(node, "cluster_node_taints", []) or [])
    if CONTROL_PLANE in node.groups:
        standard = [{"key": CONTROL_PLANE_LABEL, "effect": "NoSchedule"}]
        given += (expected.get(node, "kubeadm_node_registration", {}) or {}).get("taints", standard)
    return {taint_of(taint) for taint in given}


def taint_of(taint: Any) -> tuple[str, str]:
    """A taint's key and effect, however it is written (key=value:effect, or as an object)."""
    if isinstance(taint, str):
        key, _, effect = taint.rpartition(":")
        return key.split("=")[0], effect
    return str(taint["key"]), str(taint["effect"])


def test_node_has_its_taints(api: Api, node: Node, expected: Expected) -> None:
    own = {taint_of(taint) for taint in registered(api, node)["spec"].get("taints", [])}
    seen = {taint for taint in own if not taint[0].startswith("node.kubernetes.io/")}
    check(
        seen == declared_taints(node, expected),
        f"the taints of {node.name} are others than declared",
        sorted(seen),
        "./inv cluster.up",
    )
