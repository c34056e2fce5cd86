"""The plan: in the run's order, each change once, and a lab that is not there is told, not made."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gongbang import lab, lifecycle, plan, preflight, processes, session
from gongbang.errors import ExitCode
from gongbang.events import Event, Kind
from gongbang.model import Cluster
from gongbang.paths import ROOT
from gongbang.results import RunResult
from gongbang.runs import changes, folders, found, journal, listing

Make = Callable[..., Cluster]


def changed(role: str, host: str, *texts: str, diff: str = "") -> Event:
    return Event(Kind.OK, 1.0, role=role, host=host, changed=True, changes=texts, diff=diff)


TOLD = (
    changed("host", "w2", "file /etc/a: other content", diff="-a\n+b\n"),
    changed("host", "w1", "file /etc/a: other content"),
    changed("kubeadm", "cp1", "package kubelet: not held -> held"),
    changed("host", "w1", "file /etc/a: other content", "service x: restart"),
    Event(Kind.OK, 1.0, host="cp1", notes=("node w9 is not in the inventory",)),
)


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch, make_cluster: Make) -> Callable[..., ExitCode]:
    """Makes a plan where nodes stand as given and the playbook tells the given events; what was played is kept."""

    def run(states: dict[str, str], told: tuple[Event, ...] = (), served: bool = True) -> ExitCode:
        cluster = make_cluster()

        def played(*_: object, **more: Any) -> RunResult:
            PLAYED.append(more)
            return result(told)

        monkeypatch.setattr(preflight, "check", lambda *_: None)
        monkeypatch.setattr(lab, "states", lambda _: dict.fromkeys(cluster.node_names, "running") | states)
        monkeypatch.setattr(lab, "served", lambda _: served)
        monkeypatch.setattr(plan, "play", played)
        PLAYED.clear()

        return plan.run(cluster)

    return run


PLAYED: list[dict[str, Any]] = []


def result(told: tuple[Event, ...]) -> RunResult:
    return RunResult(ExitCode.DONE, Path(), {"changed": len(told)}, told=told)


def test_changes_come_once_by_role_and_host(make_cluster: Make) -> None:
    found = plan.in_order(make_cluster(), plan.changes(TOLD))
    assert [(one.role, one.host, one.change) for one in found] == [
        ("host", "w1", "file /etc/a: other content"),
        ("host", "w1", "service x: restart"),
        ("host", "w2", "file /etc/a: other content"),
        ("kubeadm", "cp1", "package kubelet: not held -> held"),
    ]
    assert found[2].diff == "-a\n+b\n"


def test_the_plan_is_shown_and_kept(
    running: Callable[..., ExitCode], capsys: pytest.CaptureFixture[str]
) -> None:
    with session.opened("cluster.plan", "lab") as current:
        assert running({}, TOLD) is ExitCode.CHANGES
        kept = current.record.as_dict()
    assert kept["plan"][0] == {"role": "host", "host": "w1", "change": "file /etc/a: other content"}
    assert kept["notes"] == ["node w9 is not in the inventory"]
    said = capsys.readouterr().out
    assert "  w1   host     file /etc/a: other content\n" in said
    assert "      -a\n      +b\n" in said
    assert "plan for lab: 4 changes on 3 hosts" in said
    assert "note: node w9 is not in the inventory" in said


def test_a_plan_changes_nothing_and_says_so(make_cluster: Make) -> None:
    with session.opened("cluster.plan", "lab") as current:
        current.record.only_looks = True
        for event in TOLD:
            current.record.event(event)
        stats = {"ok": {"w1": 2}, "changed": {"w1": 2}, "processed": {"w1": 1}}
        current.record.event(Event(Kind.STATS, 2.0, stats=stats))
        plan.show(make_cluster(), plan.changes(TOLD), ())
    run = found.named("lab")
    assert run.changed == 0
    assert {row["changed"] for row in run.summary["hosts"].values()} == {0}
    assert {role["changed"] for role in run.summary["roles"]} == {0}
    assert journal.read("lab")[0]["changed"] == 0
    assert changes.of(found.events(run.folder)) == []
    assert "planned  kubeadm: package kubelet: not held -> held  (cp1)" in listing.full(run, [])


def test_no_part_of_a_plan_tells_a_secret(
    running: Callable[..., ExitCode], capsys: pytest.CaptureFixture[str]
) -> None:
    canary = "canary-of-the-plan"
    told = changed("host", "w1", f"label a: {canary} -> b", diff=f"-{canary}\n+b\n")
    note = Event(Kind.OK, 1.0, host="cp1", notes=(f"node {canary} is not in the inventory",))
    with session.opened("cluster.plan", "lab", secrets=frozenset({canary})) as current:
        running({}, (told, note))
        current.record.event(told)
        kept = current.record.as_dict()
    assert kept["plan"][0]["change"] == "label a: <hidden> -> b"
    written = [path.read_text() for path in current.record.folder.iterdir()]
    assert not [text for text in (str(kept), *capsys.readouterr(), *written) if canary in text]


def test_nothing_to_do(running: Callable[..., ExitCode], capsys: pytest.CaptureFixture[str]) -> None:
    assert running({}) is ExitCode.DONE
    assert PLAYED[0]["only"] is None
    assert "plan for lab: nothing to do" in capsys.readouterr().err


def test_nodes_that_do_not_run_are_told_and_the_others_looked_at(
    running: Callable[..., ExitCode], capsys: pytest.CaptureFixture[str]
) -> None:
    assert running({"w2": "absent"}) is ExitCode.CHANGES
    assert [node.name for node in PLAYED[0]["only"]] == ["cp1", "w1"]
    assert "node at 172.30.36.22: absent -> running" in capsys.readouterr().err


@pytest.mark.parametrize(("states", "served"), [({"cp1": "stopped"}, True), ({}, False)])
def test_a_lab_that_cannot_be_looked_at_is_not_played(
    running: Callable[..., ExitCode], states: dict[str, str], served: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert running(states, served=served) is ExitCode.CHANGES
    assert PLAYED == []
    assert "./inv lab.up" in capsys.readouterr().err


def test_machines_that_are_no_lab_are_all_looked_at(make_cluster: Make) -> None:
    cluster = make_cluster()
    plain = Cluster(**{**vars(cluster), "is_lab": False})
    assert plan.lab_nodes(plain) == (plain.nodes, [])


def test_up_in_check_mode_is_the_plan() -> None:
    assert "check" not in lifecycle.up.__annotations__


KILLED = """
import os, signal, subprocess
from gongbang import session
with session.opened("cluster.up", "lab"):
    subprocess.Popen(["sleep", "300"])
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_plan_leaves_what_killed_runs_left_as_it_is(running: Callable[..., ExitCode]) -> None:
    subprocess.run([sys.executable, "-c", KILLED], cwd=ROOT, check=False)
    (killed,) = folders.of_cluster("lab")
    before = (killed / "summary.json").read_text()
    try:
        assert running({}) is ExitCode.DONE
        assert processes.carrying(processes.COMMAND, str(killed)), "what it had started goes on"
        assert (killed / "summary.json").read_text() == before
        assert found.read(killed).status == "died", "and it is listed as what it is"
    finally:
        assert processes.end(str(killed), name=processes.COMMAND)
