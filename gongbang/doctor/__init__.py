"""cluster.doctor: everything that is wrong with a cluster, each with the command that helps; changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import replace

from gongbang import hints, preflight, schema, ssh, status
from gongbang.doctor import findings, nodes
from gongbang.errors import ExitCode
from gongbang.model import Cluster
from gongbang.problem import Problem
from gongbang.status import Status, asking, judging, reading

__all__ = ["examine", "show"]


def show(cluster: Cluster, *, json: bool = False) -> ExitCode:
    """Print the findings, as text or as one JSON document; the exit code says how bad it is."""
    code, state, found = examine(cluster)
    if json:
        import json as json_module

        items = [{"problem": one.what, "seen": one.seen, "fix": one.fix} for one in found]
        document = {"cluster": cluster.name, "state": state, "code": int(code), "findings": items}
        sys.stdout.write(json_module.dumps(document, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(findings.text(cluster, state, found))
    return code


def examine(cluster: Cluster) -> tuple[ExitCode, str, list[Problem]]:
    """The exit code, the state as `cluster.status` tells it, and every finding.

    A bad inventory is told alone: what it says of the nodes cannot be trusted.
    """
    bad = preflight.problems(cluster, schema.load())
    if bad:
        return ExitCode.BAD_INPUT, "bad input", bad
    with ssh.configuration(cluster) as config:
        answers = asking.ask(cluster, config) if status.there_may_be_nodes(cluster) else {}
    seen = judging.judge(cluster, answers, reading.certificates(answers))
    off = findings.off(answers)
    found = findings.of_status(cluster, seen, answers)
    found += nodes.problems(cluster, [name for name in answers if name not in off], findings.running(answers))
    aimed = [replace(one, fix=hints.meant_for(one.fix, cluster.inventory)) for one in found]
    return code(seen, found, off), seen.state, aimed


def code(seen: Status, found: Sequence[Problem], off: Collection[str]) -> ExitCode:
    """UNREACHABLE when a node is off, VERIFICATION when only the doctor found something, else status' own code."""
    if off:
        return ExitCode.UNREACHABLE
    if found and seen.code in (ExitCode.DONE, ExitCode.UNREACHABLE):
        return ExitCode.VERIFICATION
    return seen.code
