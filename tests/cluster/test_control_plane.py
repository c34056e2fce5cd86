"""etcd and the API server."""

from __future__ import annotations

import yaml

from gongbang.model import CONTROL_PLANE, Cluster, Node
from tests.cluster.api import Api
from tests.cluster.expect import Expected, check, condition

COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")


def test_etcd_is_healthy(api: Api) -> None:
    seen = api.answer("etcd_health")
    check(
        seen.get("health") == "true", "etcd is not healthy", seen, "crictl logs $(crictl ps --name etcd -q)"
    )


def test_etcd_has_no_alarm(api: Api) -> None:
    seen = api.answer("etcd_alarms")
    check(
        "error" not in seen and not seen.get("alarms"),
        "etcd has raised an alarm",
        seen,
        "etcdctl alarm list; etcdctl defrag",
    )


def test_etcd_members_are_the_control_planes(api: Api, cluster: Cluster) -> None:
    seen = sorted(member.get("name", "?") for member in api.answer("etcd_members").get("members", []))
    wanted = sorted(node.name for node in cluster.nodes_in(CONTROL_PLANE))
    check(seen == wanted, "etcd's members are not the control planes", seen, "etcdctl member list")


def test_etcd_database_has_room(api: Api) -> None:
    seen = int(api.answer("etcd_status").get("dbSize", 0))
    check(
        0 < seen < 1600 * 2**20,
        "etcd's database is near its limit of 2 GiB, or not told",
        f"{seen / 2**20:.0f} MiB",
        "etcdctl compact; etcdctl defrag",
    )


def test_api_is_ready(api: Api) -> None:
    seen = api.answer("readyz")
    bad = [line for line in (seen["out"] or seen["err"]).splitlines() if not line.startswith("[+]")][:5]
    check(
        seen["code"] == 0 and "readyz check passed" in seen["out"],
        "the API server is not ready",
        bad,
        "crictl logs $(crictl ps --name kube-apiserver -q)",
    )


def test_api_is_alive(api: Api) -> None:
    seen = api.answer("livez")
    check(
        seen["out"].strip() == "ok",
        "the API server is not alive",
        seen,
        "crictl logs $(crictl ps --name kube-apiserver -q)",
    )


def test_api_has_the_declared_version(api: Api, cluster: Cluster) -> None:
    seen = api.answer("version").get("serverVersion", {}).get("gitVersion")
    check(
        seen == f"v{cluster.kubernetes_version}",
        "the API server has another version",
        seen,
        "./inv cluster.up",
    )


def test_all_apis_are_available(api: Api) -> None:
    down = [
        item["metadata"]["name"] for item in api.all("APIService") if condition(item, "Available") != "True"
    ]
    check(not down, "API groups are not available", down, "kubectl get apiservices")


def test_api_groups_are_verified(api: Api) -> None:
    loose = [
        item["metadata"]["name"]
        for item in api.all("APIService")
        if item["spec"].get("insecureSkipTLSVerify")
    ]
    check(not loose, "an API group's server is not verified", loose, "give its APIService a caBundle")


def test_component_runs(api: Api, control_plane: Node) -> None:
    running = {
        pod["metadata"]["name"]: condition(pod, "Ready")
        for pod in api.all("Pod")
        if pod["metadata"]["namespace"] == "kube-system"
    }
    down = [
        name
        for name in (f"{part}-{control_plane.name}" for part in COMPONENTS)
        if running.get(name) != "True"
    ]
    check(not down, "parts of the control plane do not run", down, "crictl ps -a on the control plane")


def test_endpoint_is_a_name(api: Api, expected: Expected, first: str) -> None:
    text = api.answer("kubeadm_config").get("data", {}).get("ClusterConfiguration", "{}")
    seen = (yaml.safe_load(text) or {}).get("controlPlaneEndpoint")
    wanted = f"{expected.get(first, 'cluster_endpoint_name')}:{expected.get(first, 'cluster_endpoint_port')}"
    check(
        seen == wanted,
        "the cluster's endpoint is another one",
        seen,
        "it is set when the cluster is made: cluster_endpoint_name",
    )


def test_networks_are_the_declared_ones(api: Api, cluster: Cluster) -> None:
    text = api.answer("kubeadm_config").get("data", {}).get("ClusterConfiguration", "{}")
    seen = (yaml.safe_load(text) or {}).get("networking", {})
    good = (
        seen.get("podSubnet") == cluster.pod_network and seen.get("serviceSubnet") == cluster.service_network
    )
    check(
        good,
        "the cluster's networks are others",
        seen,
        "they are set when the cluster is made: cluster_pod_network, cluster_service_network",
    )


def test_proxy_has_the_declared_mode(api: Api, expected: Expected, first: str) -> None:
    text = api.answer("proxy_config").get("data", {}).get("config.conf", "{}")
    seen = (yaml.safe_load(text) or {}).get("mode")
    wanted = (expected.get(first, "kubeadm_kube_proxy_configuration", {}) or {}).get("mode", "nftables")
    check(seen == wanted, f"kube-proxy does not use {wanted}", seen, "./inv cluster.up")
