"""Reads from a run's record whether the kubelets were changed one node after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from gongbang.runs import found

TURN = "turn | "
"""How the tasks begin that change one node's kubelet (roles/kubeadm/tasks/turn.yml)."""
ENDS = ("ok", "changed", "failed")


def spans(events: Iterable[Mapping[str, Any]]) -> dict[str, tuple[float, float]]:
    """From the first to the last event of each host's turn, in seconds since the epoch; hosts that had none are left out."""
    turns: dict[str, tuple[float, float]] = {}
    for event in events:
        host = event.get("host")
        if host and event.get("kind") in ("host", *ENDS) and str(event.get("task")).startswith(TURN):
            turns[host] = (turns.get(host, (event["time"], 0.0))[0], event["time"])
    return turns


def problems(record: Path, workers: int) -> list[str]:
    """What is wrong: nodes whose turns overlap, or fewer than two turns on several workers, which shows nothing."""
    turns = sorted(spans(found.events(record)).items(), key=lambda turn: turn[1])
    if min(workers, 2) > len(turns):
        return [f"kubelets took {len(turns)} turns: whether they take them one by one was not seen"]
    return [
        f"the kubelets of {one} and {other} were changed at the same time"
        for (one, (_, end)), (other, (start, _)) in pairwise(turns)
        if start < end
    ]
