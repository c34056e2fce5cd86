"""What `./inv sweep` does: the undisturbed run, then a chain or single shots, the table and the verdict."""

from __future__ import annotations

import time
from dataclasses import dataclass

from gongbang import engine, lab, session
from gongbang.errors import ExitCode, GongbangError
from gongbang.model import Cluster
from gongbang.paths import ROOT
from gongbang.session import RunFailedError
from gongbang.sweep import chain, figures, nodes, report, shots, store
from gongbang.sweep.boundaries import WHOLE, chosen, of_chain
from gongbang.sweep.store import State

INVENTORY = ROOT / "tests" / "sweep" / "inventory"
"""The sweep's own nodes: a user's lab is never touched unless its inventory is given."""


@dataclass(frozen=True)
class Wanted:
    """What one call is to do; see the command's options."""

    sample: int = 0
    part: str = ""
    shots: str = ""
    minutes: int = 0
    write: bool = False
    again: bool = False
    down: bool = False

    @property
    def chain(self) -> str:
        """The name of the chain; "" when only shots are wanted."""
        return self.part or (f"sample {self.sample}" if self.sample else "" if self.shots else WHOLE)


def run(cluster: Cluster, wanted: Wanted) -> ExitCode:
    """Sweep, or go on with a sweep; VERIFICATION when something did not end equal, DONE otherwise."""
    lab.require_lab(cluster)
    engine.ensure()
    until = time.monotonic() + wanted.minutes * 60 if wanted.minutes else float("inf")
    state = State(store.digest(cluster)) if wanted.again else store.load(cluster)
    if not state.lines:
        chain.undisturbed(cluster, state, session.say)
    try:
        if wanted.shots:
            _fire(cluster, state, wanted.shots, until)
        if wanted.chain:
            places = chosen(state.boundaries, **of_chain(wanted.chain))
            chain.go_on(cluster, state, wanted.chain, places, session.say, until)
    finally:
        session.say("\n".join(report.table(figures.of(state))))
        if wanted.write:
            report.write(state)
    code = _verdict(state)
    if wanted.down:
        nodes.gone(cluster)
    return code


def _fire(cluster: Cluster, state: State, words: str, until: float) -> None:
    """Fire those of the named shots that have not ended equal yet."""
    wanted = shots.named(words)
    if not wanted:
        names = "; ".join(shot.name for shot in shots.SHOTS)
        raise GongbangError(
            "there is no such single shot", words, f"all, sample, or a part of one of: {names}"
        )
    for shot in wanted:
        if state.shots.get(shot.name, {}).get("status") == store.EQUAL or time.monotonic() > until:
            continue
        row = state.shots[shot.name] = shots.fire(cluster, shot)
        store.save(cluster, state)
        session.say(
            f"{shot.name}: first run {row['first']}, {row['status']} after {row['runs_again']} more, {row['seconds']} s"
        )


def _verdict(state: State) -> ExitCode:
    bad = [
        f"chain {name}: {one.status}: {'; '.join(one.evidence[:6])}"
        for name, one in state.chains.items()
        if one.evidence
    ]
    bad += [
        f"{name}: {'; '.join(row['evidence'][:6])}" for name, row in state.shots.items() if "evidence" in row
    ]
    if bad:
        raise RunFailedError(
            "not every crash ended in the same cluster", "\n".join(bad), code=ExitCode.VERIFICATION
        )
    if any(one.status == store.RUNNING for one in state.chains.values()):
        session.say("the chain is not at its end; the same command goes on with it")
    return ExitCode.DONE
