"""What a run is about, known before it begins: which inventory, which code, which versions, which nodes."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gongbang import __version__
from gongbang.model import CONTROL_PLANE, WORKERS, Cluster
from gongbang.paths import ROOT, shown


def of(cluster: Cluster) -> dict[str, Any]:
    """The content of a record's about.json; holds no variable but those named here."""
    return {
        "cluster": cluster.name,
        "revision": revision(),
        "inventory": shown(cluster.inventory),
        "inventory_hash": inventory_hash(cluster.inventory),
        "versions": versions(cluster),
        "endpoint": f"{cluster.endpoint}:{cluster.vars.get('cluster_endpoint_port', '')}".strip(":"),
        "cni": cluster.cni,
        "networks": networks(cluster),
        "nodes": [
            {"name": node.name, "address": node.address, "role": role, "kind": node.kind}
            for role in (CONTROL_PLANE, WORKERS)
            for node in cluster.nodes_in(role)
        ],
    }


def networks(cluster: Cluster) -> dict[str, str]:
    """The networks that the inventory names: of nodes (a lab's), pods and services."""
    found = {
        "nodes": str(cluster.vars.get("lab_network", "")),
        "pods": cluster.pod_network,
        "services": cluster.service_network,
    }
    return {name: network for name, network in found.items() if network}


def versions(cluster: Cluster) -> dict[str, str]:
    """The versions that decide what a run does: ours, Ansible's, Kubernetes', the pinned charts'."""
    from importlib.metadata import version  # nothing that `--list` needs

    charts = {
        f"chart {release.get('name')}": str(release["version"])
        for release in cluster.releases
        if release.get("version")
    }
    ours = {"gongbang": __version__, "ansible-core": version("ansible-core")}
    return ours | {"kubernetes": cluster.kubernetes_version} | charts


def revision() -> str:
    """The commit of this checkout, with `-dirty` when tracked files differ; "" outside git."""
    words = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(words, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def inventory_hash(path: Path) -> str:
    """SHA-256 over names and contents of the inventory's files; what a vault hides is hashed as it is stored."""
    digest = hashlib.sha256()
    for file in sorted(inventory_files(path)):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{content}  {file.relative_to(path.parent)}\n".encode())
    return digest.hexdigest()


def inventory_files(path: Path) -> Iterator[Path]:
    """The files of an inventory: of its folder, or the file and the variables beside it."""
    if path.is_file():
        yield path
        for name in ("group_vars", "host_vars"):
            yield from inventory_files(path.parent / name)
    for folder, _, names in os.walk(path, followlinks=True):
        yield from (found for name in names if (found := Path(folder, name)).is_file())
