"""Filter of the role host: what would stop a cluster on these nodes, all problems of all nodes at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from ipaddress import IPv4Network, ip_network
from itertools import combinations
from pathlib import Path
from statistics import median_low
from typing import Any

import yaml

Probe = Mapping[str, Any]
Want = Mapping[str, Any]

CONTROL_PLANE_PORTS = {
    6443: "kube-apiserver",
    2379: "etcd",
    2380: "etcd",
    10257: "kube-controller",
    10259: "kube-scheduler",
}
NODE_PORTS = {10248: "kubelet", 10249: "kube-proxy", 10250: "kubelet", 10256: "kube-proxy"}
PYTHON = "3.9"
"""The oldest Python that what we run on nodes works with; ansible-core 2.19 itself asks for 3.8."""
SHARED = {
    "hostname": "hostnamectl hostname NAME",
    "machine_id": "rm /etc/machine-id; systemd-machine-id-setup; reboot",
    "mac": "give the machine's network card an address of its own",
    "product_uuid": "give the machine a UUID of its own; where the board cannot, take product_uuid out of host_unique",
}
"""What may be asked to be each node's own, and what makes it so."""
SYSTEM = {
    "supported": "host_supported",
    "architectures": "host_architectures",
    "kernel": "host_min_kernel",
    "cgroup_v1": "host_allow_cgroup_v1",
}
"""What a node's system is asked for, and the variable that lets another one pass."""


def problem(what: str, seen: object, fix: str) -> str:
    """The three parts of a message."""
    return f"{what}\n    seen: {seen}\n    fix:  {fix}"


def older(version: object, least: str) -> bool:
    """Whether a version such as `6.1.0-31-amd64` is older than the least one, by its first two numbers."""
    parts = [part for part in str(version).replace("-", ".").split(".")[:2] if part.isdigit()]
    return [int(part) for part in parts] < [int(part) for part in least.split(".")]


def system_problems(probe: Probe, want: Want) -> Iterator[str]:
    """Operating system, kernel, processor, init, Python and cgroups."""
    os, release = probe.get("os", ""), str(probe.get("release", ""))
    if not {release, release.split(".")[0]} & set(want["supported"].get(os, [])):
        names = "; ".join(f"{name} {', '.join(releases)}" for name, releases in want["supported"].items())
        fix = f"use {names}, or extend host_supported"
        yield problem("the operating system is not supported", f"{os} {release}", fix)
    if older(probe.get("kernel"), want["kernel"]):
        fix = f"boot kernel {want['kernel']} or newer, or lower host_min_kernel"
        yield problem("the kernel is too old", probe.get("kernel"), fix)
    if probe.get("arch") not in want["architectures"]:
        fix = f"use {', '.join(want['architectures'])}, or extend host_architectures"
        yield problem("the processor is not supported", probe.get("arch"), fix)
    if probe.get("systemd") != "systemd":
        fix = "use a machine that runs systemd"
        yield problem("systemd is not the first process", probe.get("systemd"), fix)
    if not probe.get("python"):
        fix = "apt-get install python3, or set ansible_python_interpreter"
        yield problem("Python is missing", want["python"], fix)
    elif older(probe.get("python_version"), PYTHON):
        fix = f"install Python {PYTHON} or newer, or set ansible_python_interpreter"
        yield problem("Python is too old", f"{probe['python']} is {probe.get('python_version')}", fix)
    if probe.get("cgroup") != "cgroup2fs" and not older(want["kubernetes"], "1.35") and not want["cgroup_v1"]:
        fix = "boot with systemd.unified_cgroup_hierarchy=1, or set host_allow_cgroup_v1 and failCgroupV1: false"
        seen = f"cgroup v1 ({probe.get('cgroup')})"
        yield problem(f"Kubernetes {want['kubernetes']} needs cgroup v2", seen, fix)


def size_problems(probe: Probe, want: Want) -> Iterator[str]:
    """Memory and disk."""
    memory = int(probe.get("memory_mib") or 0)
    if memory < int(want["memory"]):
        fix = f"give it {want['memory']} MiB, or lower host_min_memory_mib"
        yield problem("too little memory", f"{memory} MiB", fix)
    for path, least in want["disk"].items():
        free = int(probe["disk_mib"].get(path) or 0)
        if free < int(least):
            fix = f"free {int(least)} MiB there, or lower host_min_disk_mib"
            yield problem(f"too little free disk at {path}", f"{free} MiB free", fix)


def kernel_problems(probe: Probe, want: Want) -> Iterator[str]:
    """Modules that cannot be loaded, settings that cannot be made, swap that nobody may turn off."""
    for module, why in probe["unloadable"].items():
        fix = f"install the kernel's modules (linux-modules of {probe.get('kernel')}), or take it out of host_kernel_modules"
        yield problem(f"the kernel module {module} cannot be loaded", why, fix)
    for key, value in want["sysctls"].items():
        live = " ".join(probe["sysctl"].get(key, "").split())
        if key not in probe["unwritable"] or live == str(value) or (not live and probe["no_module"]):
            continue  # a module that is not loaded yet may bring it
        fix = f"make /proc/sys/{key.replace('.', '/')} writable, or take it out of host_sysctls"
        yield problem(f"the kernel setting {key} cannot be set to {value}", live or "there is none", fix)
    if probe["swap"] and not want["swap_managed"] and not want["swap_allowed"]:
        fix = "set host_swap_manage: true, or failSwapOn: false in kubeadm_kubelet_configuration"
        seen = ", ".join(probe["swap"])
        yield problem("swap is on, the kubelet will not start, and we may not turn it off", seen, fix)


def port_problems(probe: Probe, want: Want) -> Iterator[str]:
    """Ports that strangers use; an etcd where kubeadm has not been is one too."""
    for port, owner in {**NODE_PORTS, **(CONTROL_PLANE_PORTS if want["control_plane"] else {})}.items():
        user = probe["port"].get(str(port))
        if user is not None and not (probe.get("kubeadm") and user.startswith(owner)):
            fix = f"stop {user or 'that program'} on the node, or move it to another port"
            yield problem(f"port {port} is in use by a stranger", user or "a program without a name", fix)


def network_problems(probe: Probe, want: Want) -> Iterator[str]:
    """An address that the node has not, a network of the cluster that is the node's, a resolver that pods cannot reach."""
    if probe["address"] and want["address"] not in probe["address"]:
        there = ", ".join(address for address in probe["address"] if not address.startswith("127."))
        fix = f"set cluster_node_address (or ansible_host) to one of them: {there}"
        yield problem("the node does not have its address", f"{want['address']} is not among {there}", fix)
    for name, network in overlaps(probe, want):
        fix = f"choose another {name}"
        yield problem(
            f"{name} overlaps the node's own network", f"{want['networks'][name]} and {network}", fix
        )
    if want["loopback"] and not probe.get("resolved") and not want["upstreams"]:
        fix = "set host_resolver_upstreams to name servers that pods can reach"
        seen = ", ".join(probe["nameserver"])
        yield problem("the node's resolver listens on loopback, pods cannot use it", seen, fix)


def overlaps(probe: Probe, want: Want) -> Iterator[tuple[str, IPv4Network]]:
    """The cluster's networks that share addresses with what the node's main interface is connected to."""
    own = [network_of(target, mask) for target, mask in probe["route"].items()]
    for name, text in want["networks"].items():
        try:
            wanted = ip_network(text)
        except ValueError:
            continue  # the inventory's own check tells that
        yield from ((name, network) for network in own if wanted.version == 4 and wanted.overlaps(network))


def shared(wants: Mapping[str, Want]) -> list[str]:
    """A message for each pair of the cluster's networks that share addresses, once for all nodes."""
    found: dict[str, None] = {}
    for want in wants.values():
        for (one, first), (other, second) in combinations(want["networks"].items(), 2):
            try:
                if not ip_network(first).overlaps(ip_network(second)):
                    continue
            except (TypeError, ValueError):
                continue  # the roles that use them refuse what is no network
            what, fix = "two networks of the cluster overlap", f"choose another {one} or {other}"
            found[problem(what, f"{one} {first}, {other} {second}", fix)] = None
    return list(found)


def network_of(target: str, mask: str) -> IPv4Network:
    """The network of a line of /proc/net/route, whose numbers are in the processor's (little endian) order."""
    address, bits = (int.from_bytes(bytes.fromhex(text), "little") for text in (target, mask))
    return IPv4Network((address, bits.bit_count()), strict=False)


def own_problems(answer: Mapping[str, Any], probe: Probe, want: Want) -> Iterator[str]:
    """What is wrong with one node by itself; only the first reason where nothing can be run on it."""
    if answer.get("rc", 1) != 0:
        said = f"{answer.get('msg', '')} {answer.get('stderr') or answer.get('stdout', '')}".strip()
        fix = f"give {want['user']} sudo without a password, or set ansible_become_password (with ansible-vault)"
        if "must have a tty" in said:
            fix = f"visudo: Defaults:{want['user']} !requiretty"
        yield problem("commands cannot be run as root on this node", said.replace("\n", " "), fix)
        return
    for check in (system_problems, size_problems, kernel_problems, port_problems, network_problems):
        yield from check(probe, want)


def problems(
    answers: Mapping[str, Mapping[str, Any]],
    probes: Mapping[str, Probe],
    wants: Mapping[str, Want],
    skew: int,
    unique: list[str],
) -> list[str]:
    """Every problem of every node: its name, then the three parts. `answers` are the probes' raw results."""
    clocks = [int(probe["clock"]) for probe in probes.values() if str(probe.get("clock", "")).isdigit()]
    middle = median_low(clocks) if clocks else 0
    found = []
    for host, probe in probes.items():
        own = list(own_problems(answers[host], probe, wants[host]))
        off = int(probe.get("clock") or middle) - middle
        if abs(off) > skew:
            fix = "set it right, then run a time service (host_time_sync); the limit is host_max_clock_skew"
            own.append(problem("the clock differs from the other nodes'", f"{off:+d} s", fix))
        found += [f"{host}: {text}" for text in own]
    return shared(wants) + found + [text for key in unique for text in twins(probes, key)]


def twins(probes: Mapping[str, Probe], key: str) -> Iterator[str]:
    """Nodes that share what has to be each one's own; what a node does not tell counts as its own."""
    owners: dict[str, list[str]] = {}
    for host, probe in probes.items():
        if probe.get(key):
            owners.setdefault(str(probe[key]), []).append(host)
    for value, hosts in owners.items():
        if len(hosts) > 1:
            text = problem(f"the same {key.replace('_', ' ')}", value, f"on all but one: {SHARED[key]}")
            yield f"{', '.join(hosts)}: {text}"


@cache
def usual() -> Mapping[str, Any]:
    """What a system is asked for where no inventory says otherwise."""
    defaults = yaml.safe_load((Path(__file__).parents[1] / "defaults/main.yml").read_text())
    return {name: defaults[variable] for name, variable in SYSTEM.items()}


def allowed(probes: Mapping[str, Probe], wants: Mapping[str, Want]) -> list[str]:
    """The systems that pass only because the inventory lets them, each with its nodes: for the record of the run."""
    found: dict[str, list[str]] = {}
    for host, probe in probes.items():
        still = told(probe, wants[host])
        for text in told(probe, {**wants[host], **usual()}):
            if text not in still:
                found.setdefault(text, []).append(host)
    return [f"{', '.join(hosts)}: {text}; the inventory lets it pass" for text, hosts in found.items()]


def told(probe: Probe, want: Want) -> list[str]:
    """What is wrong with a node's system, and what was seen."""
    lines = (text.split("\n") for text in system_problems(probe, want))
    return [f"{what}: {seen.removeprefix('    seen: ')}" for what, seen, *_ in lines]


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        """The filters by name."""
        return {"host_problems": problems, "host_allowed": allowed}
