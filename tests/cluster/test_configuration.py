"""The configuration that really runs is the inventory's: kubelets, API server, controller manager, scheduler, kube-proxy."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from gongbang.model import Node
from tests.cluster.api import Api
from tests.cluster.expect import Expected, check, differences

PARTS = {
    "kube-apiserver": "apiServer",
    "kube-controller-manager": "controllerManager",
    "kube-scheduler": "scheduler",
}


def test_kubelet_runs_with_the_declared_configuration(api: Api, expected: Expected, node: Node) -> None:
    wanted = expected.get(node, "kubeadm_kubelet_configuration", {})
    seen = api.answer(f"configz/{node.name}").get("kubeletconfig", {})
    wrong = differences(wanted, seen)
    check(seen and not wrong, "the kubelet runs with another configuration", wrong, "./inv cluster.up")


@pytest.mark.parametrize("part", PARTS)
def test_component_runs_with_the_declared_arguments(
    api: Api, expected: Expected, control_plane: Node, part: str
) -> None:
    declared: dict[str, Any] = expected.get(control_plane, "kubeadm_cluster_configuration", {})
    arguments = (declared.get(PARTS[part]) or {}).get("extraArgs") or []
    pod = api.one("Pod", f"{part}-{control_plane.name}", "kube-system") or {}
    seen = [word for box in pod.get("spec", {}).get("containers", []) for word in box.get("command", [])]
    lacking = [one for one in arguments if f"--{one['name']}={one['value']}" not in seen]
    check(
        seen and not lacking, f"{part} runs without declared arguments", lacking or seen, "./inv cluster.up"
    )


def test_cluster_configuration_is_the_declared_one(api: Api, expected: Expected, first: str) -> None:
    text = api.answer("kubeadm_config").get("data", {}).get("ClusterConfiguration", "{}")
    wrong = differences(expected.get(first, "kubeadm_cluster_configuration", {}), yaml.safe_load(text) or {})
    check(not wrong, "kubeadm's record of the cluster is another one", wrong, "./inv cluster.up")


def test_proxy_configuration_is_the_declared_one(api: Api, expected: Expected, first: str) -> None:
    text = api.answer("proxy_config").get("data", {}).get("config.conf", "{}")
    wrong = differences(
        expected.get(first, "kubeadm_kube_proxy_configuration", {}), yaml.safe_load(text) or {}
    )
    check(not wrong, "kube-proxy's configuration is another one", wrong, "./inv cluster.up")
