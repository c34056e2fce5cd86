"""A virtual machine of a scenario is a machine of inventories/onprem: other addresses, the bundle's URLs and keys, patience."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gongbang.model import Node
from gongbang.paths import ROOT
from tests.contract.test_inventories import cluster_of

OTHER_MACHINES = (
    "lab_.*", "ansible_(host|user|ssh_.*)", "cluster_name", "cluster_(endpoint_name|.*_address|.*_hosts)", "__node_.*",
)  # fmt: skip
THE_BUNDLE = (
    "bundle_.*", "__bundle_images", "cluster_package_repositories", "cluster_registry_mirrors",
    "package_repository_system_sources", "helm_registry_ca", "docker_packages", "helm_releases",
)  # fmt: skip
PATIENCE = (
    "cluster_verify_patience", "kubeadm_timeout", "cni_ready_timeout", "helm_timeout", "(control_plane|worker)_.*_timeout",
    "kubeadm_(init|join|cluster)_configuration", "helm_ready_timeout", "ansible_timeout",
)  # fmt: skip
ALLOWED = re.compile("|".join([*OTHER_MACHINES, *THE_BUNDLE, *PATIENCE]))


RESOLVER: dict[str, Any] = {"host_resolver_upstreams": []}
"""The role's default, said again: the lab's containers have a value, and a virtual machine has a resolver of its own."""


def node_of(path: str, name: str) -> Node:
    return next(node for node in cluster_of(ROOT / path).nodes if node.name == name)


@pytest.mark.parametrize(
    ("scenario", "name", "like"), [("vm", "v1", "w1"), ("vms", "v1", "cp1"), ("vms", "v2", "w1")]
)
def test_a_virtual_machine_has_the_variables_of_onprem(scenario: str, name: str, like: str) -> None:
    machine, site = node_of(f"molecule/{scenario}/inventory", name), node_of("inventories/onprem", like)
    assert machine.kind == "vm"
    here, there = machine.vars, {**RESOLVER, **site.vars}
    other = {key for key in {*here, *there} if here.get(key) != there.get(key)}
    assert {key for key in other if not ALLOWED.fullmatch(key)} == set()


@pytest.mark.parametrize("scenario", ["vm", "vms"])
def test_their_releases_are_those_of_onprem(scenario: str) -> None:
    here, site = (
        cluster_of(ROOT / path) for path in (f"molecule/{scenario}/inventory", "inventories/onprem")
    )
    assert [(release["name"], release["chart"]) for release in here.releases] == [
        (release["name"], release["chart"]) for release in site.releases
    ]
