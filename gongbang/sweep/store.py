"""The state of a sweep in one file that is written whole or not at all, so that a sweep goes on where it ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gongbang.files import write_atomically
from gongbang.model import Cluster
from gongbang.paths import ROOT
from gongbang.sweep import driver
from gongbang.sweep.boundaries import Boundary, parsed

RUNNING, EQUAL, DIFFERENT, FAILED = "running", "equal", "different", "failed"


@dataclass
class Chain:
    """One chain of kills: `position` is the index of the last boundary, `kills` index -> seconds until it was reached."""

    position: int = -1
    kills: dict[str, float] = field(default_factory=dict)
    status: str = RUNNING
    seconds: float = 0.0
    evidence: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """Of re-runs that ended by themselves and not well; the table tells how many, also when the chain went on later."""


@dataclass
class State:
    """All that a sweep knows: the undisturbed run, the chains by name, the single shots by name."""

    inputs: str
    lines: list[str] = field(default_factory=list)
    reference_s: float = 0.0
    chains: dict[str, Chain] = field(default_factory=dict)
    shots: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def boundaries(self) -> list[Boundary]:
        """The boundaries of the undisturbed run, in order."""
        return [parsed(line) for line in self.lines]


def path(cluster: Cluster) -> Path:
    """Where the state is."""
    return driver.folder(cluster) / "state.json"


def reference(cluster: Cluster) -> Path:
    """Where the capture of the undisturbed cluster is."""
    return driver.folder(cluster) / "reference.json"


def load(cluster: Cluster) -> State:
    """The state of earlier runs; a new one when there is none, or when roles, playbooks or inventory have changed."""
    inputs = digest(cluster)
    try:
        found = json.loads(path(cluster).read_text())
        chains = {name: Chain(**chain) for name, chain in found.pop("chains").items()}
        state = State(**found, chains=chains)
    except (OSError, ValueError, TypeError, KeyError):
        return State(inputs)
    return state if state.inputs == inputs and reference(cluster).exists() else State(inputs)


def save(cluster: Cluster, state: State) -> None:
    """Write the state."""
    write_atomically(path(cluster), json.dumps(asdict(state), indent=1) + "\n")


def digest(cluster: Cluster) -> str:
    """A hash of all that decides what a run does on the nodes and where its boundaries are."""
    total = hashlib.sha256()
    for file in _files(cluster):
        total.update(f"{file.name}\0".encode() + file.read_bytes())
    return total.hexdigest()[:16]


def _files(cluster: Cluster) -> Iterator[Path]:
    for top in (*(ROOT / name for name in ("playbooks", "roles", "plugins", "charts")), cluster.inventory):
        for folder, _, files in sorted(top.walk(follow_symlinks=True)):
            if folder.name != "__pycache__":
                yield from (folder / name for name in sorted(files) if name != "README.md")
