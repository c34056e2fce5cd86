"""Filters of the role host: reads a node's probe, and says what of it differs from what is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

GROUPS = (
    "disk_mib",
    "no_module",
    "unloadable",
    "sysctl",
    "unwritable",
    "swap",
    "fstab",
    "swap_unit",
    "swap_service",
    "nameserver",
    "port",
    "address",
    "route",
)


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
            "host_loopback_only": loopback_only,
            "host_swap_found": swap_found,
            "host_sysctls_off": sysctls_off,
            "host_kernel_changes": kernel_changes,
            "host_names": names,
        }
