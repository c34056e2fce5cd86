"""Each node, below Kubernetes: names, swap, kernel, services, packages."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from gongbang.model import Cluster, Node
from tests.cluster.expect import Expected, check

Facts = dict[str, Any]


def test_host_answers_as_root(facts: Facts) -> None:
    check(
        facts["sudo"],
        "the SSH user does not become root",
        facts["sudo"],
        "give ansible_user sudo without a password",
    )


def test_hostname_is_the_inventorys(node: Node, facts: Facts) -> None:
    check(
        facts["hostname"] == node.name,
        "the host has another name",
        facts["hostname"],
        f"hostnamectl hostname {node.name}",
    )


def test_machine_id_is_its_own(node: Node, all_facts: dict[str, Any], facts: Facts) -> None:
    others = {
        name: other["machine_id"]
        for name, other in all_facts.items()
        if isinstance(other, dict) and name != node.name
    }
    same = [name for name, machine in others.items() if machine == facts["machine_id"]]
    check(
        facts["machine_id"] and not same,
        "two nodes have one machine id",
        same,
        "rm /etc/machine-id; systemd-machine-id-setup",
    )


def test_swap_is_off(node: Node, facts: Facts) -> None:
    machine = Path("/proc/swaps").read_text().splitlines()[1:] if node.kind == "container" else []
    shared = {line.split()[0] for line in machine}
    on = [line for line in facts["swaps"] if line.split()[0] not in shared]
    check(not on, "swap is on", on, "swapoff -a, or ./inv cluster.up")


def test_swap_stays_off_after_a_restart(facts: Facts) -> None:
    lines = [
        line.split()
        for line in facts["fstab"].splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    swaps = [" ".join(fields) for fields in lines if len(fields) > 2 and fields[2] == "swap"]
    check(
        not swaps + facts["swap_units"],
        "swap would come back",
        swaps + facts["swap_units"],
        "./inv cluster.up",
    )


def test_kernel_module_is_there(module: str, facts: Facts) -> None:
    check(
        facts["modules"][module],
        f"kernel module {module} is not loaded",
        facts["modules"],
        f"modprobe {module}",
    )


def test_kernel_module_is_loaded_at_start(loaded_module: tuple[str, str], all_facts: dict[str, Any]) -> None:
    name, module = loaded_module
    files = all_facts[name]["module_files"]
    named = [path for path, text in files.items() if module in text.split()]
    check(named, f"no file loads {module} when {name} starts", sorted(files), "./inv cluster.up")


def test_sysctl_is_set(sysctl: str, node: Node, expected: Expected, facts: Facts) -> None:
    wanted = str(expected.get(node, "host_sysctls")[sysctl])
    seen = facts["sysctls"][sysctl]
    check(seen == wanted, f"sysctl {sysctl} is not {wanted}", seen, f"sysctl -w {sysctl}={wanted}")


def test_sysctl_is_set_in_a_file(sysctl: str, node: Node, expected: Expected, facts: Facts) -> None:
    wanted = str(expected.get(node, "host_sysctls")[sysctl])
    seen = facts["sysctl_files"].get(sysctl, {})
    check(
        seen.get("value") == wanted,
        f"after a restart {sysctl} would not be {wanted}",
        seen or "in no file",
        "./inv cluster.up",
    )


def test_service_is_running(service: str, facts: Facts) -> None:
    seen = facts["services"].get(service, {})
    check(
        seen.get("ActiveState") == "active",
        f"service {service} does not run",
        seen,
        f"systemctl start {service}; journalctl -u {service}",
    )


def test_service_starts_with_the_host(service: str, facts: Facts) -> None:
    seen = facts["services"].get(service, {})
    check(
        seen.get("UnitFileState") == "enabled",
        f"service {service} is not enabled",
        seen,
        f"systemctl enable {service}",
    )


def test_package_has_the_declared_version(package: str, cluster: Cluster, facts: Facts) -> None:
    seen = facts["packages"].get(package, {})
    wanted = f"{cluster.kubernetes_version}-"
    check(
        seen.get("version", "").startswith(wanted),
        f"{package} is not {cluster.kubernetes_version}",
        seen,
        "./inv cluster.up",
    )


def test_package_is_held(package: str, facts: Facts) -> None:
    seen = facts["packages"].get(package, {})
    check(
        seen.get("want") == "hold",
        f"package {package} is not held: the next upgrade would take it along",
        seen,
        f"apt-mark hold {package}",
    )


def test_endpoint_name_resolves(node: Node, expected: Expected, facts: Facts) -> None:
    name, address = (
        expected.get(node, "cluster_endpoint_name"),
        expected.get(node, "cluster_endpoint_address"),
    )
    seen = facts["resolved"].get(name)
    check(
        seen == [address],
        f"{name} is not {address} on this node",
        seen,
        "./inv cluster.up (it writes /etc/hosts)",
    )


def test_node_names_resolve(cluster: Cluster, facts: Facts) -> None:
    wrong = {
        node.name: facts["resolved"][node.name]
        for node in cluster.nodes
        if node.address not in facts["resolved"][node.name]
    }
    check(not wrong, "node names resolve to something else", wrong, "./inv cluster.up (it writes /etc/hosts)")


def test_clock_agrees_with_the_other_nodes(node: Node, all_facts: dict[str, Any], facts: Facts) -> None:
    middle = statistics.median(other["time"] for other in all_facts.values() if isinstance(other, dict))
    # The nodes are asked at once, but each looks at its clock when it gets to it.
    check(
        abs(facts["time"] - middle) < 10 + facts["answered_within"],
        "the clock differs from the other nodes'",
        f"{facts['time'] - middle:+.1f} s",
        "systemctl status systemd-timesyncd",
    )


def test_var_has_room(facts: Facts) -> None:
    check(
        facts["disk"]["percent"] > 10,
        "less than 10 % of /var is free: the kubelet throws pods out",
        facts["disk"],
        "crictl rmi --prune",
    )


def test_package_sources_name_their_key(facts: Facts) -> None:
    bare = [
        path for path, text in facts["apt_sources"].items() if "URIs:" in text and "Signed-By:" not in text
    ]
    check(not bare, "a package source accepts any key of the machine", bare, "./inv cluster.up")


def test_no_service_of_ours_has_failed(facts: Facts) -> None:
    ours = ("containerd", "kubelet", "docker", "gongbang")
    failed = [line for line in facts["failed_units"] if line.strip().lstrip("●* ").startswith(ours)]
    check(not failed, "units have failed", failed, "systemctl --failed; systemctl reset-failed once mended")
