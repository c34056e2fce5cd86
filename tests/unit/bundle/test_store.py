from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gongbang.bundle.store import Store, key_of, place
from gongbang.files import write_atomically

SLOW = """
import sys, time
from pathlib import Path
from gongbang.bundle.store import Store
def maker(into):
    (into / "half").write_text("half")
    Path(sys.argv[2]).touch()
    time.sleep(60)
Store(Path(sys.argv[1])).make("program", "slow", "k1", maker)
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "store").mkdir()
    return Store(tmp_path / "store")


def write(into: Path) -> None:
    (into / "file").write_text("whole")


def test_a_build_that_is_killed_leaves_nothing_and_the_next_goes_on(store: Store, tmp_path: Path) -> None:
    started = tmp_path / "started"
    process = subprocess.Popen([sys.executable, "-c", SLOW, str(store.root), str(started)])
    while not started.exists():
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not store.has("program", "slow", "k1")
    assert not store.path("program", "slow", "k1").exists()
    store.sweep()
    assert not list(store.root.glob(".making-*"))
    made = store.make("program", "slow", "k1", write)
    assert (made / "file").read_text() == "whole"


def test_what_is_there_is_not_made_again(store: Store) -> None:
    store.make("program", "a", "k", write)
    store.make("program", "a", "k", lambda into: pytest.fail(f"made again in {into}"))


def test_a_maker_that_fails_leaves_nothing(store: Store) -> None:
    def fail(into: Path) -> None:
        write(into)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        store.make("program", "a", "k", fail)
    assert list(store.root.iterdir()) == [store.root / "program"]
    assert not store.has("program", "a", "k")


def test_damaged_artefacts_are_found_and_taken_away(store: Store) -> None:
    good = store.make("program", "good", "k", write)
    bad = store.make("program", "bad", "k", write)
    (bad / "file").write_text("Whole")
    assert store.remove_damaged() == 1
    assert good.exists()
    assert not bad.exists()


def test_pruning_keeps_what_is_used_and_two_more(store: Store) -> None:
    made = [store.make("program", "a", f"k{number}", write) for number in range(5)]
    for number, folder in enumerate(made):
        os.utime(folder, (number, number))
    store.prune({made[0]})
    assert [folder.exists() for folder in made] == [True, False, False, True, True]


def test_key_is_the_same_for_the_same_inputs() -> None:
    assert key_of("a", {"x": 1, "y": 2}) == key_of("a", {"y": 2, "x": 1})
    assert key_of("a", "b") != key_of("ab")


def test_placing_replaces_another_file_in_one_step(tmp_path: Path) -> None:
    source, target = tmp_path / "new", tmp_path / "deep/target"
    source.write_text("new")
    write_atomically(target, "old", 0o644)
    place(source, target)
    assert target.read_text() == "new"
    assert target.samefile(source)
    place(source, target)
    assert sorted(path.name for path in target.parent.iterdir()) == ["target"]
