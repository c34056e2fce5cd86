"""The report without a browser: what stands in it, what does not, and records that are not whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gongbang import about, checks, records, redact
from gongbang.errors import ExitCode
from gongbang.events import Event, Kind
from gongbang.model import Cluster
from gongbang.report import build, gantt, timeline
from gongbang.runs import found
from gongbang.summary import Failure
from tests.unit.test_journal import kill

Make = Callable[..., Cluster]
TOKEN = "abcdef.0123456789abcdef"
XML = '<testsuites><testsuite time="1"><testcase classname="a.test_b" name="c"><failure message="{}"/></testcase></testsuite></testsuites>'


def ran(cluster: Cluster) -> Path:
    record = records.create(cluster.name, "cluster.up", about=about.of(cluster))
    record.event(
        Event(Kind.OK, 12.0, "Prepare", "host", "host | <b>", "x.yml:1", "w1", changed=True, duration_s=2)
    )
    record.event(
        Event(
            Kind.FAILED, 13.0, "Prepare", "host", "t", "x.yml:1", "cp1", message="canary-word", duration_s=1
        )
    )
    record.log(f"the log says canary-word and {TOKEN}")
    record.fail(Failure("cp1", "t", "x.yml:1", f"canary-word {TOKEN}", "./inv cluster.up"))
    (record.folder / "verify.xml").write_text(XML.format(f"canary-word {TOKEN}"))
    record.finish(ExitCode.FAILED)
    return record.folder


def test_it_stands_alone_is_escaped_and_private(
    make_cluster: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = make_cluster()
    folder = ran(cluster)
    build.report(cluster)
    assert capsys.readouterr().out.strip() == str(folder / "report.html")
    assert (folder / "report.html").stat().st_mode & 0o777 == 0o600
    page = (folder / "report.html").read_text()
    assert "host | &lt;b&gt;" in page
    assert "host | <b>" not in page
    assert re.findall(r"(?:src|href)=.(?!#)|url\(|@import", page) == []
    assert "http" not in page.replace("http-equiv", "")


def test_secrets_are_hidden_wherever_they_stand(make_cluster: Make) -> None:
    folder = ran(make_cluster())
    assert "canary-word" in build.page(found.read(folder)), "this test would see it"
    page = build.page(found.read(folder), ["canary-word"])
    assert "canary-word" not in page
    assert TOKEN not in page
    assert "&lt;hidden&gt;" in page


def test_a_killed_run_has_a_report(make_cluster: Make) -> None:
    cluster = make_cluster()
    record = records.create("lab", "cluster.up", about=about.of(cluster))
    record.event(Event(Kind.HOST, 1.0, "Prepare", "host", "host | Install", "x.yml:1", "w1"))
    page = build.page(found.read(kill(record)))
    assert "the run was killed" in page
    assert "host | Install" in page


def test_a_record_with_nothing_in_it_has_a_report(tmp_path: Path) -> None:
    assert "died" in build.page(found.read(tmp_path))


def test_time_is_counted_by_play_role_and_host() -> None:
    events = [
        Event(Kind.OK, 2.0, "one", "host", "a", host="w1", duration_s=2.0),
        Event(Kind.OK, 5.0, "one", "host", "b", host="w1", changed=True, duration_s=2.9),
        Event(Kind.OK, 9.0, "one", "host", "c", host="w1", duration_s=1.0),
        Event(Kind.OK, 4.0, "one", "host", "a", host="cp1", duration_s=4.0),
        Event(Kind.FAILED, 10.0, "two", "", "d", host="w1", duration_s=1.0),
    ]
    found_ = timeline.of([event.as_dict() for event in events], ["cp1", "w1"])
    assert [(row.play, row.role, list(row.lanes)) for row in found_.rows] == [
        ("one", "host", ["cp1", "w1"]),
        ("two", timeline.OWN, ["w1"]),
    ]
    bars = found_.rows[0].lanes["w1"]
    assert [(bar.begin, bar.end, bar.tasks, bar.changed) for bar in bars] == [
        (0.0, 5.0, 2, 1),
        (8.0, 9.0, 1, 0),
    ]
    assert found_.rows[1].lanes["w1"][0].failed
    assert found_.seconds == 10.0
    assert [task.name for task in found_.longest(2)] == ["a", "b"]


@pytest.mark.parametrize("seconds", [0.0, 0.4, 7, 61, 1383, 90000])
def test_the_axis_has_a_few_round_marks(seconds: float) -> None:
    marks = list(gantt.ticks(seconds))
    assert marks[0] == 0
    assert len(marks) <= gantt.TICKS + 5


def test_the_suites_report_is_cleaned_and_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "verify.xml"
    message = "Authorization: Basic dXNlcjpwYXNz&quot;, token: abcdefghij"
    path.write_text(XML.format(message).replace("/></testcase>", ">token: abcdefghij</failure></testcase>"))
    path = checks.keep(path, tmp_path / "record", redact.redact)
    assert "dXNlcjpwYXNz" not in path.read_text()
    assert "abcdefghij" not in path.read_text()
    assert [check.result for check in checks.read(path)[0]] == ["failed"]
    assert path.stat().st_mode & 0o777 == 0o600
