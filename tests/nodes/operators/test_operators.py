"""One operator at a time, and his end: Ctrl-C, SIGTERM, SIGKILL, with real processes on real nodes."""

from __future__ import annotations

import getpass
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gongbang import paths, processes
from gongbang.errors import ExitCode
from gongbang.lab import network
from gongbang.model import Cluster
from gongbang.paths import ROOT
from tests.nodes.operators.conftest import BASE, docker

Operator = subprocess.Popen[str]
OnNode = Callable[[str, str], str]
UNIT = "gongbang-test-long"
LONG = f"systemd-run --quiet --wait --collect --unit={UNIT} sleep 300"
SECOND = "/run/gongbang-test-second-task"
NAME = "gb-work"
NETWORK = network.name(NAME)


@pytest.fixture
def work(lab: Cluster, on_node: OnNode, tmp_path: Path) -> Iterator[Callable[..., Operator]]:
    """Starts an operator whose long task runs a command; returns when the task has begun on every node."""
    started: list[Operator] = []

    def start(command: str, *, begun: bool = True) -> Operator:
        env = os.environ | {"GONGBANG_ARTIFACTS": str(tmp_path / "artifacts")}
        argv = [sys.executable, "-m", "tests.nodes.operators.working", str(BASE), command]
        pipe = subprocess.PIPE
        child = subprocess.Popen(argv, cwd=ROOT, env=env, text=True, stdout=pipe, stderr=subprocess.STDOUT)
        started.append(child)
        if begun:
            wait_for(lambda: all(on_node(node.name, "pgrep -x sleep || true") for node in lab.nodes))
        return child

    yield start
    for child in started:
        child.kill()
        child.communicate()
    for node in lab.nodes:
        on_node(node.name, f"systemctl stop {UNIT} 2>/dev/null; pkill -x sleep; rm -f {SECOND}; true")
    processes.end(str(tmp_path / "artifacts"))


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def ended(child: Operator) -> tuple[int, str, float]:
    begun = time.monotonic()
    out, _ = child.communicate(timeout=120)
    return child.returncode, out, time.monotonic() - begun


def left_on_the_controller(artifacts: Path) -> list[str]:
    """The command lines of what runs were started with, and of connections that are kept."""
    runs = [pid for folder in artifacts.glob("*/*") for pid in processes.of_run(str(folder))]
    kept = processes.connection_masters(paths.connection_dirs(NAME))
    found = [Path(f"/proc/{pid}/cmdline") for pid in runs + kept]
    return [path.read_text().replace("\0", " ") for path in found if path.exists()]


def no_orphans(artifacts: Path) -> None:
    wait_for(lambda: not left_on_the_controller(artifacts), 5)


def free(on_node: OnNode) -> bool:
    return on_node("cp1", "ls /run/gongbang.holder.json 2>/dev/null || true") == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_one_signal_lets_the_task_end_and_starts_no_other(
    number: signal.Signals, work: Callable[..., Operator], on_node: OnNode, tmp_path: Path
) -> None:
    child = work("sleep 4")
    child.send_signal(number)
    code, text, seconds = ended(child)
    assert code == ExitCode.INTERRUPTED, text
    assert seconds < 15, text
    assert on_node("cp1", f"ls {SECOND} 2>/dev/null || true") == ""
    assert "still running" not in text
    assert free(on_node)
    no_orphans(tmp_path / "artifacts")


def test_after_one_signal_the_task_has_thirty_seconds_and_what_goes_on_is_named(
    work: Callable[..., Operator], on_node: OnNode, tmp_path: Path
) -> None:
    child = work(LONG)
    child.send_signal(signal.SIGINT)
    code, text, seconds = ended(child)
    assert code == ExitCode.INTERRUPTED, text
    assert 25 < seconds < 50, text
    assert f"still running on cp1: {UNIT}.service" in text
    assert f"still running on w1: {UNIT}.service" in text
    assert on_node("w1", f"systemctl is-active {UNIT}").strip() == "active"
    assert free(on_node)
    no_orphans(tmp_path / "artifacts")


def test_two_signals_end_it_at_once_and_what_goes_on_is_named(
    work: Callable[..., Operator], on_node: OnNode, tmp_path: Path
) -> None:
    child = work(LONG)
    child.send_signal(signal.SIGINT)
    time.sleep(0.3)
    child.send_signal(signal.SIGINT)
    code, text, seconds = ended(child)
    assert code == ExitCode.INTERRUPTED, text
    assert seconds < 15, text
    assert f"still running on cp1: {UNIT}.service" in text
    assert free(on_node)
    no_orphans(tmp_path / "artifacts")


def test_a_time_limit_from_outside_ends_it_like_ctrl_c(
    lab: Cluster, work: Callable[..., Operator], on_node: OnNode, tmp_path: Path
) -> None:
    env = os.environ | {"GONGBANG_ARTIFACTS": str(tmp_path / "artifacts")}
    argv = [
        "timeout",
        "--kill-after=60",
        "6",
        sys.executable,
        "-m",
        "tests.nodes.operators.working",
        str(BASE),
        "sleep 12",
    ]
    done = subprocess.run(argv, cwd=ROOT, env=env, text=True, capture_output=True, timeout=100, check=False)
    assert done.returncode == 124, done.stdout + done.stderr  # timeout(1) says so whatever its program said
    assert free(on_node)
    no_orphans(tmp_path / "artifacts")


def test_a_second_operator_is_refused_and_a_killed_one_is_taken_over(
    work: Callable[..., Operator], on_node: OnNode, tmp_path: Path
) -> None:
    first = work("sleep 20")
    code, text, _ = ended(work("true", begun=False))
    assert code == ExitCode.LOCKED, text
    assert f"cluster.up of {holder_place(first)}, since " in text
    first.kill()
    code, text, _ = ended(work("true", begun=False))
    assert code == ExitCode.DONE, text
    assert "the lock was taken over from cluster.up" in text
    assert "an earlier run was killed" in text
    assert free(on_node)


def holder_place(child: Operator) -> str:
    return f"{getpass.getuser()}@{socket.gethostname()}, pid {child.pid}"


def test_sigkill_and_a_second_run_leave_no_orphans(
    work: Callable[..., Operator], on_node: OnNode, tmp_path: Path
) -> None:
    first = work("sleep 60")
    first.kill()
    second = work("sleep 3", begun=False)
    assert ended(second)[0] == ExitCode.DONE
    runs = [pid for folder in (tmp_path / "artifacts").glob("*/*") for pid in processes.of_run(str(folder))]
    assert not [pid for pid in runs if processes.start_time(pid)]


@contextmanager
def cut_off(cluster: Cluster, *names: str) -> Iterator[None]:
    """The nodes without their network, and with it again."""
    for name in names:
        docker("network", "disconnect", NETWORK, f"{NAME}-{name}")
    try:
        yield
    finally:
        for node in cluster.nodes:
            if node.name in names:
                docker("network", "connect", "--ip", node.address, NETWORK, f"{NAME}-{node.name}")


@contextmanager
def hanging(name: str) -> Iterator[None]:
    """The node as it is when it answers nothing and is not dead."""
    docker("pause", f"{NAME}-{name}")
    try:
        yield
    finally:
        docker("unpause", f"{NAME}-{name}")


def test_nodes_that_are_lost_in_the_middle_are_named_and_the_others_finish(
    lab: Cluster, work: Callable[..., Operator], on_node: OnNode
) -> None:
    """One is cut off and one hangs: noticed within the limit of silence, not minutes."""
    child = work("sleep 8")
    with cut_off(lab, "w1"), hanging("w2"):
        code, text, seconds = ended(child)
    assert code == ExitCode.UNREACHABLE, text
    assert "w1" in text
    assert "w2" in text
    assert seconds < 100, text
    assert on_node("cp1", f"ls {SECOND}").strip() == SECOND


def test_all_nodes_lost_is_one_message(lab: Cluster, work: Callable[..., Operator]) -> None:
    child = work("sleep 60")
    with cut_off(lab, *(node.name for node in lab.nodes)):
        code, text, _ = ended(child)
    assert code == ExitCode.UNREACHABLE, text
    assert text.count("FAILED") == 1
    assert len(text.splitlines()) < 15, text
