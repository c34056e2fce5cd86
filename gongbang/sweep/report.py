"""The tables of a sweep, and the committed result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gongbang import proc
from gongbang.files import write_atomically
from gongbang.paths import ROOT
from gongbang.sweep import figures, store
from gongbang.sweep.shots import SHOTS
from gongbang.sweep.store import State

RESULT = ROOT / "docs" / "sweep.json"
PAGE = ROOT / "docs" / "sweep.md"


def write(state: State) -> None:
    """Write docs/sweep.json and docs/sweep.md, to be committed; what they hold and this sweep does not tell stays in them."""
    before = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    tree = proc.run(["git", "rev-parse", "HEAD^{tree}"], cwd=ROOT).stdout.strip()
    told = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "trees": {**before.get("trees", {}), state.inputs: tree},
        **figures.gathered(before, figures.of(state)),
    }
    write_atomically(RESULT, json.dumps(told, indent=1) + "\n", mode=0o644)
    write_atomically(PAGE, page(told), mode=0o644)


def page(told: Mapping[str, Any]) -> str:
    """The page that shows the figures."""
    return "\n".join([*_head(told), *table(told)]) + "\n"


def table(told: Mapping[str, Any]) -> list[str]:
    """What has been done so far, as lines for the terminal and for the page (Markdown tables)."""
    rows = [[row[key] for key in ("name", "boundaries", "killed", "passed")] for row in told["groups"]]
    rows.append(["all", *(sum(row[column] for row in rows) for column in (1, 2, 3))])
    lines = _table(["play: role", "boundaries:", "killed there:", "passed:"], rows)
    words = ["chain", "kills:", "failed re-runs:", "seconds:", "seconds per kill:", "verdict", "inputs"]
    lines += ["", *_table(words, [_chain(*item) for item in told["chains"].items()])]
    shots = [shot.name for shot in SHOTS if shot.name in told["single_shots"]]
    if shots:
        words = ["single shot", "first run", "runs again:", "seconds:", "verdict", "inputs"]
        lines += ["", *_table(words, [_shot(name, told["single_shots"][name]) for name in shots])]
    return lines


def _table(words: list[str], rows: list[list[Any]]) -> list[str]:
    """A Markdown table; the columns of words that end with a colon hold numbers."""
    lines = [[word.removesuffix(":") for word in words], *rows]
    told = ["| " + " | ".join(map(str, line)) + " |" for line in lines]
    rule = "|" + "|".join("---:" if word.endswith(":") else "---" for word in words) + "|"
    return [told[0], rule, *told[1:]]


def _chain(name: str, row: Mapping[str, Any]) -> list[Any]:
    numbers = [row["kills"], row["failed_reruns"], f"{row['seconds']:.0f}", row["seconds_per_kill"]]
    return [name, *numbers, row["verdict"], row["inputs"]]


def _shot(name: str, row: Mapping[str, Any]) -> list[Any]:
    return [name, row["first"], row["runs_again"], f"{row['seconds']:.0f}", row["status"], row["inputs"]]


def _head(told: Mapping[str, Any]) -> list[str]:
    shots = told["single_shots"].values()
    equal = sum(row["status"] == store.EQUAL for row in shots)
    killed = sum(row["killed"] for row in told["groups"])
    seen = {row["inputs"] for row in (*told["chains"].values(), *shots)}
    return [
        "# Crash sweep",
        "",
        f"Written by `./inv sweep --write` on {told['date']}. The undisturbed run took"
        f" {told['undisturbed_seconds']:.0f} s and has {told['boundaries']} boundaries (a task about to start on a host).",
        f"So far `cluster.up` was killed at {killed} of them, and {len(shots)} of {told['single_shots_declared']} single shots were"
        f" fired; {equal} of these ended equal. [What the sweep does](verification.md#crash-sweep).",
        "It may be gathered over several days: `inputs` is a hash of roles, playbooks, plugins, charts and the sweep's inventory as they"
        " were when a row was seen. `git diff TREE TREE` of these trees tells what has changed between them:",
        "",
        *(f"- `{inputs}`: tree {tree[:12]}" for inputs, tree in told["trees"].items() if inputs in seen),
        "",
        "*Killed there*: SIGKILL to all processes of the run before that task started on that host. *Passed*: no re-run",
        "of the chain reached it any more, because its work was done or what it follows was settled.",
        "",
    ]
