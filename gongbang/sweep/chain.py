"""The chain: each re-run of `cluster.up` is killed at the next boundary that it reaches, and so on to the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from gongbang.model import Cluster
from gongbang.paths import shown
from gongbang.sweep import judge, nodes, store
from gongbang.sweep.boundaries import Boundary, recorded
from gongbang.sweep.driver import Run
from gongbang.sweep.store import Chain, State

Say = Callable[[str], None]


def undisturbed(cluster: Cluster, state: State, say: Say) -> None:
    """From no nodes to a cluster without a disturbance: its boundaries, its seconds, its capture."""
    nodes.fresh(cluster)
    with Run(cluster) as run:
        run.wait()
        nodes.require(run, "the undisturbed run failed")
        state.lines = [boundary.line for boundary in recorded(run.record / "events.jsonl")]
        state.reference_s = round(run.seconds, 1)
    judge.remember(cluster)
    store.save(cluster, state)
    say(f"undisturbed run: {state.reference_s:.0f} s, {len(state.lines)} boundaries")


def go_on(
    cluster: Cluster, state: State, name: str, wanted: Sequence[Boundary], say: Say, until: float
) -> Chain:
    """Kill re-run after re-run until one ends; then compare. Stops at `until` (monotonic) and can be called again."""
    chain = state.chains.get(name)
    if chain is None:
        nodes.fresh(cluster)
        chain = state.chains[name] = Chain()
    places = {boundary: index for index, boundary in enumerate(state.boundaries)}
    while chain.status in (store.RUNNING, store.FAILED) and time.monotonic() < until:
        left = [boundary for boundary in wanted if places[boundary] > chain.position]
        with Run(cluster, left) as run:
            if run.wait():
                run.kill()
                _note(chain, places, run)
                say(_progress(chain, places, left, run))
            else:
                _finish(cluster, chain, name, run)
        chain.seconds = round(chain.seconds + run.seconds, 1)
        store.save(cluster, state)
        if chain.status == store.FAILED:
            break
    return chain


def _note(chain: Chain, places: dict[Boundary, int], run: Run) -> None:
    assert run.reached is not None
    chain.position = places[run.reached]
    chain.kills[str(chain.position)] = round(run.seconds, 1)
    chain.status, chain.evidence = store.RUNNING, []


def _finish(cluster: Cluster, chain: Chain, name: str, run: Run) -> None:
    """The run ended by itself: the chain's verdict."""
    if run.code != 0:
        chain.status = store.FAILED
        found = [str(run.summary().get("failure") or f"exit code {run.code}")]
        chain.failures.append(found[0])
    else:
        found = judge.differences(cluster)
        chain.status = store.DIFFERENT if found else store.EQUAL
    chain.evidence = []
    if chain.status != store.EQUAL:
        chain.evidence = [f"kept in {shown(judge.keep(cluster, name, run, found))}", *found[:20]]


def _progress(chain: Chain, places: dict[Boundary, int], left: Sequence[Boundary], run: Run) -> str:
    """One line: where it was killed, how long that took, and how long the rest will take at this pace."""
    assert run.reached is not None
    rest = sum(places[boundary] > chain.position for boundary in left)
    pace = sum(chain.kills.values()) / len(chain.kills)
    return (
        f"kill {len(chain.kills)} at {run.reached.host}, {run.reached.where}: {run.seconds:.1f} s;"
        f" {rest} left, at most {rest * pace / 60:.0f} min"
    )
