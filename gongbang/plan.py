"""What cluster.up would do to these nodes now: by role, host and change; nothing is changed by asking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from gongbang import hints, preflight, schema, session
from gongbang.errors import ExitCode
from gongbang.events import Event
from gongbang.lifecycle import play
from gongbang.model import CONTROL_PLANE, Cluster, Node

HERE = "(here)"
"""Stands for the host of what is made on the machine that runs this."""


UNSEEN = "looked at when the lab runs (./inv lab.up makes it)"


@dataclass(frozen=True)
class Change:
    """One thing that would change; `diff` in files, when it was asked for."""

    role: str
    host: str
    change: str
    diff: str = ""


def run(cluster: Cluster, *, diff: bool = False) -> ExitCode:
    """Show what cluster.up would do; CHANGES when there is something, DONE when there is nothing."""
    preflight.check(cluster, schema.load())
    ready, found = lab_nodes(cluster)
    notes: tuple[str, ...] = ()
    if ready:
        result = play(
            "playbooks/site.yml", cluster, "cluster.plan", check=True, diff=diff,
            only=None if len(ready) == len(cluster.nodes) else ready,
        )  # fmt: skip
        found += in_order(cluster, changes(result.told))
        notes = result.notes
    show(cluster, found, notes)
    return ExitCode.CHANGES if found else ExitCode.DONE


def changes(events: Iterable[Event]) -> list[Change]:
    """The changes that events tell, each once; the differences go with an event's first change."""
    found: dict[tuple[str, str, str], Change] = {}
    for event in events:
        for number, text in enumerate(event.changes):
            role = event.role or event.play
            change = Change(role, event.host, text, event.diff if number == 0 else "")
            found.setdefault((change.role, change.host, change.change), change)
    return list(found.values())


def in_order(cluster: Cluster, found: Sequence[Change]) -> list[Change]:
    """The changes by role as the run comes to them, within a role by host as the inventory has them."""
    roles = list(dict.fromkeys(change.role for change in found))
    hosts = {node.name: number for number, node in enumerate(cluster.nodes)}
    return sorted(found, key=lambda change: (roles.index(change.role), hosts.get(change.host, 0)))


def lab_nodes(cluster: Cluster) -> tuple[tuple[Node, ...], list[Change]]:
    """The nodes that can be looked at now, and what a run would make on this machine before the others can."""
    if not cluster.is_lab:
        return cluster.nodes, []
    from gongbang import lab

    states = lab.states(cluster)
    found = [
        Change("lab", name, f"node at {node.address}: {states[name]} -> running")
        for name, node in ((node.name, node) for node in cluster.nodes)
        if states[name] != "running"
    ]
    if not lab.served(cluster):
        found.append(Change("lab", HERE, "services of the bundle: stopped -> running"))
        return (), [*found, *unseen(cluster, cluster.nodes)]
    ready = tuple(node for node in cluster.nodes if states[node.name] == "running")
    if not {node.name for node in cluster.nodes_in(CONTROL_PLANE)} <= {node.name for node in ready}:
        ready = ()  # what the others are to become is the control plane's to say
    return ready, [*found, *unseen(cluster, [node for node in cluster.nodes if node not in ready])]


def unseen(cluster: Cluster, nodes: Sequence[Node]) -> list[Change]:
    """What will be made on nodes that nobody can look at yet."""
    return [
        Change("cluster", node.name, f"Kubernetes {cluster.kubernetes_version}: {UNSEEN}") for node in nodes
    ]


def show(cluster: Cluster, found: Sequence[Change], notes: Sequence[str]) -> None:
    """Print the plan, and keep it in the run's summary."""
    current = session.current()
    if current:
        current.record.summary.plan = [
            {key: value for key, value in asdict(change).items() if value} for change in found
        ]
        current.record.summary.notes = list(notes)
    for text in lines(cluster, found):
        session.say(text)
    for note in notes:
        session.say(f"note: {note}")


def lines(cluster: Cluster, found: Sequence[Change]) -> list[str]:
    """The plan as text: a line per change, with its differences below."""
    if not found:
        return [f"plan for {cluster.name}: nothing to do"]
    host = max(len(change.host) for change in found)
    role = max(len(change.role) for change in found)
    result = [""]
    for change in found:
        result.append(f"  {change.host:<{host}}  {change.role:<{role}}  {change.change}")
        result += [f"      {text}" for text in change.diff.splitlines()]
    hosts = len({change.host for change in found})
    counted = f"{len(found)} change{'s' * (len(found) > 1)} on {hosts} host{'s' * (hosts > 1)}"
    return [
        *result,
        f"plan for {cluster.name}: {counted}; {hints.command('cluster.up', cluster.inventory)} makes them",
    ]
