"""sweep: proof that a killed cluster.up, run again, ends in the same cluster; for developers, on nodes of its own."""

from __future__ import annotations

from functools import partial

from invoke import Context, task

from gongbang.cli import on_cluster
from gongbang.commands.cluster import JSON

GROUP = ""


@task(
    help={
        "inventory": "a lab whose nodes may be removed and made again (default: the sweep's own)",
        "sample": "kill at this many boundaries, evenly apart, instead of at all",
        "part": "I/N: kill at every N-th boundary from the I-th",
        "shots": "fire single shots: all, sample, or a part of their names; alone, without a chain",
        "minutes": "stop after the kill or shot that runs then; the same command goes on",
        "again": "forget what earlier runs of the sweep have done",
        "down": "remove the nodes when all has ended well",
        "write": "write docs/sweep.json and docs/sweep.md",
        "json": JSON,
    }
)
def sweep(
    c: Context,
    inventory: str = "",
    sample: int = 0,
    part: str = "",
    shots: str = "",
    minutes: int = 0,
    again: bool = False,
    down: bool = False,
    write: bool = False,
    json: bool = False,
) -> None:
    """Kill cluster.up at every task boundary and in single shots, run it again, compare with an undisturbed run."""
    from gongbang.sweep import session as module

    wanted = module.Wanted(sample, part, shots, minutes, write, again, down)
    given = inventory or str(module.INVENTORY)
    on_cluster("sweep", given, partial(module.run, wanted=wanted), json=json)
