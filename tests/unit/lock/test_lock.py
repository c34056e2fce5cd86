"""One operator at a time: real processes, on one controller and on two."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from gongbang import lock, processes
from gongbang.errors import ExitCode
from gongbang.lock import holder, keeper
from tests.unit.lock.conftest import Operator, Start


def said(child: Operator) -> str:
    """Its next line."""
    assert child.stdout is not None
    return child.stdout.readline().strip()


def ended(child: Operator) -> tuple[int, str]:
    out, _ = child.communicate(timeout=60)
    return child.returncode, out


def name_file(folder: Path) -> Path:
    return folder / "run" / "gongbang.holder.json"


def children(pid: int) -> list[int]:
    return [
        int(path.name)
        for path in Path("/proc").iterdir()
        if path.name.isdigit() and processes.parent(int(path.name)) == pid
    ]


@pytest.mark.parametrize("controller", ["here", "elsewhere"])
def test_a_second_operator_is_refused_with_the_holder_and_a_way_out(start: Start, controller: str) -> None:
    first = start()
    assert said(first) == "got it"
    code, text = ended(start(controller))
    assert code == ExitCode.LOCKED
    assert f"pid {first.pid}, since 20" in text
    assert "cluster.up of " in text
    assert f"kill {first.pid}" in text


def test_a_lock_that_was_given_back_is_free_and_leaves_no_name(start: Start, tmp_path: Path) -> None:
    first = start()
    assert said(first) == "got it"
    assert ended(first)[0] == 0
    assert not name_file(tmp_path).exists()
    second = start("elsewhere")
    assert said(second) == "got it"


@pytest.mark.parametrize("controller", ["here", "elsewhere"])
def test_a_killed_holder_is_taken_over_at_once_and_named_once(start: Start, controller: str) -> None:
    first = start()
    assert said(first) == "got it"
    first.kill()
    second = start(controller)
    assert said(second).startswith("the lock was taken over from cluster.up of ")
    assert said(second) == "got it"


def test_a_dead_holder_whose_connection_stands_is_seen_by_its_process(start: Start, tmp_path: Path) -> None:
    first = start()
    assert said(first) == "got it"
    own_keeper = children(first.pid)
    processes.send(own_keeper, signal.SIGSTOP)  # it does not notice that we die, and holds on
    try:
        first.kill()
        first.wait()
        second = start("elsewhere")
        assert said(second).startswith("the lock was taken over from ")
        assert said(second) == "got it"
    finally:
        processes.send(own_keeper, signal.SIGCONT)


def test_a_foreign_holder_that_went_silent_is_taken_over_after_the_lease(start: Start) -> None:
    first = start(space="another container", lease_s=5)
    assert said(first) == "got it"
    stopped = [first.pid, *children(first.pid)]
    processes.send(stopped, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        assert ended(start("elsewhere"))[0] == ExitCode.LOCKED, "not before the lease is over"
        while ended(again := start("elsewhere", doing="/dev/null/x"))[0] == ExitCode.LOCKED:
            assert time.monotonic() - begun < 12
        assert again.returncode != ExitCode.LOCKED
    finally:
        processes.send(stopped, signal.SIGCONT)


def test_the_lease_is_renewed_while_the_holder_lives(start: Start) -> None:
    first = start(lease_s=1)
    assert said(first) == "got it"
    time.sleep(3)
    assert ended(start("elsewhere", lease_s=1))[0] == ExitCode.LOCKED


def test_a_broken_connection_is_mended_and_the_lock_kept(start: Start, tmp_path: Path) -> None:
    first = start()
    assert said(first) == "got it"
    before = json.loads(name_file(tmp_path).read_text())
    os.kill(before["keeper"]["pid"], signal.SIGKILL)
    end = time.monotonic() + 10
    while json.loads(name_file(tmp_path).read_text())["keeper"] == before["keeper"]:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert ended(start("elsewhere"))[0] == ExitCode.LOCKED
    assert ended(first)[0] == 0


def test_a_holder_that_lost_the_lock_is_told_to_stop(start: Start, tmp_path: Path) -> None:
    first = start()
    assert said(first) == "got it"
    keeper_pid = json.loads(name_file(tmp_path).read_text())["keeper"]["pid"]
    (mine,) = children(first.pid)
    processes.send([mine], signal.SIGSTOP)
    os.kill(keeper_pid, signal.SIGKILL)
    second = start("elsewhere")
    assert said(second).startswith("the lock was taken over")
    assert said(second) == "got it"
    processes.send([mine], signal.SIGCONT)
    code, text = ended(first) if first.wait(10) else (0, "")
    assert "the lock on the cluster was lost" in text
    assert code == -signal.SIGTERM


@pytest.mark.parametrize("rounds", range(3))
def test_of_many_takers_one_has_it_at_a_time(start: Start, tmp_path: Path, rounds: int) -> None:
    """A dead holder and eight takers on six controllers: who looks first and takes then lets two in."""
    first = start("dead")
    assert said(first) == "got it"
    first.kill()
    marker = str(tmp_path / "inside")
    takers = [start(f"controller-{number % 6}", doing=marker) for number in range(8)]
    assert [said(taker) for taker in takers] == ["ready"] * len(takers)
    for taker in takers:
        assert taker.stdin is not None
        taker.stdin.write("\n")
        taker.stdin.flush()
    results = [ended(taker) for taker in takers]
    assert {code for code, _ in results} <= {0, int(ExitCode.LOCKED)}, results
    assert 0 in {code for code, _ in results}


def test_nothing_is_left_running(start: Start) -> None:
    first = start()
    assert said(first) == "got it"
    below = children(first.pid)
    below += [pid for each in below for pid in children(each)]
    first.kill()
    end = time.monotonic() + 5
    while any(processes.start_time(pid) for pid in below):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_node_that_cannot_be_asked_leaves_the_controllers_part(start: Start, tmp_path: Path) -> None:
    (tmp_path / "ssh").write_text("#!/bin/sh\necho no route >&2\nexit 255\n")
    assert said(start()) == "got it"
    assert ended(start())[0] == ExitCode.LOCKED


def test_sudo_that_asks_for_a_password_is_told(start: Start, tmp_path: Path) -> None:
    (tmp_path / "sudo").write_text("#!/bin/sh\necho sudo: a password is required >&2\nexit 1\n")
    first = start()
    assert "on this controller only: sudo: a password is required; it needs sudo without" in said(first)
    assert said(first) == "got it"


def test_a_lock_that_cannot_be_written_is_bad_input_and_says_where(start: Start, tmp_path: Path) -> None:
    (tmp_path / "here").write_text("a file where the state folder should be")
    code, text = ended(start())
    assert code == ExitCode.BAD_INPUT
    assert f"{tmp_path}/here" in text
    assert "XDG_STATE_HOME" in text


def test_commands_without_a_lock_ask_no_node() -> None:
    lock.on_nodes()


def test_a_holder_of_another_boot_or_container_is_not_taken_for_dead() -> None:
    mine = holder.describe("cluster.up")
    gone = mine | {"pid": 2**22 + 1}
    assert not holder.dead_here(mine)
    assert holder.dead_here(gone)
    assert not holder.dead_here(gone | {"boot": "another"})
    assert not holder.dead_here(gone | {"pid_space": "pid:[1]"})


def test_the_keeper_needs_nothing_but_python() -> None:
    argv = [
        "/usr/bin/python3",
        "-I",
        "-S",
        "-c",
        "import runpy,sys; runpy.run_path(sys.argv[1])",
        keeper.__file__,
    ]
    assert subprocess.run(argv, check=False).returncode == 0
