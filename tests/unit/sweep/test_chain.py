"""The chain's own logic, with runs that are played."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from gongbang.model import Cluster
from gongbang.sweep import chain, judge, nodes, store
from gongbang.sweep.boundaries import Boundary
from gongbang.sweep.store import State

ALL = [Boundary("play", f"roles/a/tasks/main.yml:{number}", "cp1") for number in range(6)]


class Played:
    """A run that reaches the boundaries of `reaches` only."""

    reaches: Sequence[int] = range(6)
    ends_with = 0
    log: list[int | None] = []  # noqa: RUF012 - set anew by each test

    def __init__(self, cluster: Cluster, halt_at: Sequence[Boundary] = ()) -> None:
        there = [ALL[index] for index in self.reaches if ALL[index] in halt_at]
        self.reached = there[0] if there else None
        self.seconds, self.code, self.killed = 2.0, (None if there else self.ends_with), False
        self.record = self.output = Path("nowhere")

    def __enter__(self) -> Played:
        return self

    def __exit__(self, *_: object) -> None:
        self.log.append(ALL.index(self.reached) if self.reached else None)

    def wait(self) -> bool:
        return self.reached is not None

    def kill(self) -> None:
        self.killed = True

    def summary(self) -> dict[str, Any]:
        return {"failure": {"task": "it"}}


@pytest.fixture
def sweep(
    make_cluster: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., store.Chain]:
    cluster = make_cluster()
    monkeypatch.setattr(chain, "Run", Played)
    monkeypatch.setattr(nodes, "fresh", lambda _: None)
    monkeypatch.setattr(judge, "differences", lambda _: [])
    monkeypatch.setattr(judge, "keep", lambda *_: Path("evidence"))
    store.path(cluster).parent.mkdir(parents=True)
    state = State(store.digest(cluster), [boundary.line for boundary in ALL])

    def go(until: float = float("inf"), **more: Any) -> store.Chain:
        Played.log = []
        for name, value in ({"reaches": range(6), "ends_with": 0} | more).items():
            setattr(Played, name, value)
        return chain.go_on(cluster, state, "all", ALL, lambda _: None, until)

    return go


def test_each_run_is_killed_at_the_next_boundary_and_the_last_one_ends(
    sweep: Callable[..., store.Chain],
) -> None:
    ended = sweep()
    assert Played.log == [0, 1, 2, 3, 4, 5, None]
    assert (ended.status, ended.position, len(ended.kills)) == (store.EQUAL, 5, 6)


def test_boundaries_that_no_run_reaches_any_more_are_passed(sweep: Callable[..., store.Chain]) -> None:
    assert sorted(sweep(reaches=[0, 3, 5]).kills) == ["0", "3", "5"]
    assert Played.log == [0, 3, 5, None]


def test_a_run_that_fails_ends_the_chain_and_the_same_command_goes_on(
    sweep: Callable[..., store.Chain],
) -> None:
    failed = sweep(reaches=[0, 1], ends_with=4)
    assert failed.status == store.FAILED
    assert "task" in failed.evidence[1]
    ended = sweep()
    assert (ended.status, len(ended.failures)) == (store.EQUAL, 1)  # told in the table
    assert Played.log == [2, 3, 4, 5, None]


def test_when_the_time_is_over_nothing_is_begun(sweep: Callable[..., store.Chain]) -> None:
    assert sweep(until=0.0).status == store.RUNNING
    assert Played.log == []


def test_a_difference_is_the_verdict(
    sweep: Callable[..., store.Chain], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "differences", lambda _: ["cp1 > swaps: [] -> x"])
    ended = sweep()
    assert ended.status == store.DIFFERENT
    assert ended.evidence[1:] == ["cp1 > swaps: [] -> x"]


def test_the_state_is_kept_and_thrown_away_with_other_roles(
    sweep: Callable[..., store.Chain], make_cluster: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep()
    cluster = make_cluster()
    store.reference(cluster).write_text("{}")
    assert len(store.load(cluster).chains["all"].kills) == 6
    assert json.loads(store.path(cluster).read_text())["chains"]["all"]["status"] == store.EQUAL
    monkeypatch.setattr(store, "digest", lambda _: "other roles")
    assert store.load(cluster).lines == []
