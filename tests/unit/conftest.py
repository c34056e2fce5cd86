from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gongbang.model import Cluster, Node

LOCAL = 'ansible_connection=local ansible_python_interpreter="{{ ansible_playbook_python }}"'


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes into the user's folders or the repository's artifacts."""
    monkeypatch.setenv("GONGBANG_ARTIFACTS", str(tmp_path / "artifacts"))
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.delenv("GONGBANG_INVENTORY", raising=False)


@pytest.fixture
def local_inventory(tmp_path: Path) -> Path:
    """Two hosts that are both this machine."""
    path = tmp_path / "local.ini"
    path.write_text(f"here {LOCAL}\nthere {LOCAL}\n")
    return path


GOOD = {
    "cluster_name": "lab",
    "cluster_kubernetes_version": "1.36.3",
    "cluster_pod_network": "10.244.0.0/16",
    "cluster_service_network": "10.96.0.0/16",
    "lab_network": "172.30.36.0/24",
}


@pytest.fixture
def make_cluster() -> Callable[..., Cluster]:
    """Builds a cluster: hosts as {name: address}, the first one the control plane; `more` overrides variables."""

    def make(hosts: Mapping[str, str] | None = None, **more: Any) -> Cluster:
        values = GOOD | more
        hosts = hosts or {"cp1": "172.30.36.11", "w1": "172.30.36.21", "w2": "172.30.36.22"}
        nodes = tuple(
            Node(
                name=name,
                address=address,
                groups=frozenset({"all", "workers" if index else "control_plane"}),
                kind=str(values.get("lab_node_kind", "container")),
                vars=values,
            )
            for index, (name, address) in enumerate(hosts.items())
        )
        groups = {
            group: tuple(node.name for node in nodes if group in node.groups)
            for group in ("all", "control_plane", "workers")
        }
        return Cluster(
            name=values["cluster_name"], nodes=nodes, inventory=Path("inventories/lab"), groups=groups, vars=values,
            kubernetes_version=values["cluster_kubernetes_version"], pod_network=values["cluster_pod_network"],
            service_network=values["cluster_service_network"], is_lab="lab_network" in values,
            cni=values.get("cluster_cni", "flannel"),
        )  # fmt: skip

    return make
