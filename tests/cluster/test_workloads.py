"""What runs on the cluster, what waits, and what it tells of itself."""

from __future__ import annotations

import json

import pytest

from gongbang.model import Cluster, Node
from tests.cluster import lists
from tests.cluster.api import Api
from tests.cluster.expect import check, condition, pods_of


def test_no_pod_is_unhealthy(api: Api, node: Node) -> None:
    here = [pod for pod in pods_of({"Pod": api.all("Pod")}) if pod["spec"].get("nodeName") == node.name]
    bad = {
        f"{pod['metadata']['namespace']}/{pod['metadata']['name']}": pod["status"].get("phase")
        for pod in here
        if pod["status"].get("phase") != "Succeeded"
        and condition(pod, "Ready") != "True"
        and "deletionTimestamp" not in pod["metadata"]
    }
    check(not bad, f"pods on {node.name} are not healthy", bad, "kubectl describe pod")


def test_no_pod_waits_for_a_place(api: Api) -> None:
    waiting = [
        f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        for pod in pods_of({"Pod": api.all("Pod")})
        if not pod["spec"].get("nodeName")
    ]
    check(not waiting, "pods wait for a node", waiting, "kubectl describe pod")


def test_all_workloads_have_their_pods(api: Api) -> None:
    short = {}
    for kind, wanted, ready in (
        ("Deployment", "replicas", "readyReplicas"),
        ("StatefulSet", "replicas", "readyReplicas"),
        ("DaemonSet", "desiredNumberScheduled", "numberReady"),
    ):
        for item in api.all(kind):
            if "gongbang/verify" in item["metadata"].get("labels", {}):
                continue
            target = item["spec"].get("replicas", 1) if kind != "DaemonSet" else item["status"].get(wanted, 0)
            if item["status"].get(ready, 0) < target:
                short[f"{kind} {item['metadata']['namespace']}/{item['metadata']['name']}"] = (
                    f"{item['status'].get(ready, 0)} of {target}"
                )
    check(not short, "workloads lack pods", short, "kubectl describe them")


def test_agents_run_on_every_node(api: Api, cluster: Cluster) -> None:
    wanted, names = len(cluster.nodes), lists.agents(cluster)
    ready = {
        (item["metadata"]["namespace"], item["metadata"]["name"]): item["status"].get("numberReady", 0)
        for item in api.all("DaemonSet")
    }
    few = {"/".join(name): ready.get(name, 0) for name in names if ready.get(name, 0) < wanted}
    check(
        len(names) >= 2 and not few,
        f"kube-proxy or the CNI's agent does not run on all {wanted} nodes",
        few or names,
        "kubectl get daemonsets -A",
    )


def test_no_certificate_request_waits(api: Api) -> None:
    waiting = [
        item["metadata"]["name"]
        for item in api.all("CertificateSigningRequest")
        if not item.get("status", {}).get("conditions")
        and not item["metadata"]["name"].startswith("gongbang-verify-")
    ]
    check(
        not waiting,
        "certificate requests wait for approval",
        waiting,
        "kubectl -n kube-system logs deployment/kubelet-csr-approver",
    )


def test_node_gets_no_certificate_for_anothers_address(api: Api) -> None:
    """A node that could have one could pass for the API server."""
    if not api.problem and "foreign" not in api.answers:
        pytest.skip("the inventory declares no kubelet-csr-approver that knows each node's address")
    seen = api.answer("foreign")
    kinds = [entry["type"] for entry in seen.get("conditions", [])]
    check(
        kinds == ["Denied"],
        "a node's request for another node's address was not denied",
        seen,
        "nodeAddresses in the values of kubelet-csr-approver; kubectl -n kube-system logs deployment/kubelet-csr-approver",
    )


def test_no_join_token_is_left(api: Api) -> None:
    seen = api.answer("tokens")
    check(
        seen["code"] == 0 and not seen["out"].strip(),
        "a join token is still valid",
        seen["out"].split() or seen["err"],
        "kubeadm token list; kubeadm token delete",
    )


def test_no_certificate_key_is_left(api: Api) -> None:
    seen = api.answer("certificate_key")
    check(
        seen["code"] == 0 and not seen["out"].strip(),
        "the control plane's keys lie in the cluster (kubeadm-certs)",
        seen["out"] or seen["err"],
        "kubectl -n kube-system delete secret kubeadm-certs",
    )


def test_logs_can_be_read(api: Api, node: Node) -> None:
    seen = api.answer("logs").get(node.name, {"code": 1, "err": "no running pod on this node"})
    check(
        seen["code"] == 0,
        f"kubectl logs does not reach {node.name}",
        seen["err"],
        "is the kubelet's serving certificate approved? kubectl get csr",
    )


def test_metrics_of_the_node(api: Api, node: Node) -> None:
    seen = api.answer("top_nodes")
    rows = {line.split()[0]: line for line in seen["out"].splitlines() if line.split()}
    known = node.name in rows and "<unknown>" not in rows[node.name]
    check(
        known,
        f"kubectl top has nothing about {node.name}",
        rows.get(node.name) or seen["err"] or sorted(rows),
        "kubectl -n kube-system logs deployment/metrics-server",
    )


def test_metrics_of_pods(api: Api) -> None:
    seen = api.answer("top_pods")
    check(
        seen["code"] == 0 and seen["out"].strip(),
        "kubectl top has nothing about pods",
        seen["err"],
        "kubectl -n kube-system logs deployment/metrics-server",
    )


def test_autoscalers_see_metrics(api: Api) -> None:
    blind = {}
    for item in api.all("HorizontalPodAutoscaler"):
        current = item.get("status", {}).get("currentMetrics") or []
        values = [entry.get("resource", {}).get("current", {}).get("averageUtilization") for entry in current]
        if condition(item, "ScalingActive") != "True" or not any(value is not None for value in values):
            blind[item["metadata"]["name"]] = json.dumps(item.get("status", {}).get("conditions", []))[-300:]
    check(not blind, "autoscalers see no metrics", blind, "kubectl describe hpa")
