"""What can be wrong with a cluster's networks: no network, overlaps, a node inside, too small. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping

from gongbang.model import Cluster
from gongbang.problem import Problem

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NODE_MASK = {4: 24, 6: 64}
"""The size of each node's share of the pod network: the defaults of Kubernetes' controller manager."""


def networks(cluster: Cluster) -> Iterator[Problem]:
    """Networks that are no networks, that overlap each other or a node, or that are too small."""
    wanted = {"cluster_pod_network": cluster.pod_network, "cluster_service_network": cluster.service_network}
    if cluster.is_lab:
        wanted["lab_network"] = str(cluster.vars.get("lab_network", ""))
    parsed: dict[str, Network] = {}
    for name, text in wanted.items():
        try:
            parsed[name] = ipaddress.ip_network(text)
        except ValueError as error:
            yield Problem(
                f"{name} is not a network", f"{text!r}: {error}", f"write it like 10.244.0.0/16 in {name}"
            )
    yield from families(cluster, parsed)
    yield from overlaps(parsed)
    yield from nodes_inside(cluster, parsed)
    yield from too_small(cluster, parsed.get("cluster_pod_network"))


def families(cluster: Cluster, parsed: Mapping[str, Network]) -> Iterator[Problem]:
    """IPv6, which the pod network's releases are not set up for, and addresses that are names."""
    fix = "give IPv4: IPv6 and dual stack are not supported yet"
    for name, network in parsed.items():
        if network.version != 4:
            yield Problem(f"{name} is not IPv4", str(network), fix)
    for node in cluster.nodes:
        try:
            address = ipaddress.ip_address(node.address)
        except ValueError:
            yield Problem(
                "a node's address is a name; etcd and the kubelet listen on addresses",
                f"{node.address} of {node.name}",
                "set cluster_node_address to the node's IPv4 address; ansible_host may stay a name",
            )
        else:
            if address.version != 4:
                yield Problem("a node's address is not IPv4", f"{address} of {node.name}", fix)


def overlaps(parsed: Mapping[str, Network]) -> Iterator[Problem]:
    """Pairs of networks that share addresses."""
    names = list(parsed)
    for index, one in enumerate(names):
        for other in names[index + 1 :]:
            if parsed[one].version == parsed[other].version and parsed[one].overlaps(parsed[other]):
                seen = f"{one} {parsed[one]}, {other} {parsed[other]}"
                yield Problem("two networks overlap", seen, f"choose another {one} or {other}")


def nodes_inside(cluster: Cluster, parsed: Mapping[str, Network]) -> Iterator[Problem]:
    """Nodes whose address lies in the pod or the service network."""
    for node in cluster.nodes:
        try:
            address = ipaddress.ip_address(node.address)
        except ValueError:
            continue  # a name: only its own resolver knows
        for name in ("cluster_pod_network", "cluster_service_network"):
            if name in parsed and address in parsed[name]:
                seen = f"{node.name} {address} in {name} {parsed[name]}"
                yield Problem(
                    "a node's address lies in a network of the cluster", seen, f"choose another {name}"
                )


def too_small(cluster: Cluster, network: Network | None) -> Iterator[Problem]:
    """A pod network that has not a share for each node."""
    if network is None:
        return
    mask = NODE_MASK[network.version]
    shares = 2 ** (mask - network.prefixlen) if network.prefixlen <= mask else 0
    if shares < len(cluster.nodes):
        seen = f"cluster_pod_network {network} holds {shares} of the /{mask} that each of {len(cluster.nodes)} nodes gets"
        yield Problem(
            "the pod network is too small for the nodes", seen, "choose a larger cluster_pod_network"
        )
