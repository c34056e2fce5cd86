"""The table of a sweep, and the committed result."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gongbang import proc
from gongbang.paths import ROOT
from gongbang.sweep import store
from gongbang.sweep.boundaries import Boundary, chosen, of_chain
from gongbang.sweep.shots import SHOTS
from gongbang.sweep.store import Chain, State

RESULT = ROOT / "docs" / "sweep.json"
PAGE = ROOT / "docs" / "sweep.md"


def table(state: State) -> list[str]:
    """What has been done so far, as lines for the terminal and for the page (a Markdown table)."""
    lines = ["| play: role | boundaries | killed there | passed |", "|---|---:|---:|---:|"]
    done = {int(index) for chain in state.chains.values() for index in chain.kills}
    behind = {boundary for name, chain in state.chains.items() for boundary in _behind(state, name, chain)}
    total: Counter[str] = Counter()
    killed: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    for index, boundary in enumerate(state.boundaries):
        total[boundary.group] += 1
        killed[boundary.group] += index in done
        passed[boundary.group] += index not in done and boundary in behind
    lines += [f"| {name} | {number} | {killed[name]} | {passed[name]} |" for name, number in total.items()]
    lines += [f"| all | {total.total()} | {killed.total()} | {passed.total()} |", ""]
    lines += [
        "| chain | kills | failed re-runs | seconds | seconds per kill | verdict |",
        "|---|---:|---:|---:|---:|---|",
    ]
    lines += [_chain(name, chain) for name, chain in state.chains.items()]
    if state.shots:
        lines += [
            "",
            "| single shot | first run | runs again | seconds | verdict |",
            "|---|---|---:|---:|---|",
        ]
        lines += [_shot(shot.name, state.shots[shot.name]) for shot in SHOTS if shot.name in state.shots]
    return lines


def _behind(state: State, name: str, chain: Chain) -> list[Boundary]:
    """The boundaries of a chain that it has left behind."""
    wanted = chosen(state.boundaries, **of_chain(name))
    last = len(state.lines) if chain.status in (store.EQUAL, store.DIFFERENT) else chain.position
    return [
        boundary for index, boundary in enumerate(state.boundaries) if index <= last and boundary in wanted
    ]


def _chain(name: str, chain: Chain) -> str:
    pace = sum(chain.kills.values()) / max(len(chain.kills), 1)
    return f"| {name} | {len(chain.kills)} | {len(chain.failures)} | {chain.seconds:.0f} | {pace:.1f} | {chain.status} |"


def _shot(name: str, row: Mapping[str, Any]) -> str:
    return f"| {name} | {row['first']} | {row['runs_again']} | {row['seconds']:.0f} | {row['status']} |"


def write(state: State) -> None:
    """Write docs/sweep.json and docs/sweep.md, to be committed."""
    shots = {name: {key: row[key] for key in row if key != "evidence"} for name, row in state.shots.items()}
    chains = {
        name: {
            "kills": len(chain.kills),
            "seconds": chain.seconds,
            "position": chain.position,
            "failed_reruns": len(chain.failures),
            "verdict": chain.status,
        }
        for name, chain in state.chains.items()
    }
    figures = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "tree": proc.run(["git", "rev-parse", "HEAD^{tree}"], cwd=ROOT).stdout.strip(),
        "boundaries": len(state.lines),
        "undisturbed_seconds": state.reference_s,
        "chains": chains,
        "single_shots_declared": len(SHOTS),
        "single_shots": shots,
    }
    RESULT.write_text(json.dumps(figures, indent=1) + "\n")
    PAGE.write_text("\n".join([*_head(figures, state), *table(state)]) + "\n")


def _head(figures: Mapping[str, Any], state: State) -> list[str]:
    equal = sum(row["status"] == store.EQUAL for row in state.shots.values())
    killed = len({index for chain in state.chains.values() for index in chain.kills})
    return [
        "# Crash sweep",
        "",
        f"Written by `./inv sweep --write` on {figures['date']}, tree {figures['tree'][:12]}. The undisturbed run took"
        f" {state.reference_s:.0f} s and has {len(state.lines)} boundaries (a task about to start on a host).",
        f"So far `cluster.up` was killed at {killed} of them, and {len(state.shots)} of {len(SHOTS)} single shots were"
        f" fired; {equal} of these ended equal. [What the sweep does](verification.md#crash-sweep).",
        "",
        "*Killed there*: SIGKILL to all processes of the run before that task started on that host. *Passed*: no re-run",
        "of the chain reached it any more, because its work was done or what it follows was settled.",
        "",
    ]
