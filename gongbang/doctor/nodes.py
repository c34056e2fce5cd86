"""What the preflight of `cluster.up` says of the nodes: the same play, asked quietly."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from gongbang import proc
from gongbang.errors import GongbangError
from gongbang.model import Cluster
from gongbang.paths import ROOT, TOOLS
from gongbang.problem import Problem
from gongbang.remote import SETTINGS

PLAYBOOK = "playbooks/preflight.yml"
SECONDS = 120
ONE = re.compile(r"^  (\S.*)\n    seen: (.*)\n    fix:  (.*)$", re.MULTILINE)
"""One problem in the list that the play refuses with."""
AGAIN = "./inv cluster.up says more"


def problems(cluster: Cluster, names: Sequence[str], running: Sequence[str] = ()) -> list[Problem]:
    """Every problem of the nodes of these names; those that are silent are not to be among them.

    `running` are the steps that go on there (`UNIT on NODE`): the play waits for them, longer than we do.
    """
    if not names:
        return []
    try:
        done = proc.run(
            [TOOLS / "ansible-playbook", "-i", cluster.inventory, "--limit", ",".join(names), PLAYBOOK],
            cwd=ROOT, env=SETTINGS, timeout=SECONDS, check=False,
        )  # fmt: skip
    except GongbangError as error:
        return [too_long(error, running)]
    if done.returncode == 0:
        return []
    said = [text for text in failures(done.stdout) if text]
    found = [Problem(*match) for text in said for match in ONE.findall(text)]
    last = " ".join("; ".join(said).split()) or done.stderr.strip()[-300:]
    return found or [Problem("the nodes could not be looked at", last, AGAIN)]


def too_long(error: GongbangError, running: Sequence[str]) -> Problem:
    """What is told when the play does not end in time; what else was found is told all the same."""
    what = f"the nodes could not be looked at within {SECONDS} s"
    if not running:
        return Problem(what, error.problem, AGAIN)
    unit, _, node = running[0].partition(" on ")
    fix = f"wait for its end, then ./inv cluster.doctor; on {node}: tail -f /var/log/gongbang/{unit.removesuffix('.service')}.log"
    return Problem(what, f"{', '.join(running)} still runs", fix)


def failures(output: str) -> list[str]:
    """The messages of all failed tasks in what Ansible's JSON callback printed."""
    start = output.find("{")
    try:
        plays: list[dict[str, Any]] = json.loads(output[start:])["plays"] if start >= 0 else []
    except (ValueError, LookupError):
        return []
    results = [host for play in plays for task in play["tasks"] for host in task["hosts"].values()]
    return [str(one.get("msg", "")) for one in results if one.get("failed") or one.get("unreachable")]
