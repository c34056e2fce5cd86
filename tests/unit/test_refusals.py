"""Real inventories that are wrong, through the command itself: all is listed at once, nothing is touched, exit code 2."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from gongbang.errors import ExitCode
from gongbang.paths import ROOT

HOSTS = {
    "all": {
        "children": {
            "control_plane": {
                "hosts": {"cp1": {"ansible_host": "172.31.0.11"}, "CP_2": {"ansible_host": "172.31.0.12"}}
            },
            "wokers": {"hosts": {"w1": {"ansible_host": "172.31.0.13"}}},
            "workers": {
                "hosts": {
                    "w2": {"ansible_host": "172.31.0.11"},
                    "w3": {"ansible_host": "fd00::3"},
                    "w4": {"ansible_host": "node.example.org"},
                }
            },
        }
    }
}
WRONG = {
    "cluster_pod_network": "172.31.0.0/23",
    "cluster_service_network": "fd00:96::/112",
    "cluster_pod_netwrk": "10.1.0.0/16",
    "lab_network": "172.31.0.0/16",
}
LISTED = {
    "two networks overlap": "cluster_pod_network 172.31.0.0/23, lab_network 172.31.0.0/16",
    "the pod network is too small": "holds 2 of the /24",
    "a node inside the pod network": "cp1 172.31.0.11 in cluster_pod_network",
    "IPv6": "cluster_service_network is not IPv4",
    "a node with IPv6": "fd00::3 of w3",
    "a name as address": "node.example.org of w4",
    "a name that is no node's": "CP_2",
    "a misspelt group": "call it workers",
    "a misspelt variable": "write cluster_pod_network",
    "one address twice": "172.31.0.11: cp1, w2",
    "two control planes": "more than one control plane is not supported yet",
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The lab's inventory, to be made wrong."""
    shutil.copytree(ROOT / "inventories/lab", tmp_path / "site")
    return tmp_path / "site"


LONG = "w" * 64
WORKERS = {"hosts": {"w1": {"ansible_host": "172.31.0.13"}}}
NO_CONTROL_PLANE = "there is no control plane: the group control_plane is empty"
NODES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "names that no node can have": (
        {
            "control_plane": {"hosts": {"knöten": {"ansible_host": "172.31.0.11"}}},
            "workers": {"hosts": {LONG: {"ansible_host": "172.31.0.12"}}},
        },
        ("seen: knöten", f"seen: {LONG}", "at most 63 characters between dots"),
    ),
    "no control plane": (
        {"workers": WORKERS},
        (NO_CONTROL_PLANE, "seen: no host in it", "put one host in it"),
    ),
    "an empty group": (
        {"control_plane": {"hosts": {}}, "workers": WORKERS},
        (NO_CONTROL_PLANE, "seen: no host in it", "put one host in it"),
    ),
    "no host at all": (
        {"control_plane": {"hosts": {}}, "workers": {"hosts": {}}},
        (NO_CONTROL_PLANE, "seen: no host in it"),
    ),
}


def test_one_run_lists_all_that_an_inventory_has_wrong(site: Path) -> None:
    (site / "hosts.yml").write_text(yaml.safe_dump(HOSTS))
    (site / "group_vars/all/zz_wrong.yml").write_text(yaml.safe_dump(WRONG))
    done = run("cluster.up", site)
    assert done.returncode == ExitCode.BAD_INPUT, done.stdout + done.stderr
    assert "no node was touched" in done.stderr
    assert [name for name, words in LISTED.items() if words not in done.stderr] == [], done.stderr


@pytest.mark.parametrize(
    ("command", "case"), list(zip(["cluster.up", "cluster.plan"] * 2, NODES, strict=True)), ids=NODES
)
def test_nodes_that_make_no_cluster_are_refused(site: Path, command: str, case: str) -> None:
    groups, words = NODES[case]
    hosts = {"all": {"children": groups}}
    (site / "hosts.yml").write_text(yaml.safe_dump(hosts, allow_unicode=True), encoding="utf-8")
    done = run(command, site)
    assert done.returncode == ExitCode.BAD_INPUT, done.stdout + done.stderr
    assert "no node was touched" in done.stderr
    assert [text for text in words if text not in done.stderr] == [], done.stderr


def run(command: str, site: Path) -> subprocess.CompletedProcess[str]:
    """The command over this inventory, as people give it."""
    argv = [str(ROOT / "inv"), command, "--inventory", str(site)]
    return subprocess.run(argv, cwd=ROOT, text=True, capture_output=True, timeout=120, check=False)
