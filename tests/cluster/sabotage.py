"""Proof that the suite can fail: breaks one thing at a time, sees the named checks fail and no others, puts it back.

python -m tests.cluster.sabotage --inventory PATH [--part K/N | --part auto/N] [--only NAME] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gongbang import inventory as inventories
from gongbang.errors import ExitCode, GongbangError
from gongbang.model import Cluster
from tests.cluster import suite
from tests.cluster.ending import exit_code
from tests.cluster.saboteur import Outcome, Sabotage, Saboteur, load
from tests.cluster.ssh import Nodes


def chosen(all_of_them: list[Sabotage], only: str, part: str) -> list[Sabotage]:
    """The one called `only`, or every N-th from the K-th; `auto/N` takes K from the day, so that parts rotate."""
    if only:
        found = [one for one in all_of_them if one.name == only]
        if not found:
            names = ", ".join(one.name for one in all_of_them)
            raise GongbangError("there is no such sabotage", only, f"one of: {names}")
        return found
    if not part:
        return all_of_them
    match = re.fullmatch(r"(auto|\d+)/(\d+)", part)
    if not match or int(match[2]) < 1 or (match[1] != "auto" and not 1 <= int(match[1]) <= int(match[2])):
        raise GongbangError("the part is not understood", part, "give K/N with 1 <= K <= N, or auto/N")
    count = int(match[2])
    turn = datetime.now(UTC).toordinal() % count if match[1] == "auto" else int(match[1]) - 1
    return all_of_them[turn::count]


def tell(line: str) -> None:
    print(line, flush=True)


def report(outcome: Outcome) -> None:
    """One line for what went well, more for what did not."""
    if outcome.skipped:
        tell(f"{outcome.name:<30} skipped: the inventory has no {outcome.skipped}")
        return
    verdict = "noticed" if outcome.good else "FAILED"
    tell(f"{outcome.name:<30} {verdict:<8} {len(outcome.failed):>3} checks failed  {outcome.seconds:>5.0f}s")
    for name in outcome.missed:
        tell(f"    had to fail and passed: {name}")
    for name, why in outcome.surprises.items():
        tell(f"    failed unexpectedly: {name}: {' '.join(why.split())}")
    if outcome.problem:
        tell(f"    {outcome.problem}")


def run(cluster: Cluster, only: str = "", part: str = "") -> list[Outcome]:
    """Break the chosen things one after the other; raises GongbangError when the cluster is not healthy before or after."""
    nodes = Nodes(cluster)
    try:
        saboteur = Saboteur(cluster, nodes)
        saboteur.recover()
        healthy(saboteur, "before anything was broken", "./inv cluster.up")
        outcomes = []
        for one in chosen(load(), only, part):
            outcomes.append(saboteur.judge(one))
            report(outcomes[-1])
        healthy(saboteur, "after all was put back", "./inv cluster.verify")
        return outcomes
    finally:
        nodes.close()


def healthy(saboteur: Saboteur, when: str, fix: str) -> None:
    """Raise GongbangError unless the whole suite passes, at the second look at the latest."""
    left = saboteur.heals(suite.run(saboteur.cluster))
    if left:
        raise GongbangError(
            f"checks fail {when}", "\n".join(map(" ".join, left.items())), fix, ExitCode.VERIFICATION
        )


def main(inventory: str = "", part: str = "", only: str = "", result: str = "") -> ExitCode:
    """Run the chosen part on the inventory's cluster and tell how it went."""
    outcomes = run(inventories.load(inventories.path_of(inventory)), only, part)
    if result:
        summary: list[dict[str, Any]] = [asdict(outcome) for outcome in outcomes]
        Path(result).write_text(json.dumps(summary, indent=1) + "\n")
    bad = [outcome.name for outcome in outcomes if not outcome.good and not outcome.skipped]
    done = len(outcomes) - len(bad) - sum(bool(outcome.skipped) for outcome in outcomes)
    tell(
        f"{done} sabotages noticed, {len(bad)} not{': ' + ', '.join(bad) if bad else ''}; the cluster is whole again"
    )
    return ExitCode.VERIFICATION if bad else ExitCode.DONE


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inventory", default="")
    parser.add_argument("--part", default="", help="K/N, or auto/N: a part that changes every day")
    parser.add_argument("--only", default="", help="the name of one sabotage")
    parser.add_argument("--json", default="", dest="result", help="a file for the outcomes")
    options = vars(parser.parse_args())
    raise SystemExit(exit_code(lambda: main(**options), "stopped; what was broken has been put back"))
