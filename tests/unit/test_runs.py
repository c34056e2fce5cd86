"""runs.*: what is listed, shown and compared, and how many records are kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

import pytest

from gongbang import about, records, session
from gongbang.errors import ExitCode, GongbangError
from gongbang.events import Event, Kind
from gongbang.model import Cluster
from gongbang.paths import ROOT, artifacts_dir
from gongbang.runs import comparing, folders, found, listing
from tests.unit.test_journal import kill

Make = Callable[..., Cluster]


def run(
    cluster: Cluster, command: str = "cluster.up", changed: tuple[str, ...] = (), seconds: float = 2
) -> str:
    with session.opened(command, cluster.name, about=about.of(cluster)) as opened:
        opened.record.event(Event(Kind.TASK, 10.0, role="host", task="a"))
        for host in changed:
            opened.record.event(
                Event(Kind.OK, 10.0 + seconds, role="host", task="a", host=host, changed=True)
            )
    return opened.record.folder.name


def test_the_list_has_every_run_newest_first(make_cluster: Make, capsys: pytest.CaptureFixture[str]) -> None:
    cluster = make_cluster()
    first = run(cluster, changed=("cp1",))
    dead = records.create("lab", "charts.up")
    dead.event(Event(Kind.HOST, 1.0, role="helm", task="helm | Wait", host="cp1"))
    kill(dead)
    records.create("lab", "cluster.verify")
    listing.show_all(cluster)
    rows = capsys.readouterr().out.splitlines()
    assert rows[1].split()[1] == "running"
    assert rows[2].split()[:3] == [dead.folder.name, "died", "0"]
    assert rows[2].endswith("cp1  helm | Wait")
    assert rows[3].split()[:3] == [first, "done", "1"]
    listing.show_all(cluster, json=True)
    assert [item["status"] for item in json.loads(capsys.readouterr().out)] == ["running", "died", "done"]


def test_one_run_in_full(make_cluster: Make, capsys: pytest.CaptureFixture[str]) -> None:
    cluster = make_cluster()
    wrote = Event(Kind.OK, 2.0, role="host", task="host | Write", host="w1", changed=True)
    with suppress(GongbangError), session.opened("cluster.up", "lab", about=about.of(cluster)) as opened:
        opened.record.event(wrote)
        raise GongbangError("too bad", "42", "use 43", ExitCode.FAILED)
    listing.show(cluster)
    text = capsys.readouterr().out
    for part in (
        "failed, 1 change",
        "too bad (seen: 42)",
        "next: use 43",
        "kubernetes 1.36.3",
        "host | Write  (w1)",
    ):
        assert part in text
    listing.show(cluster, json=True)
    assert json.loads(capsys.readouterr().out)["changes"] == [
        {"role": "host", "task": "host | Write", "hosts": ["w1"]}
    ]


def test_two_runs_differ_in_what_is_named(make_cluster: Make, capsys: pytest.CaptureFixture[str]) -> None:
    one = run(make_cluster(), changed=("cp1", "w1"), seconds=9)
    two = run(make_cluster(cluster_kubernetes_version="1.37.0"), changed=("cp1",))
    comparing.show(make_cluster(), one, two, json=True)
    data = json.loads(capsys.readouterr().out)
    assert set(data["facts"]) == {"seconds", "changed", "versions: kubernetes"}
    assert data["facts"]["versions: kubernetes"] == ["1.36.3", "1.37.0"]
    assert data["roles"] == [{"name": "host", "seconds": [9.0, 2.0], "changed": [2, 1]}]
    assert data["changes"] == {"only_a": ["host: a  (cp1, w1)"], "only_b": ["host: a  (cp1)"]}
    comparing.show(make_cluster(), one, two)
    assert "1.36.3  ->  1.37.0" in capsys.readouterr().out


def test_runs_are_named_by_name_beginning_and_number(make_cluster: Make) -> None:
    cluster = make_cluster()
    first, second = run(cluster, "one"), run(cluster, "two")
    assert found.named("lab").name == second
    assert found.named("lab", "latest").name == second
    assert found.named("lab", "2").name == first
    assert found.named("lab", first[:-1]).name == first
    for word in ("20", "nonsense", "3"):
        with pytest.raises(GongbangError, match="run"):
            found.named("lab", word)


def test_a_record_without_summary_is_listed(make_cluster: Make, capsys: pytest.CaptureFixture[str]) -> None:
    record = records.create("lab", "try")
    kill(record)
    (record.folder / folders.SUMMARY).write_text('{"command": "tr')
    listing.show_all(make_cluster())
    listing.show(make_cluster())
    assert "died" in capsys.readouterr().out


def test_the_oldest_go_but_never_one_in_progress(make_cluster: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGBANG_KEEP_RUNS", "3")
    running = records.create("lab", "aaa")
    names = [run(make_cluster(), f"run{number}") for number in range(5)]
    left = [folder.name for folder in folders.of_cluster("lab")]
    assert left == sorted([running.folder.name, *names[2:]])
    assert not list(artifacts_dir("lab").glob(".removed-*"))


def test_a_senseless_number_to_keep_is_refused(make_cluster: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGBANG_KEEP_RUNS", "many")
    with pytest.raises(GongbangError, match="GONGBANG_KEEP_RUNS"):
        run(make_cluster())
    assert folders.of_cluster("lab") == []


def test_the_inventorys_hash_follows_its_files() -> None:
    lab, onprem = (about.inventory_hash(ROOT / "inventories" / name) for name in ("lab", "onprem"))
    assert lab == about.inventory_hash(ROOT / "inventories/lab") != onprem
