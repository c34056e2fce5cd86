"""runs.*: the records of what was run over a cluster."""

from __future__ import annotations

from invoke import Context, task

from gongbang.cli import on_cluster
from gongbang.commands.cluster import INVENTORY

LOOK = {"inventory": INVENTORY, "json": "print JSON, and nothing else, on standard output"}
RUN = "name of the run or how it begins, or a number that counts back from 1, the newest"


@task(name="list", help=LOOK)
def list_(c: Context, inventory: str = "", json: bool = False) -> None:
    """List the runs: result, changes, time, and where those failed or were killed that did."""
    from gongbang.runs import listing

    on_cluster(
        "runs.list", inventory, lambda cluster: listing.show_all(cluster, json=json), json=json, record=False
    )


@task(help={**LOOK, "run": f"{RUN} (default: 1)"})
def show(c: Context, inventory: str = "", run: str = "", json: bool = False) -> None:
    """Show one run in full: from what it was made, roles, hosts, changes, failure."""
    from gongbang.runs import listing

    on_cluster(
        "runs.show", inventory, lambda cluster: listing.show(cluster, run, json=json), json=json, record=False
    )


@task(positional=["a", "b"], help={**LOOK, "a": RUN, "b": RUN})
def diff(c: Context, a: str, b: str, inventory: str = "", json: bool = False) -> None:
    """Show how two runs differ: code, inventory, versions, result, time of each role, changes."""
    from gongbang.runs import comparing

    on_cluster(
        "runs.diff",
        inventory,
        lambda cluster: comparing.show(cluster, a, b, json=json),
        json=json,
        record=False,
    )


@task(
    help={
        "inventory": INVENTORY,
        "run": f"{RUN} (default: 1)",
        "to": "file to write (default: into the record)",
    }
)
def report(c: Context, inventory: str = "", run: str = "", to: str = "") -> None:
    """Write a run's report, one HTML file with pictures that needs no network, and print where it is."""
    from gongbang.report import build

    on_cluster("runs.report", inventory, lambda cluster: build.report(cluster, run, to), record=False)
