"""charts.*: the Helm releases of a cluster."""

from __future__ import annotations

from invoke import Context, task

from gongbang.cli import on_cluster
from gongbang.commands.cluster import COMMON


@task(help=COMMON)
def up(c: Context, inventory: str = "", json: bool = False) -> None:
    """Bring the declared Helm releases to the cluster; what stands as declared is not touched."""
    from gongbang import releases

    on_cluster("charts.up", inventory, releases.apply, json=json, changes=True)


@task(name="list", help=COMMON)
def list_(c: Context, inventory: str = "", json: bool = False) -> None:
    """List the Helm releases on the cluster."""
    from gongbang import releases

    on_cluster(
        "charts.list", inventory, lambda cluster: releases.show(cluster, json=json), json=json, record=False
    )


@task(
    positional=["name"],
    help={**COMMON, "name": "the release", "revision": "revision to go back to (0: the one before)"},
)
def rollback(c: Context, name: str, inventory: str = "", revision: int = 0, json: bool = False) -> None:
    """Put a Helm release back to an earlier revision and wait until it is ready."""
    from gongbang import releases

    on_cluster(
        "charts.rollback",
        inventory,
        lambda cluster: releases.rollback(cluster, name, revision),
        json=json,
        changes=True,
    )
