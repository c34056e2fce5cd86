from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from gongbang.sweep import moments, shots


def test_every_shot_has_a_name_of_its_own_and_the_sample_names_shots() -> None:
    names = [shot.name for shot in shots.SHOTS]
    assert len(set(names)) == len(names)
    assert {shot.name for shot in shots.named("sample")} == set(shots.SAMPLE)
    assert shots.named("all") == list(shots.SHOTS)
    assert shots.named("no such shot") == []


def test_each_long_step_is_hit_as_a_dead_controller_and_as_a_power_cut() -> None:
    names = {shot.name for shot in shots.SHOTS}
    phases = [*moments.PACKAGES.values(), *moments.INIT.values(), *moments.JOIN.values()]
    steps = [*phases, moments.INSTALL, moments.UPGRADE]
    for step in steps:
        assert {f"{step.name}, controller dead", f"{step.name}, power cut"} <= names


def test_a_moment_in_a_file_comes_with_its_word_and_stops_the_program(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("[preflight] begins\n")
    moment = moments.JOIN["kubelet-start"]
    program = shutil.copy(str(shutil.which("sleep")), tmp_path / "gb-victim")
    with subprocess.Popen([program, "60"]) as victim:
        argv = [sys.executable, "-c", moment.script, str(log), moment.words[1], "gb-victim"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as watch:
            time.sleep(0.5)
            assert watch.poll() is None
            with log.open("a") as more:
                more.write("[kubelet-start] goes on\n")
            assert watch.communicate(timeout=10)[0] == "now\n"
        until = time.monotonic() + 10
        while not (stopped := state(victim.pid) == "T") and time.monotonic() < until:
            time.sleep(0.05)  # a process that waits for a processor stops when it gets one
        victim.kill()
    assert stopped


def state(pid: int) -> str:
    """What the kernel calls the state of a process."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
