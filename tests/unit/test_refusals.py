"""Real inventories that are wrong, through the command itself: all is listed at once, nothing is touched, exit code 2."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

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


def test_one_run_lists_all_that_an_inventory_has_wrong(site: Path) -> None:
    (site / "hosts.yml").write_text(yaml.safe_dump(HOSTS))
    (site / "group_vars/all/zz_wrong.yml").write_text(yaml.safe_dump(WRONG))
    argv = [str(ROOT / "inv"), "cluster.up", "--inventory", str(site)]
    done = subprocess.run(argv, cwd=ROOT, text=True, capture_output=True, timeout=120, check=False)
    assert done.returncode == ExitCode.BAD_INPUT, done.stdout + done.stderr
    assert "no node was touched" in done.stderr
    assert [name for name, words in LISTED.items() if words not in done.stderr] == [], done.stderr
