"""Single shots: one crash in the middle of something long, then the same command again, then the verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gongbang.model import WORKERS, Cluster, Node
from gongbang.paths import shown
from gongbang.sweep import faults, judge, moments, nodes, store
from gongbang.sweep.driver import Run
from gongbang.sweep.moments import Moment

RERUNS = 2
"""How often the same command may be given again; more than once is told in the table."""


@dataclass(frozen=True)
class Shot:
    """A crash: what the nodes are like before, where and when it happens, what happens."""

    name: str
    prepare: Callable[[Cluster], None]
    node: Callable[[Cluster], Node]
    moment: Moment
    strike: faults.Strike
    freeze: bool = False


def worker(cluster: Cluster) -> Node:
    """The first worker."""
    return cluster.nodes_in(WORKERS)[0]


def leave_worker(cluster: Cluster) -> None:
    """A cluster whose first worker is no member."""
    nodes.without_member(cluster, worker(cluster))


def leave_worker_and_disk(cluster: Cluster) -> None:
    """The same, and little room for records."""
    leave_worker(cluster)
    faults.with_small_disk(cluster)


def both(moment: Moment, prepare: Callable[[Cluster], None], node: Callable[[Cluster], Node]) -> list[Shot]:
    """A dead controller and a node without power, at the same moment."""
    return [
        Shot(f"{moment.name}, controller dead", prepare, node, moment, faults.controller_dead),
        Shot(f"{moment.name}, power cut", prepare, node, moment, faults.power_cut, freeze=True),
    ]


# From empty nodes to ones with more on them: each begins where the one before has ended.
SHOTS: tuple[Shot, ...] = (
    *(shot for moment in moments.PACKAGES.values() for shot in both(moment, nodes.fresh, nodes.head)),
    *(shot for moment in moments.INIT.values() for shot in both(moment, nodes.emptied, nodes.head)),
    Shot(
        "init, containerd killed",
        nodes.emptied,
        nodes.head,
        moments.INIT["wait-control-plane"],
        faults.containerd_killed,
    ),
    *(shot for moment in moments.JOIN.values() for shot in both(moment, leave_worker, worker)),
    Shot("join, node cut off and back", leave_worker, worker, moments.JOIN["kubelet-start"], faults.cut_off),
    Shot("join, node hangs", leave_worker, worker, moments.JOIN["kubelet-start"], faults.hangs),
    Shot("join, all nodes cut off", leave_worker, worker, moments.JOIN["kubelet-start"], faults.all_cut_off),
    *both(moments.INSTALL, faults.without_release, nodes.head),
    *both(moments.UPGRADE, faults.with_other_release, nodes.head),
    Shot(
        "controller's disk full", leave_worker_and_disk, worker, moments.JOIN["preflight"], faults.disk_full
    ),
)
SAMPLE = ("join in kubelet-start, controller dead",)
"""What every test run fires: the shot that is back at a whole cluster soonest."""


def fire(cluster: Cluster, shot: Shot) -> dict[str, object]:
    """Fire one shot: its row of the table."""
    begun = time.monotonic()
    shot.prepare(cluster)
    first = faults.struck(cluster, shot.node(cluster), shot.moment, shot.strike, freeze=shot.freeze)
    found: list[str] = [] if first else ["the moment never came"]
    run, again = ended(cluster), 1
    while run.code != 0 and again < RERUNS:
        run, again = ended(cluster), again + 1
    if run.code != 0:
        found = [f"run {again} again: {run.summary().get('failure') or run.code}"]
    found = found or judge.differences(cluster)
    row: dict[str, object] = {
        "status": store.EQUAL if not found else store.FAILED if run.code else store.DIFFERENT,
        "first": first,
        "runs_again": again,
        "seconds": round(time.monotonic() - begun, 1),
    }
    if found:
        row["evidence"] = [f"kept in {shown(judge.keep(cluster, shot.name, run, found))}", *found[:20]]
    return row


def ended(cluster: Cluster) -> Run:
    """The same command once more, to its end."""
    with Run(cluster) as run:
        run.wait()
    return run


def named(words: str) -> Sequence[Shot]:
    """The shots that the words ask for: `all`, `sample`, or a part of their names."""
    if words == "sample":
        return [shot for shot in SHOTS if shot.name in SAMPLE]
    return [shot for shot in SHOTS if words == "all" or words in shot.name]
