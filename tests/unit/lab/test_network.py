from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from gongbang.errors import GongbangError
from gongbang.lab import network
from gongbang.lab.network import Route
from gongbang.model import Cluster, Node

WANTED = IPv4Network("172.30.36.0/24")
LISTED: list[dict[str, Any]] = [
    {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0"},
    {"dst": "192.0.2.0/24", "dev": "eth0"},
    {"type": "local", "dst": "172.30.36.1", "dev": "br-0123456789ab", "table": "local"},
    {"type": "broadcast", "dst": "172.30.36.255", "dev": "br-0123456789ab", "table": "local"},
    {"dst": "172.30.36.0/24", "dev": "br-0123456789ab"},
    {"type": "unreachable", "dst": "10.9.9.9"},
]


def cluster(*addresses: str, gateway: str = "172.30.36.1") -> Cluster:
    nodes = tuple(Node(f"n{i}", address, frozenset(), "container") for i, address in enumerate(addresses))
    return Cluster("t", nodes, Path("x"), vars={"lab_network": str(WANTED), "lab_gateway": gateway})


def test_routes_are_ranges_and_not_local_addresses() -> None:
    assert network.from_listing(LISTED) == [
        Route(IPv4Network("192.0.2.0/24"), "eth0"),
        Route(WANTED, "br-0123456789ab"),
        Route(IPv4Network("10.9.9.9/32"), "no device"),
    ]


def test_our_own_bridge_does_not_count_as_taken() -> None:
    known = network.from_listing(LISTED)
    assert network.overlapping(WANTED, known, "br-0123456789ab") == []
    assert [route.device for route in network.overlapping(WANTED, known, None)] == ["br-0123456789ab"]


@pytest.mark.parametrize("taken", ["172.30.0.0/16", "172.30.36.128/25", "172.30.36.7/32"])
def test_wider_and_narrower_ranges_overlap(taken: str) -> None:
    assert network.overlapping(WANTED, [Route(IPv4Network(taken), "eth1")], None)


def test_neighbour_does_not_overlap() -> None:
    assert not network.overlapping(WANTED, [Route(IPv4Network("172.30.37.0/24"), "eth1")], None)


def test_every_address_is_inside() -> None:
    network.check_addresses(cluster("172.30.36.11", "172.30.36.21"), WANTED)


@pytest.mark.parametrize("strange", ["172.30.37.11", "node.example.com", ""])
def test_address_outside_is_refused_with_its_node(strange: str) -> None:
    with pytest.raises(GongbangError) as caught:
        network.check_addresses(cluster("172.30.36.11", strange), WANTED)
    assert caught.value.seen == f"n1: {strange}"


def test_gateway_outside_is_refused() -> None:
    with pytest.raises(GongbangError) as caught:
        network.check_addresses(cluster("172.30.36.11", gateway="10.0.0.1"), WANTED)
    assert "lab_gateway: 10.0.0.1" in caught.value.seen
