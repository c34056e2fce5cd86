"""Filters of the role host: reads a node's probe, and finds what would stop a cluster on these nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from statistics import median_low
from typing import Any

GROUPS = (
    "disk_mib",
    "no_module",
    "sysctl",
    "swap",
    "fstab",
    "swap_unit",
    "swap_service",
    "nameserver",
    "port",
)
CONTROL_PLANE_PORTS = {
    6443: "kube-apiserver",
    2379: "etcd",
    2380: "etcd",
    10257: "kube-controller",
    10259: "kube-scheduler",
}
NODE_PORTS = {10250: "kubelet"}


def parse(text: str) -> dict[str, Any]:
    """The probe's `key=value` and `group key=value` lines as a dict, the groups as dicts in it."""
    found: dict[str, Any] = {group: {} for group in GROUPS}
    for line in text.replace("\r", "").splitlines():
        name, equals, value = line.partition("=")
        group, space, key = name.partition(" ")
        if not equals:
            continue
        if space and group in GROUPS:
            found[group][key] = value
        elif not space:
            found[name] = value
    return found


def loopback_only(probe: Mapping[str, Any]) -> bool:
    """Whether all name servers of the node listen on loopback, so that pods cannot use them."""
    servers = [server.partition("%")[0] for server in probe["nameserver"]]
    return bool(servers) and all(is_loopback(server) for server in servers)


def is_loopback(server: str) -> bool:
    """Whether an address is a loopback one; what is no address is not."""
    try:
        return ip_address(server).is_loopback
    except ValueError:
        return False


def problem(what: str, seen: object, fix: str) -> str:
    """The three parts of a message."""
    return f"{what}\n    seen: {seen}\n    fix:  {fix}"


def system_problems(probe: Mapping[str, Any], want: Mapping[str, Any]) -> list[str]:
    """Operating system, processor, init, Python and cgroups."""
    found = []
    os, release = probe.get("os", ""), str(probe.get("release", ""))
    if release.split(".")[0] not in want["supported"].get(os, []) and release not in want["supported"].get(
        os, []
    ):
        names = "; ".join(f"{name} {', '.join(releases)}" for name, releases in want["supported"].items())
        found.append(
            problem(
                "the operating system is not supported",
                f"{os} {release}",
                f"use {names}, or extend host_supported",
            )
        )
    if probe.get("arch") not in want["architectures"]:
        found.append(
            problem(
                "the processor is not supported", probe.get("arch"), f"use {', '.join(want['architectures'])}"
            )
        )
    if probe.get("systemd") != "systemd":
        found.append(
            problem(
                "systemd is not the first process", probe.get("systemd"), "use a machine that runs systemd"
            )
        )
    if not probe.get("python"):
        found.append(
            problem(
                "Python is missing",
                want["python"],
                "apt-get install python3, or set ansible_python_interpreter",
            )
        )
    version = tuple(int(part) for part in str(want["kubernetes"]).split(".")[:2])
    if probe.get("cgroup") != "cgroup2fs" and version >= (1, 35) and not want["allow_cgroup_v1"]:
        fix = "boot with systemd.unified_cgroup_hierarchy=1, or set host_allow_cgroup_v1 and failCgroupV1: false"
        found.append(
            problem(
                f"Kubernetes {want['kubernetes']} needs cgroup v2", f"cgroup v1 ({probe.get('cgroup')})", fix
            )
        )
    return found


def size_problems(probe: Mapping[str, Any], want: Mapping[str, Any]) -> list[str]:
    """Memory and disk."""
    found = []
    memory = int(probe.get("memory_mib") or 0)
    if memory < int(want["memory"]):
        found.append(
            problem(
                "too little memory",
                f"{memory} MiB",
                f"give it {want['memory']} MiB, or lower host_min_memory_mib",
            )
        )
    for path, least in want["disk"].items():
        free = int(probe["disk_mib"].get(path) or 0)
        if free < int(least):
            fix = f"free {int(least)} MiB there, or lower host_min_disk_mib"
            found.append(problem(f"too little free disk at {path}", f"{free} MiB free", fix))
    return found


def network_problems(probe: Mapping[str, Any], want: Mapping[str, Any]) -> list[str]:
    """Ports that strangers use, and a resolver that pods cannot reach."""
    found = []
    ports = {**NODE_PORTS, **(CONTROL_PLANE_PORTS if want["control_plane"] else {})}
    for port, owner in ports.items():
        user = probe["port"].get(str(port))
        if user is not None and not user.startswith(owner):
            fix = f"stop {user or 'that program'} on the node, or move it to another port"
            found.append(
                problem(f"port {port} is in use by a stranger", user or "a program without a name", fix)
            )
    if loopback_only(probe) and not probe.get("resolved") and not want["upstreams"]:
        fix = "set host_resolver_upstreams to name servers that pods can reach"
        found.append(
            problem(
                "the node's resolver listens on loopback, pods cannot use it",
                ", ".join(probe["nameserver"]),
                fix,
            )
        )
    return found


def problems(
    probes: Mapping[str, Mapping[str, Any]], wants: Mapping[str, Mapping[str, Any]], skew: int
) -> list[str]:
    """Every problem of every node: its name, then the three parts."""
    found = []
    clocks = [int(probe["clock"]) for probe in probes.values() if str(probe.get("clock", "")).isdigit()]
    middle = median_low(clocks) if clocks else 0
    for host, probe in probes.items():
        own = (
            system_problems(probe, wants[host])
            + size_problems(probe, wants[host])
            + network_problems(probe, wants[host])
        )
        off = int(probe.get("clock") or middle) - middle
        if abs(off) > skew:
            own.append(
                problem(
                    "the clock differs from the other nodes'",
                    f"{off:+d} s",
                    "set it right, then run a time service (host_time_sync)",
                )
            )
        found += [f"{host}: {text}" for text in own]
    return (
        found
        + twins(probes, "hostname", "hostnamectl hostname NAME")
        + twins(probes, "machine_id", "rm /etc/machine-id; systemd-machine-id-setup")
    )


def twins(probes: Mapping[str, Mapping[str, Any]], key: str, fix: str) -> list[str]:
    """Nodes that share what has to be each one's own."""
    owners: dict[str, list[str]] = {}
    for host, probe in probes.items():
        if probe.get(key):
            owners.setdefault(str(probe[key]), []).append(host)
    name = key.replace("_", " ")
    return [
        f"{', '.join(hosts)}: {problem(f'the same {name}', value, f'on all but one: {fix}')}"
        for value, hosts in owners.items()
        if len(hosts) > 1
    ]


def swap_found(probe: Mapping[str, Any]) -> bool:
    """Whether swap is on or would come back."""
    return (
        any(probe[group] for group in ("swap", "fstab", "swap_unit", "swap_service"))
        or "zram_generator" in probe
    )


def sysctls_off(probe: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """The kernel settings whose live value is not the declared one."""
    return [
        key for key, value in wanted.items() if " ".join(probe["sysctl"].get(key, "").split()) != str(value)
    ]


def kernel_changes(probe: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """What has to be loaded and set in the kernel, in words."""
    now = probe["sysctl"]
    return [f"module {name}: not loaded -> loaded" for name in probe["no_module"]] + [
        f"sysctl {key}: {now.get(key) or 'not there'} -> {wanted[key]}" for key in sysctls_off(probe, wanted)
    ]


def names(addresses: Mapping[str, Sequence[str]], endpoint: str, endpoint_address: str) -> str:
    """The lines of /etc/hosts for the nodes and the cluster's endpoint."""
    lines = [f"{address} {' '.join(hosts)}" for address, hosts in addresses.items()]
    return "".join(f"{line}\n" for line in [f"{endpoint_address} {endpoint}", *lines])


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        """The filters by name."""
        return {
            "host_probe": parse,
            "host_problems": problems,
            "host_loopback_only": loopback_only,
            "host_swap_found": swap_found,
            "host_sysctls_off": sysctls_off,
            "host_kernel_changes": kernel_changes,
            "host_names": names,
        }
