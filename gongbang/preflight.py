"""All that is wrong with an inventory, at once and before any node is touched. Pure: it only looks."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from gongbang import hostkeys
from gongbang.errors import GongbangError
from gongbang.model import CONTROL_PLANE, GROUPS, KINDS, Cluster
from gongbang.networks import networks
from gongbang.paths import shown
from gongbang.problem import Problem
from gongbang.schema import Schema

LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
NODE_NAME = re.compile(rf"\A{LABEL}(\.{LABEL})*\Z")
NODE_NAME_LIMIT = 253

CLOSE = 0.9
"""From which likeness (of 1.0) on a name counts as a misspelling of another."""


def check(cluster: Cluster, schema: Schema) -> None:
    """Raise one GongbangError that lists every problem of the cluster, if there is any."""
    found = problems(cluster, schema)
    if not found:
        return
    header = f"the inventory {shown(cluster.inventory)} has {count(found)}; no node was touched"
    items = [f"  - {item.what}\n      seen: {item.seen}\n      fix:  {item.fix}" for item in found]
    raise GongbangError("\n".join([header, *items]), fix="mend what is listed, then run the command again")


def count(found: list[Problem]) -> str:
    """`1 problem`, `3 problems`."""
    return f"{len(found)} problem{'' if len(found) == 1 else 's'}"


def problems(cluster: Cluster, schema: Schema) -> list[Problem]:
    """Every problem of the cluster, all at once."""
    checks = (
        group_names(cluster),
        variable_names(cluster, schema),
        control_planes(cluster),
        node_names(cluster),
        addresses(cluster),
        kinds(cluster),
        pod_network(cluster, schema),
        networks(cluster),
        hostkeys.unchecked(cluster),
        version(cluster, schema),
        patience(cluster),
    )
    return [problem for found in checks for problem in found]


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known name that is most like this one, if any is like it at all."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)
    return found[0] if found else None


def group_names(cluster: Cluster) -> Iterator[Problem]:
    """Groups whose names look like one of ours but are not."""
    for group in cluster.groups:
        meant = None if group in (*GROUPS, "all", "ungrouped") else nearest(group, GROUPS, 0.75)
        if meant:
            yield Problem("a group is misspelt", group, f"call it {meant}")


def variable_names(cluster: Cluster, schema: Schema) -> Iterator[Problem]:
    """Variables with a prefix of ours that no role knows, and near misses of known names."""
    users: dict[str, list[str]] = defaultdict(list)
    for node in cluster.nodes:
        for name in node.vars:
            users[name].append(node.name)
    for name in sorted(users):
        if name in schema.names or name.startswith(
            "_"
        ):  # an underscore marks what is internal to an inventory
            continue
        ours = name.startswith(schema.prefixes)
        meant = nearest(name, schema.names, 0.6 if ours else CLOSE)
        if ours or (meant and not name.startswith("ansible_") and not longer(name, meant)):
            fix = (
                f"write {meant}" if meant else "remove it; docs/ and the roles' README.md list what there is"
            )
            hosts = ", ".join(users[name])
            yield Problem("a variable is not known", f"{name} (of {hosts})", fix)


def longer(name: str, known: str) -> bool:
    """Whether the name is a known one with more words before or behind it: chosen so, not misspelt."""
    return f"_{known}_" in f"_{name}_"


def control_planes(cluster: Cluster) -> Iterator[Problem]:
    """None, or more than one as long as this version cannot make them."""
    names = [node.name for node in cluster.nodes_in(CONTROL_PLANE)]
    if not names:
        seen = ", ".join(cluster.groups.get(CONTROL_PLANE, ())) or "no host in it"
        yield Problem(
            f"there is no control plane: the group {CONTROL_PLANE} is empty", seen, "put one host in it"
        )
    if len(names) > 1:
        yield Problem(
            "more than one control plane is not supported yet",
            ", ".join(names),
            f"keep one host in the group {CONTROL_PLANE}, the others in workers",
        )


def node_names(cluster: Cluster) -> Iterator[Problem]:
    """Names that Kubernetes refuses, and hosts that are in both groups."""
    for node in cluster.nodes:
        if len(node.name) > NODE_NAME_LIMIT or not NODE_NAME.match(node.name):
            fix = "use a DNS name: small letters, digits, - and ., at most 63 characters between dots"
            yield Problem("a host's name cannot be the name of a Kubernetes node", node.name, fix)
        if node.groups >= frozenset(GROUPS):
            yield Problem(
                "a host is in both groups", node.name, "keep it in one of control_plane and workers"
            )


def addresses(cluster: Cluster) -> Iterator[Problem]:
    """Two hosts with one address."""
    users: dict[str, list[str]] = defaultdict(list)
    for node in cluster.nodes:
        users[node.address].append(node.name)
    for address, names in users.items():
        if len(names) > 1:
            yield Problem(
                "hosts share an address",
                f"{address}: {', '.join(names)}",
                "give each host its own ansible_host",
            )


def kinds(cluster: Cluster) -> Iterator[Problem]:
    """Node kinds that the lab cannot make."""
    for node in cluster.nodes:
        if node.kind not in KINDS:
            meant = nearest(node.kind, KINDS) or " or ".join(KINDS)
            yield Problem(
                "a node's kind is not known", f"lab_node_kind: {node.kind} of {node.name}", f"use {meant}"
            )


def pod_network(cluster: Cluster, schema: Schema) -> Iterator[Problem]:
    """A pod network that the role cni has no data of."""
    if cluster.cni and schema.networks and cluster.cni not in schema.networks:
        meant = nearest(cluster.cni, schema.networks) or " or ".join(sorted(schema.networks))
        yield Problem("the pod network is not known", f"cluster_cni: {cluster.cni}", f"use {meant}")


VERSION = re.compile(r"\A\d+\.\d+\.\d+\Z")


def version(cluster: Cluster, schema: Schema) -> Iterator[Problem]:
    """A Kubernetes version that is none, or that the bundle has no recipe for when it is the source."""
    wanted = cluster.kubernetes_version
    if not VERSION.match(wanted):
        yield Problem(
            "cluster_kubernetes_version is not a full version",
            repr(wanted),
            "write it like 1.36.3, in quotes",
        )
    elif from_bundle(cluster) and schema.versions and wanted not in schema.versions:
        fix = f"set cluster_kubernetes_version to one of: {', '.join(sorted(schema.versions))}"
        yield Problem("the bundle has no recipe for this Kubernetes version", wanted, fix)


def patience(cluster: Cluster) -> Iterator[Problem]:
    """A factor for the verification's time limits that is none."""
    factor = cluster.vars.get("cluster_verify_patience", 1)
    if not isinstance(factor, int) or factor < 1:
        yield Problem("cluster_verify_patience is no factor", repr(factor), "write a whole number, 1 or more")


def from_bundle(cluster: Cluster) -> bool:
    """Whether the nodes install from our bundle."""
    return cluster.is_lab and cluster.vars.get("lab_source", "bundle") == "bundle"
