"""lab.*: the nodes that this machine makes for a lab inventory."""

from __future__ import annotations

import os
from typing import NoReturn

from invoke import Context, task

from gongbang.cli import on_cluster
from gongbang.commands.cluster import COMMON
from gongbang.model import Cluster


@task(help=COMMON)
def up(c: Context, inventory: str = "", json: bool = False) -> None:
    """Make the inventory's nodes and serve them the bundle; what runs is left alone."""
    from gongbang import lifecycle

    on_cluster("lab.up", inventory, lifecycle.make_lab, json=json, changes=True)


@task(help=COMMON)
def down(c: Context, inventory: str = "", json: bool = False) -> None:
    """Remove the lab's nodes; put this machine's settings back with the last lab."""
    from gongbang import lifecycle

    on_cluster("lab.down", inventory, lifecycle.unmake_lab, json=json, changes=True)


@task(positional=["node"], help={"node": "name of the node", "inventory": COMMON["inventory"]})
def ssh(c: Context, node: str, inventory: str = "") -> None:
    """Enter a node of any inventory with a shell, over the inventory's own SSH settings."""
    from gongbang import ssh as module

    def enter(cluster: Cluster) -> NoReturn:
        argv = module.shell(cluster, node)
        os.execvp(argv[0], argv)

    on_cluster("lab.ssh", inventory, enter, record=False)
