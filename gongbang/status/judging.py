"""Makes the status out of what the nodes said: pure, so that every bad state can be tested without nodes."""

from __future__ import annotations

from gongbang import hints
from gongbang.model import Cluster
from gongbang.status.problems import (
    UP,
    certificate_problems,
    component_problems,
    node_problems,
    release_problems,
    silent,
)
from gongbang.status.report import CertificateStatus, Problem, RunStatus, State, Status
from gongbang.status.tables import (
    Answers,
    control_plane,
    control_planes,
    known_nodes,
    made,
    node_table,
    release_table,
)


def judge(
    cluster: Cluster,
    answers: Answers,
    certificates: tuple[CertificateStatus, ...] = (),
    last: RunStatus | None = None,
) -> Status:
    """The status of a cluster: `answers` by node name, `certificates` already read, the newest record."""
    known = known_nodes(cluster, answers)
    nodes = node_table(cluster, answers, known)
    planes = tuple(control_plane(node.name, answers[node.name]) for node in made(cluster, answers))
    releases = release_table(cluster, answers)
    holder = next((found for answer in answers.values() if (found := answer.get("holder"))), None)
    problems = (
        *silent(cluster, answers),
        *component_problems(planes),
        *node_problems(nodes, answers, known),
        *release_problems(releases, known),
        *certificate_problems(cluster, certificates),
    )
    state = overall(cluster, answers, problems)
    if state == "absent":
        problems = (absent(answers, busy=holder is not None),)
    aimed = tuple(Problem(one.problem, hints.meant_for(one.fix, cluster.inventory)) for one in problems)
    return Status(
        cluster.name,
        cluster.kubernetes_version,
        state,
        nodes,
        planes,
        releases,
        certificates,
        holder,
        last,
        aimed,
    )


def overall(cluster: Cluster, answers: Answers, problems: tuple[Problem, ...]) -> State:
    """The worst of all that was seen; absent only when every control plane answers and none was ever made."""
    heads = control_planes(cluster, answers)
    if not made(cluster, answers) and not any(answers[node.name].silence for node in heads):
        return "absent"
    if any(answer.silence for answer in answers.values()):
        return "unreachable"
    return "degraded" if problems else "ready"


def absent(answers: Answers, *, busy: bool) -> Problem:
    """Why there is no cluster."""
    why = "there is no cluster on these nodes yet" if answers else "there are no nodes: the lab was not made"
    return Problem(why, "wait: somebody works on it now" if busy else UP)
