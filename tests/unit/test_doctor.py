"""What the doctor finds: what status tells, what only a second look tells, and what preflight says of the nodes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gongbang import doctor, preflight, proc, status
from gongbang.doctor import findings, nodes
from gongbang.errors import ExitCode
from gongbang.model import Cluster
from gongbang.problem import Problem
from gongbang.status import Status, asking
from gongbang.status.asking import Answer
from gongbang.status.report import ControlPlaneStatus, NodeStatus
from gongbang.status.report import Problem as Seen

Make = Callable[..., Cluster]
WELL = {"API server": "ok", "scheduler": "ok", "controller-manager": "ok", "etcd": "ok"}
REFUSED = """nothing was changed; problems: 2
  w1: too little free disk at /var
    seen: 100 MiB free
    fix:  free 4096 MiB there, or lower host_min_disk_mib
  cp1, w1: the same machine id
    seen: 0123
    fix:  on all but one: rm /etc/machine-id"""


def seen(
    state: Any = "ready",
    etcd: str = "ok",
    mib: float = 20.0,
    quota: float | None = 2048.0,
    version: str = "v1.36.3",
) -> Status:
    """A status of one control plane and one worker."""
    plane = ControlPlaneStatus("cp1", WELL | {"etcd": etcd}, mib, quota, 1, etcd_leader=True)
    rows = (
        NodeStatus("cp1", "control plane", "v1.36.3", "Ready"),
        NodeStatus("w1", "worker", version, "Ready"),
    )
    return Status("lab", "1.36.3", state, rows, (plane,))


def test_a_well_cluster_has_no_finding(make_cluster: Make) -> None:
    assert findings.of_status(make_cluster(), seen(), {}) == []
    assert "nothing found" in findings.text(make_cluster(), "ready", [])


@pytest.mark.parametrize("quota", [8192.0, None])
def test_a_large_database_under_a_larger_quota_is_well(make_cluster: Make, quota: float | None) -> None:
    assert findings.of_status(make_cluster(), seen(mib=1700.0, quota=quota), {}) == []


@pytest.mark.parametrize(
    ("status", "what", "told", "fix"),
    [
        (seen(etcd="alarm NOSPACE"), "raised an alarm", "alarm NOSPACE, database 20.0 MiB", "alarm disarm"),
        (seen(mib=1700.0), "nearly full", "1700.0 of 2048 MiB", "defrag"),
        (seen(mib=90.0, quota=100.0), "nearly full", "90.0 of 100 MiB", "defrag"),
        (
            seen(version="v1.35.4"),
            "w1 runs another version",
            "kubelet 1.35.4, declared 1.36.3",
            "./inv cluster.up",
        ),
    ],
)
def test_what_a_second_look_tells(make_cluster: Make, status: Status, what: str, told: str, fix: str) -> None:
    found = findings.of_status(make_cluster(), status, {})
    assert len(found) == 1
    assert (what in found[0].what, found[0].seen, fix in found[0].fix) == (True, told, True)


def test_what_status_tells_is_told_once(make_cluster: Make) -> None:
    alarm = Seen("etcd on cp1: alarm NOSPACE", "crictl ps --all")
    other = Seen("release web is pending-upgrade", "./inv charts.up")
    found = findings.of_status(
        make_cluster(), replace(seen(etcd="alarm NOSPACE"), problems=(alarm, other)), {}
    )
    assert [one.what for one in found] == [
        "etcd on cp1 has raised an alarm and takes no writes",
        other.problem,
    ]


@pytest.mark.parametrize(
    ("state", "found", "code"),
    [
        ("ready", False, ExitCode.DONE),
        ("ready", True, ExitCode.VERIFICATION),
        ("degraded", True, ExitCode.VERIFICATION),
        ("unreachable", True, ExitCode.VERIFICATION),
        ("absent", True, ExitCode.CHANGES),
    ],
)
def test_the_code_says_how_bad_it_is(state: str, found: bool, code: ExitCode) -> None:
    assert doctor.code(seen(state), [Problem("x", "", "y")] * found, []) is code


def test_a_node_that_is_off_is_told_also_where_there_is_no_cluster(make_cluster: Make) -> None:
    answers = {
        "cp1": Answer(),
        "w1": Answer(silence="connection timed out"),
        "w2": Answer(silence="sudo: a password is required"),
    }
    found = findings.of_status(make_cluster(), seen("absent"), answers)
    assert [one.what for one in found] == ["w1 does not answer over SSH: connection timed out"]
    assert findings.off(answers) == ["w1"]
    assert doctor.code(seen("absent"), found, ["w1"]) is ExitCode.UNREACHABLE


def test_a_bad_inventory_is_told_alone(
    make_cluster: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(asking, "ask", lambda *_: pytest.fail("a node was asked"))
    assert doctor.show(make_cluster(cluster_pod_netwrk=1), json=True) is ExitCode.BAD_INPUT
    said = json.loads(capsys.readouterr().out)
    assert [one["fix"] for one in said["findings"]] == ["write cluster_pod_network"]


def test_the_plays_refusal_becomes_findings(make_cluster: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = {"cp1": {"failed": True, "msg": REFUSED}, "w1": {"changed": False}}
    asked: list[Any] = []

    def run(argv: list[Any], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(argv)
        return subprocess.CompletedProcess(
            argv, 2, json.dumps({"plays": [{"tasks": [{"hosts": hosts}]}]}), ""
        )

    monkeypatch.setattr(proc, "run", run)
    found = nodes.problems(make_cluster(), ["cp1", "w1"])
    assert [one.what for one in found] == ["w1: too little free disk at /var", "cp1, w1: the same machine id"]
    assert found[0].seen == "100 MiB free"
    assert "cp1,w1" in asked[0]
    assert nodes.problems(make_cluster(), []) == []


@pytest.mark.parametrize(
    ("steps", "told", "fix"),
    [
        (
            ["gongbang-kubeadm-init.service"],
            "gongbang-kubeadm-init.service on cp1 still runs",
            "on cp1: tail -f /var/log/gongbang/gongbang-kubeadm-init.log",
        ),
        ([], "did not end within 0.01 s", "says more"),
    ],
)
def test_a_play_that_takes_too_long_is_one_finding_among_the_others(
    make_cluster: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, steps: list[str], told: str, fix: str
) -> None:
    slow = tmp_path / "ansible-playbook"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    facts = {"steps": {"answer": steps}, "joined": False, "time": 1.0}
    monkeypatch.setattr(nodes, "TOOLS", tmp_path)
    monkeypatch.setattr(nodes, "SECONDS", 0.01)
    monkeypatch.setattr(preflight, "problems", lambda *_: [])
    monkeypatch.setattr(status, "there_may_be_nodes", lambda *_: True)
    silent = Answer(silence="connection timed out")
    monkeypatch.setattr(asking, "ask", lambda *_: {"cp1": Answer(facts), "w1": silent, "w2": Answer()})
    found = doctor.examine(make_cluster())[2]
    assert "w1 does not answer over SSH: connection timed out" in [one.what for one in found]
    assert found[-1].what == "the nodes could not be looked at within 0.01 s"
    assert told in found[-1].seen
    assert fix in found[-1].fix


def test_a_play_that_says_nothing_useful_is_told(make_cluster: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.CompletedProcess([], 4, "", "ERROR! no such inventory")
    monkeypatch.setattr(proc, "run", lambda *_, **__: done)
    assert "no such inventory" in nodes.problems(make_cluster(), ["cp1"])[0].seen
