"""The lab's address range: refused when this machine already routes it to somewhere else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_address, ip_network

from gongbang import proc
from gongbang.errors import GongbangError
from gongbang.model import Cluster


@dataclass(frozen=True)
class Route:
    """A range that this machine reaches through a device."""

    range: IPv4Network
    device: str


def name(cluster: str) -> str:
    """The name of the lab's Docker network."""
    return f"gongbang-{cluster}"


def bridge(cluster: str) -> str | None:
    """The device of the lab's network on this machine; None when the network is not there."""
    done = proc.run(["docker", "network", "inspect", "--format", "{{.Id}}", name(cluster)], check=False)
    return f"br-{done.stdout.strip()[:12]}" if done.returncode == 0 else None


def check(cluster: Cluster) -> None:
    """Raise GongbangError unless the lab's range is free here and holds its gateway and nodes."""
    wanted = ip_network(str(cluster.vars["lab_network"]))
    assert isinstance(wanted, IPv4Network)
    check_addresses(cluster, wanted)
    taken = overlapping(wanted, routes(), bridge(cluster.name))
    if taken:
        raise GongbangError(
            f"the lab's network {wanted} overlaps with one that this machine already routes",
            ", ".join(f"{route.range} through {route.device}" for route in taken),
            "set lab_network, lab_gateway and the nodes' addresses to a free range in the inventory",
        )


def check_addresses(cluster: Cluster, wanted: IPv4Network) -> None:
    """Raise GongbangError when the gateway or a node has an address outside the lab's range."""
    given = {"lab_gateway": str(cluster.vars["lab_gateway"])}
    given |= {node.name: node.address for node in cluster.nodes}
    outside = {key: value for key, value in given.items() if not _inside(value, wanted)}
    if outside:
        raise GongbangError(
            f"not everything in this lab has an address of its network {wanted}",
            ", ".join(f"{key}: {value}" for key, value in outside.items()),
            "set ansible_host of each node, and lab_gateway, to addresses inside lab_network",
        )


def overlapping(wanted: IPv4Network, known: Iterable[Route], own_device: str | None) -> list[Route]:
    """The routes that share addresses with the wanted range and do not lead to our own network."""
    return [route for route in known if route.device != own_device and route.range.overlaps(wanted)]


def routes() -> list[Route]:
    """All ranges that this machine routes, the default route aside."""
    listed = json.loads(proc.run(["ip", "-json", "-4", "route", "show", "table", "all"]).stdout or "[]")
    return from_listing(listed)


def from_listing(listed: Iterable[dict[str, str]]) -> list[Route]:
    """Read routes out of what `ip -json route` lists; broadcast and local entries do not count."""
    return [
        Route(IPv4Network(row["dst"]), row.get("dev", "no device"))
        for row in listed
        if row["dst"] not in ("default", "0.0.0.0/0") and row.get("type") not in ("broadcast", "local")
    ]


def _inside(address: str, wanted: IPv4Network) -> bool:
    try:
        return ip_address(address) in wanted
    except ValueError:
        return False
