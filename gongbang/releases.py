"""Helm releases: the declared ones applied, the installed ones listed, one of them rolled back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from gongbang import lifecycle, lock, remote, session
from gongbang.cli import print_json
from gongbang.errors import ExitCode, GongbangError
from gongbang.model import Cluster

READY_S = 300
"""How long a release that is rolled back may take until it is ready."""


@dataclass(frozen=True)
class Release:
    """One installed release."""

    name: str
    namespace: str
    revision: int
    status: str
    chart: str
    declared: bool


def apply(cluster: Cluster) -> ExitCode:
    """Bring the declared releases to the cluster; what stands as declared is not touched."""
    lifecycle.prepare(cluster)
    lifecycle.play("playbooks/charts.yml", cluster, "charts.up", everywhere=False)
    return ExitCode.DONE


def installed(cluster: Cluster) -> list[Release]:
    """What Helm knows of on the cluster."""
    declared = {str(release.get("name")) for release in cluster.releases}
    rows = json.loads(remote.helm(cluster, "list", "--all-namespaces", "--output", "json") or "[]")
    return [
        Release(row["name"], row["namespace"], int(row["revision"]), row["status"], row["chart"], row["name"] in declared)
        for row in rows
    ]  # fmt: skip


def show(cluster: Cluster, *, json: bool = False) -> ExitCode:
    """Print the installed releases as a table, or as JSON."""
    found = installed(cluster)
    if json:
        print_json([asdict(release) for release in found])
        return ExitCode.DONE
    print(f"{'RELEASE':<24}{'NAMESPACE':<18}{'REV':>4}  {'STATUS':<12}{'CHART':<34}")
    for item in found:
        print(f"{item.name:<24}{item.namespace:<18}{item.revision:>4}  {item.status:<12}{item.chart:<34}")
    return ExitCode.DONE


def rollback(cluster: Cluster, name: str, revision: int = 0) -> ExitCode:
    """Put a release back to an earlier revision (0: the one before) and wait until it is ready."""
    lock.on_nodes()
    found = {release.name: release for release in installed(cluster)}
    if name not in found:
        raise GongbangError(
            "there is no such release",
            name or "no name",
            f"name one of: {', '.join(sorted(found)) or 'none'}",
        )
    words = [name, str(revision)] if revision else [name]
    remote.helm(cluster, "rollback", *words, "--namespace", found[name].namespace, waits_s=READY_S)
    now = next(release for release in installed(cluster) if release.name == name)
    session.say(f"{name} is at revision {now.revision} now ({now.chart}, {now.status})")
    return ExitCode.DONE
