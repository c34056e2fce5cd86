"""containerd and the kubelet's side of it on each node."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import yaml

from gongbang.model import Node
from tests.cluster.expect import Expected, check

Facts = dict[str, Any]


def kubelet(facts: Facts) -> dict[str, Any]:
    return yaml.safe_load(facts["kubelet_config"]) or {}


def containerd(facts: Facts) -> dict[str, Any]:
    try:
        return tomllib.loads(facts["containerd_config"])
    except tomllib.TOMLDecodeError as error:
        raise AssertionError(
            f"containerd's configuration cannot be read\n  seen: {error}\n  fix:  containerd config dump"
        ) from error


def runtime_table(facts: Facts) -> dict[str, Any]:
    plugins = containerd(facts).get("plugins", {})
    return dict(plugins.get("io.containerd.cri.v1.runtime", {}).get("containerd", {}))


def test_containerd_is_version_two(facts: Facts) -> None:
    seen = facts["containerd_version"]
    version = next((word.lstrip("v") for word in seen.split() if word.lstrip("v")[:1].isdigit()), "")
    check(version.startswith("2."), "containerd is not version 2", seen, "./inv cluster.up")


def test_runc_answers(facts: Facts) -> None:
    check(
        facts["runc_version"].startswith("runc version"),
        "runc does not run",
        facts["runc_version"],
        "apt install containerd.io",
    )


def test_runtime_is_ready(facts: Facts) -> None:
    conditions = (
        json.loads(facts["crictl"]).get("status", {}).get("conditions", [])
        if facts["crictl"].startswith("{")
        else []
    )
    states = {entry["type"]: entry["status"] for entry in conditions}
    check(
        states.get("RuntimeReady"),
        "the container runtime is not ready",
        states or facts["crictl"][-300:],
        "journalctl -u containerd",
    )


def test_runtime_has_a_pod_network(facts: Facts) -> None:
    conditions = (
        json.loads(facts["crictl"]).get("status", {}).get("conditions", [])
        if facts["crictl"].startswith("{")
        else []
    )
    states = {entry["type"]: entry for entry in conditions}
    check(
        states.get("NetworkReady", {}).get("status"),
        "the pod network is not ready",
        states.get("NetworkReady"),
        "ls /etc/cni/net.d; kubectl get pods -A -l app.kubernetes.io/name=flannel",
    )


def test_cgroup_drivers_are_the_same(facts: Facts) -> None:
    driver = kubelet(facts).get("cgroupDriver")
    table = runtime_table(facts).get("runtimes", {}).get("runc", {}).get("options", {})
    runtime = "systemd" if table.get("SystemdCgroup") else "cgroupfs"
    check(
        driver == runtime,
        "kubelet and containerd use different cgroup drivers",
        f"kubelet {driver}, containerd {runtime}",
        "./inv cluster.up",
    )


def test_cgroup_driver_is_the_declared_one(node: Node, facts: Facts, expected: Expected) -> None:
    wanted = "systemd" if expected.get(node, "container_runtime_systemd_cgroup", True) else "cgroupfs"
    seen = kubelet(facts).get("cgroupDriver")
    check(seen == wanted, f"the kubelet's cgroup driver is not {wanted}", seen, "./inv cluster.up")


def test_registry_mirror_is_configured(mirror: dict[str, Any], facts: Facts) -> None:
    path = f"/etc/containerd/certs.d/{mirror['registry']}/hosts.toml"
    text = facts["mirrors"].get(path, "")
    check(
        mirror["url"] in text,
        f"containerd does not know the mirror of {mirror['registry']}",
        text or f"no {path}",
        "./inv cluster.up",
    )


def test_registry_mirror_is_verified(mirror: dict[str, Any], facts: Facts) -> None:
    found = {path: text for path, text in facts["mirrors"].items() if f"/{mirror['registry']}/" in path}
    unsafe = [path for path, text in found.items() if "skip_verify = true" in text]
    check(
        not unsafe,
        f"the mirror of {mirror['registry']} is not verified",
        unsafe,
        "give its CA in cluster_registry_mirrors",
    )
    wanted = (mirror.get("ca") or "").strip()
    # A CA that only Ansible can look up stands here as a template: then any certificate will do.
    sign = "-----BEGIN CERTIFICATE-----" if "{{" in wanted else wanted
    check(
        any(sign in text for text in found.values()),
        f"the CA of the mirror of {mirror['registry']} is not on the node",
        sorted(found),
        "./inv cluster.up",
    )


def test_pod_network_is_configured(facts: Facts) -> None:
    names = [path for path in facts["cni"] if path.endswith((".conflist", ".conf"))]
    check(
        names,
        "no pod network is configured",
        sorted(facts["cni"]),
        "kubectl get pods -A -o wide: does the CNI's agent run here?",
    )


def test_network_plugins_are_there(facts: Facts) -> None:
    missing = {"bridge", "host-local", "loopback", "portmap"} - set(facts["cni_plugins"])
    check(
        not missing, "network plugins are missing", sorted(missing), "apt install --reinstall kubernetes-cni"
    )


def test_kubelet_is_healthy(facts: Facts) -> None:
    check(
        facts["kubelet_health"] == "ok",
        "the kubelet is not healthy",
        facts["kubelet_health"],
        "journalctl -u kubelet",
    )


def test_kubelet_asks_the_cluster_for_its_certificate(facts: Facts) -> None:
    seen = kubelet(facts).get("serverTLSBootstrap")
    check(
        seen is True,
        "the kubelet signs its serving certificate itself",
        seen,
        "serverTLSBootstrap: true in the kubelet's configuration; ./inv cluster.up",
    )


def test_kubelet_refuses_strangers(facts: Facts) -> None:
    seen = {
        "authentication": kubelet(facts).get("authentication"),
        "authorization": kubelet(facts).get("authorization"),
    }
    anonymous = ((seen["authentication"] or {}).get("anonymous") or {}).get("enabled")
    mode = (seen["authorization"] or {}).get("mode")
    check(anonymous is False and mode == "Webhook", "the kubelet answers anyone", seen, "./inv cluster.up")


def test_pods_get_a_real_resolver(node: Node, facts: Facts, expected: Expected) -> None:
    seen = kubelet(facts).get("resolvConf")
    looped = facts["resolvers"].get(seen or "/etc/resolv.conf", [])
    bad = [address for address in looped if address.startswith("127.") or address == "::1"]
    check(
        looped and not bad,
        "pods' resolver is a loopback address: DNS would ask itself",
        {seen: looped},
        "host_resolver_upstreams; ./inv cluster.up",
    )


def test_control_images_are_here(facts: Facts) -> None:
    images = json.loads(facts["images"]).get("images", []) if facts["images"].startswith("{") else []
    tags = [tag for image in images for tag in image.get("repoTags", [])]
    wanted = ("registry.k8s.io/pause:", "registry.k8s.io/kube-proxy:")
    missing = [name for name in wanted if not any(tag.startswith(name) for tag in tags)]
    check(not missing, "images are missing on this node", missing, "kubeadm config images pull")
