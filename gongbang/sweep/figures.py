"""What a sweep has shown, as plain figures: of one state, and gathered with what earlier sweeps showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from gongbang.sweep import store
from gongbang.sweep.boundaries import WHOLE, Boundary, chosen, of_chain
from gongbang.sweep.shots import SHOTS
from gongbang.sweep.store import Chain, State

Figures = dict[str, Any]
"""inputs (hash), boundaries, undisturbed_seconds, groups [{name, boundaries, killed, passed}], chains and single_shots by name.

Each chain and shot has the inputs that it was seen with: they may be of different days.
"""


def of(state: State) -> Figures:
    """The figures of a state."""
    seen = {"inputs": state.inputs}
    return {
        **seen,
        "boundaries": len(state.lines),
        "undisturbed_seconds": state.reference_s,
        "groups": _groups(state),
        "chains": {name: _chain(chain) | seen for name, chain in state.chains.items()},
        "single_shots_declared": len(SHOTS),
        "single_shots": {name: _without_evidence(row) | seen for name, row in state.shots.items()},
    }


def gathered(before: Mapping[str, Any], now: Figures) -> Figures:
    """`now`, and of the figures before it what it does not tell; what has ended does not give way to a chain that has not."""
    if not before:
        return now
    chains = {**before["chains"]}
    for name, chain in now["chains"].items():
        if chain["verdict"] != store.RUNNING or chains.get(name, chain)["verdict"] == store.RUNNING:
            chains[name] = chain
    places = _places(before, now, chains.get(WHOLE))
    return now | {
        "boundaries": places["boundaries"],
        "undisturbed_seconds": places["undisturbed_seconds"],
        "groups": places["groups"],
        "chains": chains,
        "single_shots": {**before["single_shots"], **now["single_shots"]},
    }


def _places(before: Mapping[str, Any], now: Figures, whole: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Those figures whose boundaries are shown: with the whole chain if there is one, else with more kills."""
    if whole:
        return now if whole is now["chains"].get(WHOLE) else before
    return max(before, now, key=lambda figures: sum(row["killed"] for row in figures["groups"]))


def _groups(state: State) -> list[dict[str, Any]]:
    done = {int(index) for chain in state.chains.values() for index in chain.kills}
    behind = {boundary for name, chain in state.chains.items() for boundary in _behind(state, name, chain)}
    total: Counter[str] = Counter()
    killed: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    for index, boundary in enumerate(state.boundaries):
        total[boundary.group] += 1
        killed[boundary.group] += index in done
        passed[boundary.group] += index not in done and boundary in behind
    return [
        {"name": name, "boundaries": number, "killed": killed[name], "passed": passed[name]}
        for name, number in total.items()
    ]


def _behind(state: State, name: str, chain: Chain) -> list[Boundary]:
    """The boundaries of a chain that it has left behind."""
    wanted = chosen(state.boundaries, **of_chain(name))
    last = len(state.lines) if chain.status in (store.EQUAL, store.DIFFERENT) else chain.position
    return [
        boundary for index, boundary in enumerate(state.boundaries) if index <= last and boundary in wanted
    ]


def _chain(chain: Chain) -> dict[str, Any]:
    return {
        "kills": len(chain.kills),
        "seconds": chain.seconds,
        "seconds_per_kill": round(sum(chain.kills.values()) / max(len(chain.kills), 1), 1),
        "position": chain.position,
        "failed_reruns": len(chain.failures),
        "verdict": chain.status,
    }


def _without_evidence(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "evidence"}
