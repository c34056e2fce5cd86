"""What takes something away: it asks, and it refuses machines that are not ours."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from gongbang import lifecycle
from gongbang.errors import ExitCode, GongbangError
from gongbang.model import Cluster
from gongbang.paths import ROOT

Make = Callable[..., Cluster]


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The playbooks that a reset would run on nodes that it could reach."""
    seen: list[str] = []

    def play(playbook: str, *_: Any) -> None:
        seen.append(playbook)

    monkeypatch.setattr(lifecycle, "prepare", lambda _: None)
    monkeypatch.setattr(lifecycle, "play", play)
    return seen


def test_the_clusters_own_name_is_an_answer(make_cluster: Make) -> None:
    asked: list[str] = []

    def ask(text: str) -> str:
        asked.append(text)
        return " lab\n"

    lifecycle.confirm(make_cluster(), ask)
    assert "Kubernetes and all its data from cp1, w1, w2" in asked[0]
    assert "Docker Engine with its images, containers and volumes" in asked[0]


@pytest.mark.parametrize("answer", ["", "yes", "lab2"])
def test_another_name_is_none(make_cluster: Make, answer: str) -> None:
    with pytest.raises(GongbangError) as caught:
        lifecycle.confirm(make_cluster(), lambda _: answer)
    assert "nothing was done" in caught.value.problem
    assert (caught.value.seen, caught.value.fix) == (answer, "type lab")


def test_a_reset_that_nobody_can_answer_plays_nothing(make_cluster: Make, played: list[str]) -> None:
    with pytest.raises(GongbangError) as caught:
        lifecycle.reset(make_cluster())
    assert "cluster lab on cp1, w1, w2" in caught.value.seen
    assert "--yes" in caught.value.fix
    assert played == []


def test_a_reset_that_was_told_yes_asks_nobody(make_cluster: Make, played: list[str]) -> None:
    assert lifecycle.reset(make_cluster(), yes=True) is ExitCode.DONE
    assert played == ["playbooks/reset.yml"]


@pytest.mark.parametrize(
    ("command", "fix"), [("cluster.down", "cluster.reset"), ("lab.down", "an inventory with lab_network")]
)
def test_machines_that_we_did_not_make_are_never_removed(command: str, fix: str) -> None:
    argv = [str(ROOT / "inv"), command, "--inventory", "inventories/onprem"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == ExitCode.BAD_INPUT, done.stdout + done.stderr
    assert "inventories/onprem" in done.stderr
    assert f"fix:  use {fix}" in done.stderr


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_up_refuses_to_show_differences_and_names_the_plan(more: list[str]) -> None:
    argv = [str(ROOT / "inv"), "cluster.up", "--diff", *more, "--inventory", "no/such/inventory"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == ExitCode.BAD_INPUT, done.stdout + done.stderr
    assert "--diff without --check" in done.stderr
    assert "fix:  look first: ./inv cluster.plan --diff" in done.stderr
    assert bool(done.stdout) == bool(more)
