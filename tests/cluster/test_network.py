"""The network as pods and nodes see it: pods, Services, names, exec."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network

from gongbang.model import Cluster, Node
from tests.cluster.expect import Expected, check
from tests.cluster.probe import Probe

DNS_FIX = (
    "kubectl -n kube-system get pods -l k8s-app=kube-dns; kubectl -n kube-system logs -l k8s-app=kube-dns"
)
NETWORK_FIX = "kubectl get pods -A -l app.kubernetes.io/name=flannel -o wide; its logs on both nodes"
PROXY_FIX = "kubectl -n kube-system logs -l k8s-app=kube-proxy"


def seen_from(probe: Probe, node: str, target: str) -> tuple[bool, str]:
    if node not in probe.results:
        return False, probe.errors.get(node) or probe.problem or f"no probe pod on {node}"
    return probe.results[node].get(target, (False, "not tried: the target has no probe pod"))


def seen_by_host(probe: Probe, node: str, target: str) -> tuple[bool, str]:
    return probe.host_results.get(node, {}).get(
        target, (False, probe.problem or "not tried: no probe pods, or no answer from the node")
    )


def test_probe_pod_runs(probe: Probe, node: Node) -> None:
    why = probe.errors.get(node.name) or probe.problem or "no pod was made"
    check(
        node.name in probe.pods,
        f"no pod of the checks runs on {node.name}",
        why,
        f"kubectl describe node {node.name}; can it pull the image?",
    )


def test_exec_works(probe: Probe, node: Node) -> None:
    why = probe.errors.get(node.name) or probe.problem or "no probe pod"
    check(
        node.name in probe.results,
        f"kubectl exec does not work on {node.name}",
        why,
        "is the kubelet's serving certificate approved? kubectl get csr",
    )


def test_pod_reaches_pod_on_another_node(probe: Probe, pair: tuple[str, str]) -> None:
    source, target = pair
    good, text = seen_from(probe, source, f"http://{probe.addresses.get(target, '-')}:8080/")
    check(
        good and json.loads(text)["node"] == target,
        f"a pod on {source} does not reach one on {target}",
        text,
        NETWORK_FIX,
    )


def test_pod_reaches_itself(probe: Probe, node: Node) -> None:
    good, text = seen_from(probe, node.name, f"http://{probe.addresses.get(node.name, '-')}:8080/")
    check(good, f"a pod on {node.name} does not reach itself", text, NETWORK_FIX)


def test_pod_address_is_from_the_nodes_network(probe: Probe, node: Node, cluster: Cluster) -> None:
    seen = probe.addresses.get(node.name, "")
    check(
        seen and ip_address(seen) in ip_network(cluster.pod_network),
        "the pod's address is not from the pod network",
        seen or probe.errors.get(node.name),
        NETWORK_FIX,
    )


def test_service_address_works_from_pods(probe: Probe, node: Node) -> None:
    good, text = seen_from(probe, node.name, f"http://{probe.cluster_ip}/")
    check(good, f"a Service's address does not work from pods on {node.name}", text, PROXY_FIX)


def test_service_address_works_from_the_node(probe: Probe, node: Node) -> None:
    good, text = seen_by_host(probe, node.name, f"http://{probe.cluster_ip}/")
    check(good, f"a Service's address does not work on {node.name} itself", text, PROXY_FIX)


def test_service_name_works_from_pods(probe: Probe, node: Node, expected: Expected) -> None:
    domain = expected.get(node, "cluster_dns_domain", "cluster.local")
    good, text = seen_from(probe, node.name, f"http://{probe.name}.default.svc.{domain}/")
    check(good, f"a Service's name does not work from pods on {node.name}", text, DNS_FIX)


def test_pod_finds_the_api_by_name(probe: Probe, node: Node, expected: Expected) -> None:
    domain = expected.get(node, "cluster_dns_domain", "cluster.local")
    good, text = seen_from(probe, node.name, f"dns:kubernetes.default.svc.{domain}")
    check(good, f"cluster DNS does not answer pods on {node.name}", text, DNS_FIX)


def test_pod_finds_a_service_by_name(probe: Probe, node: Node, expected: Expected) -> None:
    domain = expected.get(node, "cluster_dns_domain", "cluster.local")
    good, text = seen_from(probe, node.name, f"dns:{probe.name}.default.svc.{domain}")
    check(
        good and probe.cluster_ip in text.split(),
        f"cluster DNS gives pods on {node.name} another address",
        text,
        DNS_FIX,
    )


def test_pod_finds_short_names(probe: Probe, node: Node) -> None:
    good, text = seen_from(probe, node.name, "dns:kubernetes.default")
    check(good, f"search domains do not work in pods on {node.name}", text, DNS_FIX)


def test_node_port_works_on_the_node(probe: Probe, node: Node, cluster: Cluster) -> None:
    """The port on this node, asked from every node."""
    target = f"http://{node.address}:{probe.node_port}/"
    bad = {
        other.name: text
        for other in cluster.nodes
        for good, text in [seen_by_host(probe, other.name, target)]
        if not good
    }
    check(not bad, f"the Service's port on {node.name} does not answer", bad, PROXY_FIX)


def test_node_port_works_from_pods(probe: Probe, node: Node) -> None:
    target = f"http://{node.address}:{probe.node_port}/"
    bad = {
        source: text
        for source in probe.results
        for good, text in [seen_from(probe, source, target)]
        if not good
    }
    check(
        probe.results and not bad,
        f"pods do not reach the Service's port on {node.name}",
        bad or probe.problem,
        PROXY_FIX,
    )
