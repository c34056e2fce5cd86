from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path

import pytest

from gongbang.bundle import schedule
from gongbang.bundle.steps import Folders, Id, Step
from gongbang.bundle.store import Store


def step(name: str, seconds: float, *needs: str, log: list[str] | None = None) -> Step:
    def make(into: Path, done: Folders) -> None:
        assert all(("program", need) in done for need in needs)
        if log is not None:
            log.append(name)
        (into / name).write_text(name)

    return Step(("program", name), "key", seconds, tuple(("program", need) for need in needs), make, "1.0")


def by_id(*steps: Step) -> dict[Id, Step]:
    return {item.id: item for item in steps}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "store").mkdir()
    return Store(tmp_path / "store")


def test_what_others_wait_for_longest_comes_first(store: Store) -> None:
    log: list[str] = []
    steps = by_id(
        step("small", 1, log=log),
        step("base", 2, log=log),
        step("top", 50, "base", log=log),
        step("big", 20, log=log),
    )
    schedule.run(steps, store, 1, lambda _: None)
    assert log == ["base", "top", "big", "small"]


def test_only_what_is_missing_is_made(store: Store) -> None:
    log: list[str] = []
    steps = by_id(step("a", 1, log=log), step("b", 1, "a", log=log))
    first = schedule.run(steps, store, 2, lambda _: None)
    assert schedule.run(steps, store, 2, lambda _: None) == first
    assert log == ["a", "b"]


def test_two_workers_work_at_once(store: Store) -> None:
    both = threading.Barrier(2, timeout=10)
    steps = by_id(*(Step(("program", name), "k", 1, (), lambda *_: (both.wait(), None)[1]) for name in "ab"))
    schedule.run(steps, store, 2, lambda _: None)


def test_a_failure_ends_the_run_and_what_was_done_stays(store: Store) -> None:
    def fail(into: Path, done: Folders) -> None:
        time.sleep(0.05)
        raise RuntimeError("no")

    steps = by_id(step("good", 5), Step(("program", "bad"), "k", 1, (("program", "good"),), fail))
    with pytest.raises(RuntimeError, match="no"):
        schedule.run(steps, store, 2, lambda _: None)
    assert store.has("program", "good", "key")
    assert not store.has("program", "bad", "k")


def test_progress_tells_what_which_of_how_many_and_how_long(store: Store) -> None:
    lines: list[str] = []
    steps = by_id(step("long", 600), step("short", 60, "long"))
    schedule.run(steps, store, 1, lines.append)
    assert lines[0].split() == [
        "[",
        "1/2]",
        "making",
        "program",
        "long",
        "(1.0)",
        "about",
        "11",
        "min",
        "left",
    ]
    assert "[  2/2]" in lines[1]


def test_programs_that_run_are_ended_with_the_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that waits for a program ends soon when another one fails; deaf programs too."""
    monkeypatch.setattr(schedule, "PATIENCE_S", 0.3)
    deaf = ["sh", "-c", "trap '' INT; while :; do sleep 0.05; done"]

    def wait(into: Path, done: Folders) -> None:
        subprocess.run(deaf, check=True)

    def fail(into: Path, done: Folders) -> None:
        time.sleep(0.3)
        raise RuntimeError("no")

    steps = by_id(Step(("program", "long"), "k", 9, (), wait), Step(("program", "bad"), "k", 1, (), fail))
    began = time.monotonic()
    with pytest.raises(RuntimeError, match="no"):
        schedule.run(steps, store, 2, lambda _: None)
    assert time.monotonic() - began < 10
