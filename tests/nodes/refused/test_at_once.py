"""One run over nodes with many faults: it lists them all, changes nothing, and ends as bad input. So does plain Ansible."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gongbang.errors import ExitCode
from gongbang.paths import ROOT, TOOLS
from tests.nodes.refused.conftest import groups_of
from tests.nodes.refused.faults import FAULTS, Fault, OnNode, made

Site = Callable[[dict[str, Any]], Path]
Values = dict[str, Any]

X = {"name": "x", "namespace": "x"}
WRONG: Values = {
    "host_min_memory_mib": 999999,
    "host_min_disk_mib": {"/var": 99999999, "/var/lib/etcd": 1024},
    "host_swap_manage": False,
    "kubeadm_kubelet_configuration": {"failSwapOn": True},
    "host_allow_cgroup_v1": False,
    "host_kernel_modules": ["gb_no_such_module"],
    "host_sysctls": {"net.ipv4.ip_forward": 2},
    "host_resolver_upstreams": [],
    "cluster_service_network": "172.30.46.128/25",
    "cluster_kubernetes_version": "1.36.99",
    "helm_releases": [
        X | {"chart": "charts/nowhere"},
        X | {"chart": "charts/web", "values": {"replicas": "many"}},
    ],
}
LISTED: dict[str, tuple[str, ...]] = {
    "too little room for etcd": (
        "cp1: too little free disk at /var/lib/etcd",
        "8 MiB free",
        "host_min_disk_mib",
    ),
    "too little disk": ("w1: too little free disk at /var\n", "free 99999999 MiB"),
    "too little memory": ("w1: too little memory", "give it 999999 MiB", "host_min_memory_mib"),
    "a clock that is off": ("w1: the clock differs", "+10", "host_max_clock_skew"),
    "one hostname twice": ("cp1, w1: the same hostname", "hostnamectl hostname"),
    "one machine id twice": ("cp1, w1: the same machine id", "0123456789abcdef", "systemd-machine-id-setup"),
    "one network card twice": ("cp1, w1: the same mac", "02:00:00:00:00:07"),
    "one board twice": ("cp1, w1: the same product uuid", "03000200-0400-0500", "host_unique"),
    "swap that is not ours": ("w1: swap is on", "/dev/sdz9", "host_swap_manage: true"),
    "a stranger on the API's port": ("cp1: port 6443 is in use by a stranger", "python3", "stop python3"),
    "another etcd": ("cp1: port 2379 is in use by a stranger", "etcd"),
    "a stranger on the port of etcd's peers": ("cp1: port 2380 is in use by a stranger", "stop peer"),
    "a stranger on the kubelet's port": ("w1: port 10250 is in use by a stranger", "python3"),
    "Python that is missing": ("w1: Python is missing", "/usr/bin/python3", "apt-get install python3"),
    "Python that is too old": ("cp1: Python is too old", "3.6", "ansible_python_interpreter"),
    "no sudo": ("w2: commands cannot be run as root", "password", "ansible_become_password"),
    "another system": ("w1: the operating system is not supported", "ubuntu 24.04", "host_supported"),
    "another processor": ("w1: the processor is not supported", "armv7l", "x86_64"),
    "an old kernel": ("w1: the kernel is too old", "4.18.0-553", "host_min_kernel"),
    "cgroup v1": ("cp1: Kubernetes 1.36.99 needs cgroup v2", "tmpfs", "host_allow_cgroup_v1"),
    "a module that is not there": (
        "cp1: the kernel module gb_no_such_module",
        "not found",
        "host_kernel_modules",
    ),
    "a setting that cannot be made": ("cp1: the kernel setting net.ipv4.ip_forward", "ip_forward writable"),
    "an address of nobody": (
        "w1: the node does not have its address",
        "172.30.46.77",
        "cluster_node_address",
    ),
    "a network around the node": ("cp1: cluster_service_network overlaps", "172.30.46.0/24"),
    "a resolver that loops": (
        "cp1: the node's resolver listens on loopback",
        "127.0.0.",
        "host_resolver_upstreams",
    ),
    "a version that nobody has": ("no repository has the version", "1.36.99", "1.36.3", "cluster.yml"),
    "a chart that is not there": ("the chart does not exist", "charts/nowhere", "helm_releases"),
    "values that a chart refuses": ("the chart refuses the values", "replicas", "charts/web"),
}
OLD = "/usr/local/bin/python3-old"
OLD_PYTHON = Fault(
    "cp1",
    f"""printf '#!/bin/sh\\ncase "$*" in *version_info*) echo 3.6;; *) exec /usr/bin/python3 "$@";; esac\\n' > {OLD}; chmod +x {OLD}""",
    f"rm {OLD}",
)


@pytest.fixture
def wrong(site: Site) -> Path:
    """The inventory of the nodes with everything wrong that an inventory can say, as far as only nodes can tell."""
    path = site(WRONG)
    with groups_of(path) as groups:
        groups["control_plane"]["hosts"]["cp1"]["ansible_python_interpreter"] = OLD
        groups["workers"]["hosts"]["w1"]["cluster_node_address"] = "172.30.46.77"
    return path


@pytest.fixture
def faulty(untouched: None, on_node: OnNode) -> Iterator[None]:
    """Nodes with every fault; they are mended before they are compared."""
    with made(on_node, (*FAULTS, OLD_PYTHON)):
        yield


@pytest.mark.usefixtures("faulty")
def test_one_run_lists_every_fault_and_changes_nothing(wrong: Path, subtests: Any) -> None:
    done = run(str(ROOT / "inv"), "cluster.up", "--json", "--inventory", str(wrong))
    assert done.returncode == ExitCode.BAD_INPUT, done.stdout + done.stderr
    summary = json.loads(done.stdout)
    said = summary["failure"]["message"]
    for name, words in LISTED.items():
        with subtests.test(name):
            assert [word for word in words if word not in said] == [], said
    assert summary["changed"] == 0
    assert "nothing was changed" in said
    assert "mend what is listed" in summary["failure"]["next"]
    plain = playbook(wrong)
    assert plain.returncode == 2, plain.stdout
    assert all(words[0].strip() in plain.stdout for words in LISTED.values()), plain.stdout
    assert "changed=0" in plain.stdout
    assert not [line for line in plain.stdout.splitlines() if "changed=" in line and "changed=0" not in line]


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("limit", ["all", "w1"])
def test_good_nodes_are_not_refused(site: Site, limit: str) -> None:
    done = playbook(site({}), "--limit", limit)
    assert done.returncode == 0, done.stdout
    assert "changed=1" not in done.stdout


def playbook(inventory: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Preflight by plain ansible-playbook."""
    return run(str(TOOLS / "ansible-playbook"), "-i", str(inventory), "playbooks/preflight.yml", *more)


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    return subprocess.run(argv, cwd=ROOT, env=env, text=True, capture_output=True, timeout=300, check=False)
