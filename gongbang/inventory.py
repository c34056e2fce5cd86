"""Reads an inventory the way Ansible does and gives the frozen Cluster of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gongbang import connection, proc, vault
from gongbang.errors import ExitCode, GongbangError
from gongbang.model import CONTROL_PLANE, GROUPS, Cluster, Node
from gongbang.paths import INVENTORY, ROOT, TOOLS, shown
from gongbang.redact import redact
from gongbang.templates import Resolver

SECONDS = 120


def path_of(given: str = "") -> Path:
    """The inventory to use: the one given, else GONGBANG_INVENTORY, else the lab's.

    A relative path is looked up from the working directory, then from the repository. A path that
    is not there raises GongbangError and lists the inventories that are.
    """
    wanted = given or os.environ.get("GONGBANG_INVENTORY", "") or str(INVENTORY)
    for candidate in (Path(wanted).expanduser(), ROOT / wanted):
        if candidate.exists():
            return candidate.resolve()
    there = sorted(shown(folder) for folder in ROOT.glob("inventories/*") if folder.is_dir())
    raise GongbangError(
        "the inventory is not there",
        wanted,
        f"give --inventory PATH or set GONGBANG_INVENTORY; there are: {', '.join(there) or 'none'}",
    )


def load(path: Path) -> Cluster:
    """The cluster that the inventory at `path` describes; raises GongbangError when it cannot be read."""
    data = read(path)
    raw: dict[str, dict[str, Any]] = data.pop("_meta", {}).get("hostvars", {})
    hostvars, secrets = vault.opened(path, raw)
    groups = {name: tuple(members(data, name)) for name in data}
    ours = [host for group in GROUPS for host in groups.get(group, ())]
    resolver = Resolver({name: hostvars.get(name, {}) for name in groups.get("all", ())}, groups)
    nodes = tuple(node(host, groups, resolver) for host in dict.fromkeys(ours))
    return replace(cluster(path, nodes, groups, resolver), secrets=secrets)


def read(path: Path) -> dict[str, Any]:
    """What `ansible-inventory --list` prints for the inventory, with templates as they are written."""
    if not path.exists():
        raise GongbangError("the inventory is not there", str(path), "give --inventory PATH")
    done = proc.run(
        [TOOLS / "ansible-inventory", "-i", path, "--list"],
        cwd=ROOT, env={"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}, timeout=SECONDS, check=False, terminal=False,
    )  # fmt: skip
    if done.returncode != 0 and vault.told(done.stderr):
        raise vault.refused(path, done.stderr)
    if done.returncode != 0:
        last = redact("\n        ".join(done.stderr.strip().splitlines()[-8:]))
        raise GongbangError(
            f"the inventory {shown(path)} cannot be read",
            last,
            "mend the file named above",
            ExitCode.BAD_INPUT,
        )
    listing: dict[str, Any] = json.loads(done.stdout)
    return listing


def members(data: Mapping[str, Any], group: str) -> list[str]:
    """The hosts of a group and of the groups below it, in the inventory's order, each once."""
    entry = data.get(group, {})
    below = [host for child in entry.get("children", []) for host in members(data, child)]
    return list(dict.fromkeys([*entry.get("hosts", []), *below]))


def node(name: str, groups: Mapping[str, tuple[str, ...]], resolver: Resolver) -> Node:
    """The node called `name`, with its variables resolved."""
    values = dict(resolver[name])
    return Node(
        name=name,
        address=str(values.get("cluster_node_address") or connection.host(values) or name),
        groups=frozenset(group for group, hosts in groups.items() if name in hosts),
        kind=str(values.get("lab_node_kind", "vm" if "lab_network" not in values else "container")),
        vars=values,
    )


def enabled(releases: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """The releases without those that the inventory switches off."""
    return tuple(release for release in releases if release.get("enabled", True) is not False)


def cluster(
    path: Path, nodes: tuple[Node, ...], groups: Mapping[str, tuple[str, ...]], resolver: Resolver
) -> Cluster:
    """The facts that all nodes share, read from the first control plane (else from the first host)."""
    first = next((node for node in nodes if CONTROL_PLANE in node.groups), nodes[0] if nodes else None)
    values = first.vars if first else next((dict(resolver[host]) for host in resolver), {})
    releases = values.get("helm_releases") or []
    return Cluster(
        name=str(values.get("cluster_name", "")),
        nodes=nodes,
        inventory=path,
        groups=groups,
        vars=values,
        kubernetes_version=str(values.get("cluster_kubernetes_version", "")),
        pod_network=str(values.get("cluster_pod_network", "")),
        service_network=str(values.get("cluster_service_network", "")),
        endpoint=str(values.get("cluster_endpoint_name", "")),
        cni=str(values.get("cluster_cni", "")),
        releases=enabled(releases) if isinstance(releases, list) else (),
        is_lab="lab_network" in values,
    )
