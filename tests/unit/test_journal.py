"""The journal: a line for each run, whole under two writers, after a cut line, and for runs that were killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gongbang import leftovers, records, session
from gongbang.errors import GongbangError
from gongbang.events import Event, Kind
from gongbang.paths import ROOT
from gongbang.runs import folders, found, journal

FIELDS = [
    "run",
    "time",
    "command",
    "revision",
    "inventory",
    "inventory_hash",
    "versions",
    "changed",
    "result",
    "duration_s",
]
ABOUT = {"revision": "abc", "inventory": "i", "inventory_hash": "h", "versions": {"kubernetes": "1.2.3"}}


def lines() -> list[dict[str, object]]:
    return [json.loads(line) for line in journal.path("lab").read_text().splitlines()]


def kill(record: records.Record) -> Path:
    """Leaves the record as a run does that was killed: begun, its process gone."""
    owner = json.loads((record.folder / folders.OWNER).read_text())
    (record.folder / folders.OWNER).write_text(json.dumps(owner | {"start_time": 1}))
    return record.folder


def test_each_run_has_one_line_with_all_fields() -> None:
    for command in ("one", "two"):
        with session.opened(command, "lab", about=ABOUT) as opened:
            opened.record.event(Event(Kind.OK, 1.0, host="cp1", changed=True))
    assert [list(line) for line in lines()] == [FIELDS, FIELDS]
    assert [line["command"] for line in lines()] == ["one", "two"]
    assert {key: lines()[0][key] for key in ABOUT} == ABOUT
    assert (lines()[0]["changed"], lines()[0]["result"]) == (1, "done")
    assert journal.path("lab").stat().st_mode & 0o777 == 0o600


def test_failed_runs_are_in_it() -> None:
    with pytest.raises(GongbangError), session.opened("try", "lab"):
        raise GongbangError("no")
    assert lines()[0]["result"] == "bad_input"


def test_a_cut_line_costs_only_itself() -> None:
    with session.opened("one", "lab"):
        pass
    with journal.path("lab").open("a") as file:
        file.write('{"run": "cut off in the mid')
    with session.opened("two", "lab"):
        pass
    assert [line["command"] for line in journal.read("lab")] == ["one", "two"]


def test_two_writers_tear_nothing() -> None:
    script = (
        "from gongbang import session\n"
        "for number in range(40):\n"
        "    with session.opened('x' * 3000, 'lab', about={'revision': 'y' * 9000}): pass\n"
    ).replace("'x' * 3000", "'try'")
    writers = [subprocess.Popen([sys.executable, "-c", script], cwd=ROOT) for _ in range(2)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    assert len(lines()) == 80
    assert len(journal.read("lab")) == 80


def test_a_killed_run_is_buried_once_with_where_it_was() -> None:
    record = records.create("lab", "cluster.up", about=ABOUT)
    record.event(Event(Kind.HOST, 10.0, role="host", task="host | Install", where="x.yml:1", host="cp1"))
    record.event(Event(Kind.HOST, 10.5, role="host", task="host | Install", where="x.yml:1", host="w1"))
    record.event(Event(Kind.OK, 14.0, role="host", task="host | Install", host="cp1"))
    folder = kill(record)
    with (folder / "events.jsonl").open("a") as file:
        file.write('{"kind": "ok", "ho')
    run = found.read(folder)
    assert (run.status, run.where, run.seconds) == ("died", "w1  host | Install", 4.0)
    said = leftovers.sweep("lab")
    assert len(said) == 1
    assert "w1  host | Install" in said[0]
    assert leftovers.sweep("lab") == []
    assert [(line["result"], line["revision"]) for line in lines()] == [("died", "abc")]
    assert found.read(folder).where == "w1  host | Install"
    assert found.read(folder).failure["next"] == "./inv cluster.up --inventory i"
    assert not (folder / folders.RESERVE).exists()


def test_a_run_in_progress_is_not_buried() -> None:
    record = records.create("lab", "try")
    assert leftovers.sweep("lab") == []
    assert found.read(record.folder).status == "running"
