"""Every state of a cluster that status has to tell, from what nodes would say."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gongbang import records, status
from gongbang.errors import ExitCode, GongbangError
from gongbang.lock.holder import describe
from gongbang.model import Cluster
from gongbang.runs import folders
from gongbang.status import asking, judging, on_node, reading, tables, view
from gongbang.status.asking import Answer
from gongbang.status.report import CertificateStatus, Status

Make = Callable[..., Cluster]
NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
RUNS = {"answer": {"kubelet.service": "active", "containerd.service": "active"}}
ETCD = {"healthy": True, "leader": True, "bytes": 3 << 20, "quota": 2 << 30, "members": 1, "alarms": []}


def item(name: str, ready: str = "True", **more: Any) -> dict[str, Any]:
    made = {
        "name": name,
        "created": "2030-01-01T11:00:00Z",
        "version": "v1.36.3",
        "message": "",
        "cordoned": False,
    }
    return made | {"ready": ready} | more


def worker(**more: Any) -> Answer:
    return Answer({"units": RUNS, "joined": True, "time": NOW.timestamp()} | more)


def head(*nodes: dict[str, Any], **more: Any) -> Answer:
    """A control plane that is well and knows the nodes."""
    answers: dict[str, Any] = {
        name: {"answer": "ok"} for name in ("API server", "scheduler", "controller-manager")
    }
    answers |= {"etcd": {"answer": ETCD}, "releases": {"answer": []}}
    answers["nodes"] = {"answer": list(nodes or (item("cp1"), item("w1"), item("w2")))}
    return worker(**(answers | more))


def judged(
    make: Make, cp1: Answer, w1: Answer | None = None, w2: Answer | None = None, **more: Any
) -> Status:
    return judging.judge(make(**more), {"cp1": cp1, "w1": w1 or worker(), "w2": w2 or worker()})


def told(found: Status) -> str:
    return view.text(found, NOW)


def states(found: Status) -> dict[str, str]:
    return {node.name: node.state for node in found.nodes}


def test_a_healthy_cluster_is_ready_and_says_all_there_is(make_cluster: Make) -> None:
    found = judged(make_cluster, head())
    assert (found.state, found.code, found.problems) == ("ready", ExitCode.DONE, ())
    text = told(found)
    assert "lab, Kubernetes 1.36.3: ready" in text
    assert "cp1   control plane  v1.36.3  Ready  60m" in text
    assert "etcd ok (3 MiB, leader of 1 member)" in text
    json.dumps(found.as_dict())


def test_a_silent_node_is_named_and_the_others_are_still_told(make_cluster: Make) -> None:
    found = judged(
        make_cluster, head(item("cp1"), item("w1"), item("w2", "Unknown")), w2=Answer(silence="timed out")
    )
    assert found.code is ExitCode.UNREACHABLE
    assert states(found) == {"cp1": "Ready", "w1": "Ready", "w2": "silent"}
    assert found.nodes[2].age_s == 3600
    assert "w2 does not answer over SSH: timed out" in told(found)


def test_an_api_server_that_is_down_is_told_with_what_still_runs(make_cluster: Make) -> None:
    refused = {"error": "Connection refused"}
    down = head(**{"API server": refused, "nodes": refused, "releases": refused})
    found = judged(make_cluster, down)
    assert found.code is ExitCode.VERIFICATION
    assert states(found) == {"cp1": "unknown", "w1": "unknown", "w2": "unknown"}
    assert "API server on cp1: Connection refused" in told(found)
    assert "scheduler ok" in told(found)


def test_no_cluster_yet(make_cluster: Make) -> None:
    fresh = Answer({"units": {"answer": {"kubelet.service": "inactive"}}, "joined": False, "time": 1.0})
    found = judged(make_cluster, fresh, fresh, fresh)
    assert (found.state, found.code) == ("absent", ExitCode.CHANGES)
    assert [one.problem for one in found.problems] == ["there is no cluster on these nodes yet"]
    assert set(states(found).values()) == {"not joined"}


def test_a_silent_control_plane_is_not_taken_for_no_cluster(make_cluster: Make) -> None:
    found = judged(make_cluster, Answer(silence="no route to host"))
    assert found.state == "unreachable"
    assert states(found) == {"cp1": "silent", "w1": "unknown", "w2": "unknown"}


def test_a_lab_without_nodes(make_cluster: Make, tmp_path: Path) -> None:
    found = status.look(make_cluster(), tmp_path / "no-config")
    assert (found.state, found.nodes) == ("absent", ())
    assert "the lab was not made" in told(found)


def test_no_control_plane_in_the_inventory_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(GongbangError, match="no control plane"):
        status.look(Cluster("lab", (), tmp_path), tmp_path)


SICK: dict[str, tuple[Answer, str]] = {
    "not ready": (
        head(item("cp1"), item("w1", "False", message="container runtime is down"), item("w2")),
        "w1 is NotReady: container runtime is down",
    ),
    "cordoned": (head(item("cp1"), item("w1", cordoned=True), item("w2")), "kubectl uncordon w1"),
    "not joined": (head(item("cp1"), item("w1")), "w2 is not in the cluster"),
    "a stranger": (
        head(item("cp1"), item("w1"), item("w2"), item("old")),
        "old is in the cluster and not in the inv",
    ),
    "etcd alarm": (head(etcd={"answer": ETCD | {"alarms": ["NOSPACE"]}}), "etcd on cp1: alarm NOSPACE"),
    "scheduler": (head(scheduler={"error": "timed out"}), "scheduler on cp1: timed out"),
    "failed release": (
        head(
            releases={
                "answer": [
                    {"name": "x", "namespace": "y", "revision": "3", "status": "failed", "chart": "x-1"}
                ]
            }
        ),
        "release x is failed",
    ),
    "kubelet": (head(units={"answer": {"kubelet.service": "failed"}}), "kubelet.service on cp1 does not run"),
}


@pytest.mark.parametrize("case", SICK)
def test_what_is_wrong_is_named_with_a_fix(case: str, make_cluster: Make) -> None:
    answer, words = SICK[case]
    found = judged(make_cluster, answer)
    assert found.code is ExitCode.VERIFICATION
    assert words in told(found)
    assert all(one.fix for one in found.problems)


@pytest.mark.parametrize(
    ("part", "container"),
    [
        ("API server", "kube-apiserver"),
        ("scheduler", "kube-scheduler"),
        ("controller-manager", "kube-controller-manager"),
        ("etcd", "etcd"),
    ],
)
def test_a_sick_components_logs_are_named_by_a_command_that_runs(
    make_cluster: Make, part: str, container: str
) -> None:
    sick = judged(make_cluster, head(**{part: {"error": "timed out"}}))
    (fix,) = [one.fix for one in sick.problems if one.problem.startswith(f"{part} on")]
    command = fix.removeprefix("on cp1: ")
    assert f"--name '^{container}$'" in command
    fakes = 'crictl() { case $1 in ps) echo 1234;; *) echo "$*";; esac; }; journalctl() { :; }; '
    done = subprocess.run(["bash", "-ec", fakes + command], capture_output=True, text=True, check=True)
    assert done.stdout == "logs --tail 20 1234\n"


def test_a_declared_release_that_is_missing(make_cluster: Make) -> None:
    cluster = make_cluster()
    wanted = Cluster(**(vars(cluster) | {"releases": ({"name": "web", "namespace": "web"},)}))
    found = judging.judge(wanted, {"cp1": head(), "w1": worker(), "w2": worker()})
    assert "release web is missing" in told(found)


def test_a_certificate_that_ends_soon(make_cluster: Make) -> None:
    answers = {"cp1": head(), "w1": worker(), "w2": worker()}
    found = judging.judge(make_cluster(), answers, (CertificateStatus("cp1", "/x.crt", 29),))
    assert found.code is ExitCode.VERIFICATION
    assert "/x.crt on cp1 ends in 29 days" in told(found)
    assert judging.judge(make_cluster(), answers, (CertificateStatus("cp1", "/x.crt", 30),)).state == "ready"


def test_a_killed_run_is_told(make_cluster: Make) -> None:
    record = records.create("lab", "cluster.up")
    owner = json.loads((record.folder / folders.OWNER).read_text())
    (record.folder / folders.OWNER).write_text(json.dumps(owner | {"start_time": 1}))
    last = reading.last_run("lab")
    assert last is not None
    assert (last.command, last.status) == ("cluster.up", "died")
    assert "last run        cluster.up died" in told(judging.judge(make_cluster(), {}, last=last))
    assert reading.last_run("nobody") is None


@pytest.mark.parametrize(
    ("span", "text"),
    [(timedelta(seconds=90), "90s"), (timedelta(minutes=3), "3m"), (timedelta(days=40), "40d")],
)
def test_time_spans(span: timedelta, text: str) -> None:
    assert view.ago(int(span.total_seconds())) == text


def test_a_fake_ssh_gives_silence_with_its_last_line(
    make_cluster: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "ssh"
    fake.write_text(
        "#!/bin/sh\ncase $* in *' w1 '*) echo Warning; echo 'w1: no route' >&2; exit 255;; esac\necho '{\"joined\": true}'\n"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    answers = asking.ask(make_cluster(), tmp_path / "config")
    assert answers["w1"].silence == "w1: no route"
    assert answers["w2"].facts == {"joined": True}


def test_a_changed_host_key_is_told_with_its_own_fix(make_cluster: Make) -> None:
    said = "fingerprint for the ED25519 key sent by the remote host is\nSHA256:new.\n"
    said += "Offending ED25519 key in /k:1\nHost key for 10.0.0.9 has changed\nverification failed."
    node = make_cluster().nodes[2]
    found = judged(make_cluster, head(item("cp1"), item("w1"), item("w2")), w2=asking.why(said, node))
    problem = next(one for one in found.problems if one.problem.startswith("w2"))
    assert "the host key of 10.0.0.9 has changed" in problem.problem
    assert "ssh-keygen -R 10.0.0.9" in problem.fix
    assert "sudo without a password" in asking.why("sudo: a password is required", node).fix


def test_an_unknown_host_key_is_looked_for_where_the_node_is_and_kept_where_it_is_read(
    make_cluster: Make,
) -> None:
    said = "No ED25519 host key is known for [10.0.0.9]:2222 and you have requested strict checking."
    node = make_cluster(ansible_ssh_common_args="-o UserKnownHostsFile=/lab/known_hosts").nodes[0]
    assert "ssh-keyscan -p 2222 10.0.0.9 >> /lab/known_hosts" in asking.why(said, node).fix


def test_watch_looks_again_and_prints_one_document_a_line(
    make_cluster: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    looks = iter([judging.judge(make_cluster(), {}), judged(make_cluster, head())])

    def look(*_: object) -> Status:
        try:
            return next(looks)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(status, "look", look)
    monkeypatch.setattr(status, "EVERY_S", 0.0)
    with pytest.raises(KeyboardInterrupt):
        status.show(make_cluster(), json=True, watch=True)
    assert [json.loads(line)["state"] for line in capsys.readouterr().out.splitlines()] == ["absent", "ready"]


def test_who_works_on_it_now_is_told(make_cluster: Make) -> None:
    mine = describe("cluster.up")
    assert f"working now     cluster.up of {mine['user']}@" in told(
        judged(make_cluster, head(holder={"answer": mine}))
    )
    busy = judged(make_cluster, worker(holder={"answer": mine}))
    assert [one.fix for one in busy.problems] == ["wait: somebody works on it now"]


@pytest.mark.parametrize(
    ("word", "quota", "mib"),
    [
        ("--quota-backend-bytes=8589934592", 8 << 30, 8192.0),
        ("--quota-backend-bytes=0", 2 << 30, 2048.0),
        ("--quota-backend-bytes=-1", -1, None),
        ("--name=cp1", 2 << 30, 2048.0),
    ],
)
def test_etcds_quota_is_the_one_of_its_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, quota: int, mib: float | None
) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "etcd.yaml").write_text(f"    - etcd\n    - {word}\n    - --x=1\n")
    monkeypatch.setattr(on_node, "KUBERNETES", tmp_path)
    assert on_node.quota() == quota
    plane = tables.control_plane("cp1", head(etcd={"answer": ETCD | {"quota": on_node.quota()}}))
    assert plane.etcd_quota_mib == mib


def test_the_script_answers_on_any_machine() -> None:
    given = json.dumps({"control_plane": False, "api": ""})
    done = subprocess.run([sys.executable, asking.SCRIPT, given], capture_output=True, text=True, check=True)
    answers = json.loads(done.stdout)
    assert answers["time"] > 0
    assert "nodes" not in answers
