"""cluster.*: a cluster from the inventory, its verification, its end; verify.sabotage: proof that checks can fail."""

from __future__ import annotations

from typing import NoReturn

from invoke import Context, task

from gongbang.cli import leave, on_cluster, refused
from gongbang.errors import GongbangError

INVENTORY = "folder or file of the inventory (default: GONGBANG_INVENTORY, else inventories/lab)"
JSON = "print the run's summary as JSON, and nothing else, on standard output"
COMMON = {"inventory": INVENTORY, "json": JSON}
NO_DIFF = GongbangError(
    "cluster.up shows no differences",
    "--diff without --check",
    "look first: ./inv cluster.plan --diff",
)


@task(
    help={
        **COMMON,
        "verify": "run the whole verification suite afterwards",
        "check": "change nothing, tell what would change: cluster.plan",
        "diff": "with --check: show what would change in files",
    }
)
def up(
    c: Context,
    inventory: str = "",
    verify: bool = False,
    check: bool = False,
    diff: bool = False,
    json: bool = False,
) -> None:
    """Make the inventory's cluster be there and ready (nodes, bundle, Kubernetes, Helm releases)."""
    if check:
        make_plan(inventory, diff=diff, json=json)
    if diff:
        leave(refused("cluster.up", NO_DIFF, json=json))
    from gongbang import lifecycle

    on_cluster(
        "cluster.up", inventory, lambda cluster: lifecycle.up(cluster, verify=verify), json=json, changes=True
    )


@task(help={**COMMON, "diff": "show what would change in files"})
def plan(c: Context, inventory: str = "", diff: bool = False, json: bool = False) -> None:
    """Tell what cluster.up would do now, by role, host and change; changes nothing."""
    make_plan(inventory, diff=diff, json=json)


def make_plan(inventory: str, *, diff: bool, json: bool) -> NoReturn:
    """What `cluster.plan` and `cluster.up --check` both are."""
    from gongbang import plan as module

    on_cluster("cluster.plan", inventory, lambda cluster: module.run(cluster, diff=diff), json=json)


@task(
    help={
        **COMMON,
        "only": "run only the checks whose name matches this pytest expression",
        "slow": "also the checks that take minutes: an update under load that may lose no request",
    }
)
def verify(c: Context, inventory: str = "", only: str = "", slow: bool = False, json: bool = False) -> None:
    """Check a running cluster from end to end."""
    from gongbang import verification

    on_cluster(
        "cluster.verify",
        inventory,
        lambda cluster: verification.run(cluster, only=only, slow=slow),
        json=json,
    )


@task(
    help={
        "inventory": INVENTORY,
        "json": "print the status as JSON, and nothing else; with --watch one document a line",
        "watch": "look again every two seconds until Ctrl-C",
    }
)
def status(c: Context, inventory: str = "", json: bool = False, watch: bool = False) -> None:
    """Show nodes, control plane, etcd, releases, certificates and the last run; changes nothing."""
    from gongbang import status as module

    on_cluster(
        "cluster.status",
        inventory,
        lambda cluster: module.show(cluster, json=json, watch=watch),
        json=json,
        record=False,
    )


@task(help={"inventory": INVENTORY, "json": "print the findings as JSON, and nothing else"})
def doctor(c: Context, inventory: str = "", json: bool = False) -> None:
    """Tell all that is wrong with inventory, nodes and cluster, each with the command that helps."""
    from gongbang import doctor as module

    on_cluster(
        "cluster.doctor", inventory, lambda cluster: module.show(cluster, json=json), json=json, record=False
    )


@task(help={**COMMON, "yes": "do not ask for the cluster's name"})
def reset(c: Context, inventory: str = "", yes: bool = False, json: bool = False) -> None:
    """Take the cluster off its nodes again; the machines stay."""
    from gongbang import lifecycle

    on_cluster(
        "cluster.reset", inventory, lambda cluster: lifecycle.reset(cluster, yes=yes), json=json, changes=True
    )


@task(help=COMMON)
def down(c: Context, inventory: str = "", json: bool = False) -> None:
    """Remove the nodes of a lab; refuses machines that this project did not make."""
    from gongbang import lifecycle

    on_cluster("cluster.down", inventory, lifecycle.down, json=json, changes=True)


@task(
    name="verify.sabotage",
    help={**COMMON, "only": "break only this one (by name)", "part": "I/N: the I-th of N parts of the list"},
)
def sabotage(c: Context, inventory: str = "", only: str = "", part: str = "", json: bool = False) -> None:
    """Break things one at a time and see that the named check fails; puts everything back."""
    from gongbang import sabotage as module

    on_cluster(
        "verify.sabotage",
        inventory,
        lambda cluster: module.run(cluster, only=only, part=part),
        json=json,
        changes=True,
    )


@task(name="verify.drift", help=COMMON)
def drift(c: Context, inventory: str = "", json: bool = False) -> None:
    """Do to a cluster by hand what people do; one plan has to name it all, one cluster.up to mend it."""
    from gongbang import drift as module

    on_cluster("verify.drift", inventory, module.run, json=json)
