"""A disk that gets full in the middle of a run, after preflight has seen room: the run ends and says so, the next one mends."""

from __future__ import annotations

from collections.abc import Callable

from gongbang.errors import ExitCode
from gongbang.model import WORKERS, Cluster
from tests.cluster.drift import inv

OnNode = Callable[..., str]
WHERE = "/var/cache/apt/archives"


def test_a_full_disk_ends_the_run_and_room_lets_the_next_one_end_well(
    cluster: Cluster, on_node: OnNode
) -> None:
    node = cluster.nodes_in(WORKERS)[-1].name
    on_node(node, f"dpkg --remove --force-depends ethtool; mount -t tmpfs -o size=16k tmpfs {WHERE}")
    try:
        said = inv("cluster.up", cluster.inventory, ExitCode.FAILED)["failure"]["message"]
    finally:
        on_node(node, f"umount {WHERE}")
    assert "free space" in said
    assert "make room on this node's disk" in said
    inv("cluster.up", cluster.inventory, ExitCode.DONE)
    assert "install ok installed" in on_node(node, "dpkg --status ethtool")
