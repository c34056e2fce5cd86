"""An operator as a process of its own: holds the lock as cluster.up does and runs a playbook on the nodes.

python -m tests.nodes.operators.working INVENTORY COMMAND: what the long task runs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gongbang import cli, inventory, leftovers, lock, runner, session
from gongbang.model import Cluster
from gongbang.signals import as_interrupt


def body(cluster: Cluster) -> None:
    """What commands that change a cluster do first, then the playbook."""
    lock.on_nodes()
    for line in leftovers.sweep(cluster.name):
        session.say(line)
    runner.run(
        "tests/nodes/operators/playbooks/work.yml", cluster.inventory, command="cluster.up", cluster=cluster.name,
        extra_vars={"work": sys.argv[2]}, hosts_expected=cluster.node_names,
    ).require()  # fmt: skip


if __name__ == "__main__":
    with as_interrupt():
        cli.leave(
            cli.recorded("cluster.up", inventory.load(Path(sys.argv[1])), body, json=False, changes=True)
        )
