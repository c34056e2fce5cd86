"""Records: written as they go, never torn, without secrets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gongbang import records, session
from gongbang.errors import ExitCode, GongbangError
from gongbang.events import Event, Kind
from gongbang.paths import artifacts_dir
from gongbang.runs import folders
from gongbang.session import RunFailedError
from gongbang.summary import Failure


def read(folder: Path) -> dict[str, object]:
    data: dict[str, object] = json.loads((folder / "summary.json").read_text())
    return data


def test_summary_has_exactly_the_fields_that_others_rely_on() -> None:
    record = records.create("lab", "try")
    record.event(Event(Kind.TASK, 10.0, role="host", task="a"))
    record.event(Event(Kind.OK, 12.0, role="host", task="a", host="cp1", changed=True))
    record.fail(Failure("cp1", "a", "x.yml:3", "no", "./inv try"))
    record.finish(ExitCode.FAILED)
    data = read(record.folder)
    assert list(data) == [
        "command",
        "status",
        "started",
        "duration_s",
        "changed",
        "hosts",
        "roles",
        "failure",
    ]
    assert data["hosts"] == {"cp1": {"ok": 1, "changed": 1, "failed": 0, "unreachable": 0, "skipped": 0}}
    assert data["roles"] == [{"name": "host", "hosts": 1, "duration_s": 2.0, "changed": 1}]
    assert data["failure"] == {
        "host": "cp1",
        "task": "a",
        "where": "x.yml:3",
        "message": "no",
        "next": "./inv try",
    }
    assert data["status"] == "failed"


def test_two_playbooks_add_up() -> None:
    record = records.create("lab", "try")
    for _ in range(2):
        record.event(Event(Kind.OK, 1.0, host="cp1", changed=True))
        stats = {"ok": {"cp1": 1}, "changed": {"cp1": 1}, "processed": {"cp1": 1}}
        record.event(Event(Kind.STATS, 2.0, stats=stats))
    assert record.summary.counter.changed == 2


def test_latest_points_to_the_newest() -> None:
    first, second = records.create("lab", "one"), records.create("lab", "two")
    assert first.folder != second.folder
    assert (artifacts_dir("lab") / "latest").resolve() == second.folder.resolve()


def test_two_runs_in_one_second_have_two_folders() -> None:
    assert len({records.create("lab", "same").folder for _ in range(5)}) == 5


def test_secrets_never_reach_the_record() -> None:
    record = records.create("lab", "try", frozenset({"canary-password"}))
    token = "abcdef.0123456789abcdef"
    record.log(
        f"canary-password --token {token}\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
    )
    record.event(Event(Kind.FAILED, 1.0, host="cp1", message=f"join with {token}: canary-password"))
    record.fail(Failure("cp1", None, None, f"canary-password {token}", None))
    record.finish(ExitCode.FAILED)
    for path in record.folder.iterdir():
        text = path.read_text()
        assert "canary" not in text
        assert token not in text
        assert "AAAA" not in text
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_written_is_bad_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GONGBANG_ARTIFACTS", str(tmp_path / "file"))
    with pytest.raises(GongbangError) as caught:
        records.create("lab", "try")
    assert caught.value.code is ExitCode.BAD_INPUT
    assert "GONGBANG_ARTIFACTS" in caught.value.fix


def test_an_error_inside_a_session_is_its_failure(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RunFailedError), session.opened("try", "lab") as opened:
        raise GongbangError("too bad", "42", "use 43", ExitCode.UNREACHABLE)
    assert read(opened.record.folder)["status"] == "unreachable"
    assert capsys.readouterr().err == "too bad\n  seen: 42\n  fix:  use 43\n"


def test_an_interrupt_inside_a_session_is_recorded() -> None:
    with pytest.raises(KeyboardInterrupt), session.opened("try", "lab") as opened:
        raise KeyboardInterrupt
    assert read(opened.record.folder)["status"] == "interrupted"


def test_sessions_inside_each_other_share_one_record() -> None:
    with session.opened("outer", "lab") as outer, session.opened("inner", "lab") as inner:
        assert inner is outer
    assert session.current() is None
    assert len(folders.of_cluster("lab")) == 1
