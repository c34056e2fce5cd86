"""What an interrupted run leaves: units that go on on the nodes are named, connections of this controller are ended."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from gongbang import lock, paths, proc, processes, session, ssh
from gongbang.errors import ExitCode, GongbangError
from gongbang.model import Cluster
from gongbang.runs import folders
from gongbang.session import RunFailedError

LIST = "systemctl list-units --plain --no-legend --state=running 'gongbang-*.service'"
UNITS = f"{LIST} || sudo -n {LIST}"
"""Anybody may list them where there is a system bus; a node without one answers root only."""
CONNECT_S = 2
ANSWER_S = 5
"""Whoever pressed Ctrl-C wants to go: a node that does not answer soon is not waited for."""


@contextmanager
def told(cluster: Cluster, *, changes: bool) -> Iterator[None]:
    """When the block is interrupted: say what still runs on nodes, end the connections that were kept for later tasks.

    A command that only looks starts nothing on nodes, and leaves connections that others may be using.
    """
    try:
        yield
    except KeyboardInterrupt:
        clear(cluster, changes=changes)
        raise
    except RunFailedError as error:
        if error.code is ExitCode.INTERRUPTED:
            clear(cluster, changes=changes)
        raise


def clear(cluster: Cluster, *, changes: bool) -> None:
    """What is to be done after an interrupt."""
    if changes:
        tell(cluster)
    if changes or not others_work(cluster):
        end_connections(cluster.name)


def others_work(cluster: Cluster) -> bool:
    """Whether another command of this controller is at work on the cluster: the folder of connections is the cluster's."""
    current = session.current()
    mine = current.record.folder if current else None
    records = (folder for folder in folders.of_cluster(cluster.name) if folder != mine)
    return lock.held_here(cluster) or any(folders.running(folder) for folder in records)


def tell(cluster: Cluster) -> None:
    """Say what still runs."""
    for node, units in running(cluster).items():
        session.say(
            f"still running on {node}: {', '.join(units)}; the same command waits for it, "
            f"`systemctl stop {units[0]}` there ends it"
        )


def running(cluster: Cluster) -> dict[str, list[str]]:
    """The units of ours that go on on each node; without the nodes that have none or do not answer."""
    if not cluster.nodes or (cluster.is_lab and not paths.lab_state_dir(cluster.name).is_dir()):
        return {}
    with ssh.configuration(cluster) as config, ThreadPoolExecutor(len(cluster.nodes)) as pool:
        names = [node.name for node in cluster.nodes]
        answers = dict(zip(names, pool.map(lambda name: units_on(config, name), names), strict=True))
    return {name: units for name, units in answers.items() if units}


def units_on(config: Path, name: str) -> list[str]:
    """The running units of one node."""
    argv = ["ssh", "-F", str(config), "-o", f"ConnectTimeout={CONNECT_S}", name, UNITS]
    try:
        done = proc.run(argv, timeout=ANSWER_S, check=False)
    except GongbangError:
        return []
    return [line.split()[0] for line in done.stdout.splitlines() if line.split()]


def end_connections(cluster: str) -> list[int]:
    """End the SSH connections that are kept open to a cluster's nodes; which processes they were."""
    masters = processes.connection_masters(paths.connection_dirs(cluster))
    processes.send(masters, signal.SIGTERM)
    return masters
