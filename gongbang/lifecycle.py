"""What the cluster commands do: up, verify, reset, down. Lab and bundle are asked only when they are needed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from gongbang import leftovers, lock, preflight, runner, schema, session, verification
from gongbang.cli import step
from gongbang.errors import ExitCode, GongbangError
from gongbang.model import CONTROL_PLANE, Cluster, Node
from gongbang.paths import lab_variables, shown
from gongbang.runner import RunResult


def up(cluster: Cluster, *, verify: bool = False) -> ExitCode:
    """Make the inventory's cluster be there and ready."""
    prepare(cluster)
    if cluster.is_lab:
        make_lab(cluster, always=False)
    result = converge(cluster)
    for note in result.notes:
        session.say(f"note: {note}")
    session.say(
        f"ready: {cluster.name}, Kubernetes {cluster.kubernetes_version}; kubeconfig {kubeconfig(cluster)}"
    )
    return verification.run(cluster) if verify else ExitCode.DONE


def converge(cluster: Cluster) -> RunResult:
    """Run the roles; after a bad end the next run looks at a lab's nodes again, and waits for them."""
    try:
        return play("playbooks/site.yml", cluster, "cluster.up")
    except GongbangError:
        if cluster.is_lab:
            from gongbang import lab

            lab.forget(cluster)
        raise


def prepare(cluster: Cluster) -> None:
    """Refuse a bad inventory and a second operator; clean up after killed runs."""
    preflight.check(cluster, schema.load())
    lock.on_nodes()
    for line in leftovers.sweep(cluster.name):
        session.say(line)


def make_lab(cluster: Cluster, *, always: bool = True) -> None:
    """Make engine, bundle, nodes and the bundle's services be there; `always` look at the nodes, or when something changed."""
    from gongbang import engine, lab

    lab.require_lab(cluster)
    with step("engine"):
        engine.ensure()
    from_bundle = cluster.vars.get("lab_source", "bundle") == "bundle"
    if from_bundle:
        from gongbang import bundle

        with step("bundle"):
            bundle.ensure(cluster, session.say)
    with step("lab"):
        lab.up(cluster, always=always)
    if from_bundle:
        from gongbang.bundle import serve

        ports = (int(cluster.vars[f"bundle_{name}_port"]) for name in ("apt", "registry"))
        serve.ensure_serving(str(cluster.vars["lab_gateway"]), *ports)
    lock.on_nodes()


def play(
    playbook: str,
    cluster: Cluster,
    command: str,
    *,
    check: bool = False,
    diff: bool = False,
    everywhere: bool = True,
    only: Sequence[Node] | None = None,
) -> RunResult:
    """Run a playbook over the cluster, or over `only` these nodes; `everywhere`: every node must have been worked on."""
    expected = cluster.node_names if everywhere else frozenset({cluster.nodes_in(CONTROL_PLANE)[0].name})
    names = None if only is None else frozenset(node.name for node in only)
    return runner.run(
        playbook, cluster.inventory, command=command, check=check, diff=diff,
        extra_vars=lab_variables(cluster.name) if cluster.is_lab else None,
        limit=None if names is None else ",".join(sorted(names)),
        hosts_expected=expected if names is None else names, cluster=cluster.name,
    ).require()  # fmt: skip


def reset(cluster: Cluster, *, yes: bool = False) -> ExitCode:
    """Take the cluster off its nodes again; asks for the cluster's name unless `yes`."""
    prepare(cluster)
    if not yes:
        confirm(cluster, input if sys.stdin.isatty() else None)
    play("playbooks/reset.yml", cluster, "cluster.reset")
    return ExitCode.DONE


def confirm(cluster: Cluster, ask: Callable[[str], str] | None) -> None:
    """Raise GongbangError unless the user types the cluster's name; `ask` None means nobody is there."""
    names = ", ".join(sorted(cluster.node_names))
    if ask is None:
        raise GongbangError(
            "cluster.reset asks for the cluster's name and nobody is there to answer",
            f"cluster {cluster.name} on {names}",
            "run it in a terminal, or add --yes",
        )
    answer = ask(
        f"This removes Kubernetes and all its data from {names}, and Docker Engine with its images, containers and volumes. "
        "Type the cluster's name to go on: "
    )
    if answer.strip() != cluster.name:
        raise GongbangError(
            "that is not the cluster's name; nothing was done", answer.strip(), f"type {cluster.name}"
        )


def down(cluster: Cluster) -> ExitCode:
    """Remove the nodes of a lab inventory; refuses machines that we did not make."""
    if not cluster.is_lab:
        raise GongbangError(
            "cluster.down removes only nodes that this project made, and this inventory has none",
            f"{shown(cluster.inventory)} sets no lab_network",
            "use cluster.reset to take the cluster off these machines",
        )
    for line in leftovers.sweep(cluster.name):
        session.say(line)
    unmake_lab(cluster)
    return ExitCode.DONE


def unmake_lab(cluster: Cluster) -> None:
    """Remove the lab's nodes, unless somebody works on them."""
    from gongbang import lab

    lab.require_lab(cluster)
    lock.on_nodes()
    lab.down(cluster)


def kubeconfig(cluster: Cluster) -> str:
    """Where the cluster's kubeconfig is, as a reader wants it."""
    from gongbang.paths import artifacts_dir

    return shown(artifacts_dir(cluster.name) / "kubeconfig")
