"""What there is to check on a cluster, taken from its inventory: the values that checks are multiplied over."""

from __future__ import annotations

import secrets
from typing import Any

import yaml

from gongbang.inventory import enabled
from gongbang.model import CONTROL_PLANE, Cluster
from gongbang.paths import ROOT
from tests.cluster.certificates import kubelet_request
from tests.cluster.expect import Expected

SERVICES = ("containerd", "kubelet", "docker", "ssh")
PACKAGES = ("kubeadm", "kubelet", "kubectl")
CERTIFICATES = {
    "apiserver.crt": "ca.crt",
    "apiserver-kubelet-client.crt": "ca.crt",
    "apiserver-etcd-client.crt": "etcd/ca.crt",
    "front-proxy-client.crt": "front-proxy-ca.crt",
    "etcd/server.crt": "etcd/ca.crt",
    "etcd/peer.crt": "etcd/ca.crt",
    "etcd/healthcheck-client.crt": "etcd/ca.crt",
    "../admin.conf": "ca.crt",
    "../controller-manager.conf": "ca.crt",
    "../scheduler.conf": "ca.crt",
}
PKI = "/etc/kubernetes/pki/"
CONTROL_PLANE_MODES = {
    "admin.conf": ("/etc/kubernetes/admin.conf", 0o600),
    "super-admin.conf": ("/etc/kubernetes/super-admin.conf", 0o600),
    "controller-manager.conf": ("/etc/kubernetes/controller-manager.conf", 0o600),
    "scheduler.conf": ("/etc/kubernetes/scheduler.conf", 0o600),
    "pki-keys": (PKI + "*.key", 0o600),
    "etcd-pki-keys": (PKI + "etcd/*.key", 0o600),
    "pki-certificates": (PKI + "*.crt", 0o644),
    "etcd-data": ("/var/lib/etcd", 0o700),
    "static-pods": ("/etc/kubernetes/manifests/*.yaml", 0o600),
}
NODE_MODES = {
    "kubelet.conf": ("/etc/kubernetes/kubelet.conf", 0o600),
    "kubelet-config": ("/var/lib/kubelet/config.yaml", 0o644),
    "kubelet-pki": ("/var/lib/kubelet/pki/*.pem", 0o600),
    "containerd-socket": ("/run/containerd/containerd.sock", 0o660),
    "docker-socket": ("/run/docker.sock", 0o660),
    "cni-config": ("/etc/cni/net.d/*.conflist", 0o644),
}
MODULES = ("br_netfilter", "overlay")
OPTIONAL = ("super-admin.conf",)
APPROVER = "kubelet-csr-approver"
PROBE_REGISTRY = "registry.gongbang.internal"
PROBE_CHART = yaml.safe_load((ROOT / "charts/web/Chart.yaml").read_text())
PROBE_IMAGE = f"{PROBE_REGISTRY}/web:{PROBE_CHART['appVersion']}"


def same(names: Any) -> list[tuple[str, Any]]:
    """Names that are their own values."""
    return [(str(name), name) for name in names]


def of(cluster: Cluster) -> dict[str, list[tuple[str, Any]]]:
    """Fixture name -> (id, value) for each thing that the inventory declares."""
    expected = Expected(cluster)
    first = next(iter(cluster.nodes_in(CONTROL_PLANE)), cluster.nodes[0])
    mirrors = expected.get(first, "cluster_registry_mirrors", []) or []
    modules = [
        (node.name, str(module))
        for node in cluster.nodes
        for module in expected.get(node, "host_kernel_modules", list(MODULES))
    ]
    return {
        "service": same(SERVICES),
        "package": same(PACKAGES),
        "module": same(dict.fromkeys([*MODULES, *(module for _, module in modules)])),
        "loaded_module": [(f"{module}-{name}", (name, module)) for name, module in modules],
        "sysctl": same(expected.get(first, "host_sysctls", {})),
        "certificate": same(CERTIFICATES),
        "guarded": [(name, (path, mode)) for name, (path, mode) in CONTROL_PLANE_MODES.items()],
        "file": [(name, (path, mode)) for name, (path, mode) in NODE_MODES.items()],
        "mirror": [(str(mirror["registry"]), mirror) for mirror in mirrors],
        "release": [(str(release["name"]), release) for release in releases(cluster)],
    }


def asked(cluster: Cluster, expected: Expected) -> dict[str, Any]:
    """The arguments of remote/node.py."""
    first = next(iter(cluster.nodes_in(CONTROL_PLANE)), cluster.nodes[0])
    modes = [path for path, _ in [*CONTROL_PLANE_MODES.values(), *NODE_MODES.values()]]
    return {
        "modules": [name for name, _ in of(cluster)["module"]],
        "sysctls": [name for name, _ in of(cluster)["sysctl"]],
        "services": list(SERVICES),
        "names": [str(expected.get(first, "cluster_endpoint_name", "")), *sorted(cluster.node_names)],
        "modes": modes,
        "certificates": [
            PKI + "*.crt",
            PKI + "etcd/*.crt",
            "/etc/kubernetes/*.conf",
            "/var/lib/kubelet/pki/*.pem",
        ],
    }


def cni_release(cluster: Cluster) -> dict[str, Any]:
    """The release that the CNI's data file describes, if there is such a file."""
    return dict(cni_data(cluster).get("__cni_release", {}))


def cni_data(cluster: Cluster) -> dict[str, Any]:
    """What the CNI's data file says."""
    path = ROOT / "roles" / "cni" / "vars" / f"{cluster.cni}.yml"
    return dict(yaml.safe_load(path.read_text())) if path.exists() else {}


def agents(cluster: Cluster) -> set[tuple[str, str]]:
    """Namespace and name of the DaemonSets that run on every node: kube-proxy, and the CNI's by its definition of ready."""
    release = cni_release(cluster).get("namespace", "")
    found = {("kube-system", "kube-proxy")}
    for workload in cni_data(cluster).get("__cni_ready", []):
        *namespace, kind, name = workload.split("/")
        if kind == "daemonset":
            found.add((namespace[0] if namespace else release, name))
    return found


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Two sets of values, the second over the first, at any depth."""
    both = {
        key: merged(below[key], value)
        if isinstance(value, dict) and isinstance(below.get(key), dict)
        else value
        for key, value in above.items()
    }
    return {**below, **both}


def releases(cluster: Cluster) -> list[dict[str, Any]]:
    """All releases that the inventory declares, those that come with the CNI first."""
    expected = Expected(cluster)
    first = next(iter(cluster.nodes_in(CONTROL_PLANE)), cluster.nodes[0])
    network = cni_release(cluster)
    if network and (changes := expected.get(first, "cni_values", {})):
        network["values"] = merged(dict(network.get("values") or {}), dict(changes))
    early = expected.get(first, "cni_early_releases", [])
    found = [*([network] if network else []), *(early if isinstance(early, list) else []), *cluster.releases]
    each = {(str(release["name"]), str(release.get("namespace", "default"))): release for release in found}
    return list(enabled([dict(expected.resolve(first, dict(release))) for release in each.values()]))


def release_keys(cluster: Cluster) -> list[dict[str, str]]:
    """Name and namespace of each release."""
    return [
        {"name": str(release["name"]), "namespace": str(release.get("namespace", "default"))}
        for release in releases(cluster)
    ]


def knows_addresses(cluster: Cluster) -> bool:
    """Whether the inventory declares our approver, and which address each node has."""
    found = (release for release in releases(cluster) if release["name"] == APPROVER)
    return any((release.get("values") or {}).get("nodeAddresses") for release in found)


def questions(cluster: Cluster) -> dict[str, Any]:
    """The arguments of remote/api.py; where the approver knows each node's address, with a request that it has to deny."""
    keys = release_keys(cluster)
    foreign = None
    if knows_addresses(cluster):
        first = cluster.nodes_in(CONTROL_PLANE)[0]
        another = next((node.address for node in cluster.nodes if node.name != first.name), "192.0.2.1")
        name = f"gongbang-verify-{secrets.token_hex(3)}"
        foreign = {"name": name, "request": kubelet_request(first.name, another)}
    names = [node.name for node in cluster.nodes]
    return {"releases": keys, "foreign": foreign, "nodes": names}


def probe_image(cluster: Cluster, expected: Expected) -> str:
    """The image of probe pods: the inventory's, else our own where the nodes can pull it."""
    first = cluster.nodes_in(CONTROL_PLANE)[0]
    named = expected.get(first, "cluster_probe_image", "")
    mirrored = {mirror["registry"] for mirror in expected.get(first, "cluster_registry_mirrors", []) or []}
    return str(named or (PROBE_IMAGE if PROBE_REGISTRY in mirrored else ""))
