"""The runner with real ansible-playbook processes against this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from gongbang import leftovers, processes, runner, surroundings
from gongbang.errors import ExitCode
from gongbang.files import in_memory
from gongbang.paths import ROOT, artifacts_dir
from gongbang.runs import folders, found

PLAYBOOKS = "tests/unit/playbooks"
BOTH = frozenset({"here", "there"})

SCRIPT = """
import sys
from pathlib import Path
from gongbang import runner
result = runner.run({playbook!r}, Path({inventory!r}), command="try", cluster="lab", extra_vars={vars!r})
sys.exit(int(result.code))
"""


def run(playbook: str, inventory: Path, **more: Any) -> runner.RunResult:
    return runner.run(f"{PLAYBOOKS}/{playbook}", inventory, command="try", cluster="lab", **more)


def latest() -> Path:
    return (artifacts_dir("lab") / "latest").resolve()


def summary() -> dict[str, Any]:
    data: dict[str, Any] = json.loads((latest() / "summary.json").read_text())
    return data


def start(inventory: Path, work: str, mark: Path) -> subprocess.Popen[str]:
    """A process of its own that runs the sleeping playbook; returns when the task has begun."""
    script = SCRIPT.format(
        playbook=f"{PLAYBOOKS}/sleep.yml",
        inventory=str(inventory),
        vars={"work": work, "mark": str(mark)},
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    wait_for(lambda: "Sleep for a while" in events_text())
    time.sleep(0.7)
    return child


def events_text() -> str:
    found = sorted(artifacts_dir("lab").glob("*/events.jsonl"))
    return found[-1].read_text() if found else ""


def wait_for(condition: Any, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_success_counts_hosts_and_changes(local_inventory: Path) -> None:
    result = run("ok.yml", local_inventory, hosts_expected=BOTH)
    assert (result.code, result.changed, result.hosts) == (ExitCode.DONE, 2, BOTH)
    assert summary()["status"] == "done"
    assert summary()["hosts"]["here"] == {"ok": 2, "changed": 1, "failed": 0, "unreachable": 0, "skipped": 0}


def test_a_run_in_check_mode_tells_changes_and_counts_none(local_inventory: Path) -> None:
    result = run("plan.yml", local_inventory, check=True)
    assert [event.changes for event in result.told] == [("label a: b -> c",)] * 2
    assert (result.changed, summary()["changed"]) == (0, 0)


def test_failed_task_names_host_task_place_message_and_next(
    local_inventory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run("ok.yml", local_inventory, extra_vars={"greeting": "moin"})
    assert result.code is ExitCode.FAILED
    failure = summary()["failure"]
    assert failure["host"] in BOTH
    assert failure["task"] == "Change nothing"
    assert failure["where"].startswith(f"{PLAYBOOKS}/ok.yml:")
    assert "the greeting is wrong" in failure["message"]
    assert failure["next"].startswith("./inv try --inventory ")
    shown = capsys.readouterr().err
    assert "the greeting is wrong" in shown
    assert "log.txt" in shown


def test_no_host_matched_is_a_failure(local_inventory: Path, tmp_path: Path) -> None:
    nobody = tmp_path / "nobody.yml"
    nobody.write_text("- hosts: control_plne\n  gather_facts: false\n  tasks: []\n")
    assert runner.run(str(nobody), local_inventory, command="try", cluster="lab").code is ExitCode.FAILED
    assert "no host at all" in summary()["failure"]["message"]


def test_expected_host_that_was_not_processed_is_a_failure(local_inventory: Path) -> None:
    result = run("ok.yml", local_inventory, limit="here", hosts_expected=BOTH)
    assert result.code is ExitCode.FAILED
    assert "there" in summary()["failure"]["message"]


def test_unreachable_has_its_own_code(tmp_path: Path) -> None:
    inventory = tmp_path / "far.ini"
    inventory.write_text(
        'far ansible_host=127.0.0.1 ansible_port=1 ansible_ssh_common_args="-o ConnectTimeout=2"\n'
    )
    result = run("ok.yml", inventory, hosts_expected=frozenset({"far"}))
    assert result.code is ExitCode.UNREACHABLE
    assert summary()["hosts"]["far"]["unreachable"] == 1
    assert summary()["failure"]["host"] == "far"


def test_syntax_error_is_told(local_inventory: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text("- hosts: all\n  tasks:\n    - no_such_module_here: {}\n")
    result = runner.run(str(broken), local_inventory, command="try", cluster="lab")
    assert result.code is ExitCode.FAILED
    assert "no_such_module_here" in summary()["failure"]["message"]


def test_check_mode_changes_nothing(local_inventory: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    assert run("sleep.yml", local_inventory, check=True, extra_vars={"mark": str(mark)}).ok
    assert not mark.exists()


def test_nothing_private_stays_behind(local_inventory: Path) -> None:
    run("ok.yml", local_inventory, extra_vars={"greeting": "hello", "api_token": "canary-in-a-variable"})
    assert not list(latest().glob(".run-*"))
    for path in artifacts_dir("lab").rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert "canary" not in path.read_text()
            assert path.stat().st_mode & 0o777 == 0o600
    assert latest().stat().st_mode & 0o777 == 0o700


def holding(folder: Path, word: str) -> set[str]:
    """The names of the files below a folder that hold a word."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.name for path in files if word.encode() in path.read_bytes()}


def test_a_killed_run_leaves_nothing_of_its_environment(
    local_inventory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://user:canary-of-a-proxy@127.0.0.1:1")
    child = start(local_inventory, "sleep 60", tmp_path / "mark")
    assert list(latest().glob(".run-*/*")), "ansible-runner keeps something there"
    environments = [Path(f"/proc/{pid}/environ").read_bytes() for pid in processes.of_run(str(latest()))]
    assert b"canary-of-a-proxy" in environments[0], "the run has it"
    assert holding(latest(), "canary-of-a-proxy") == set()
    child.kill()
    child.communicate(timeout=90)
    assert holding(latest(), "canary-of-a-proxy") == set()
    leftovers.sweep("lab")


def test_what_is_kept_in_memory_is_on_no_disk(tmp_path: Path) -> None:
    path = tmp_path / "told"
    with in_memory(path):
        path.write_text("canary")
        path.chmod(0o600)
        assert path.read_text() == "canary"
        assert path.is_symlink()
    assert list(tmp_path.iterdir()) == []


def test_signal_handlers_are_put_back(local_inventory: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    run("ok.yml", local_inventory)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_environment_is_minimal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MY_SECRET", "canary")
    env = surroundings.environment(tmp_path, tmp_path)
    assert "MY_SECRET" not in env
    assert env["ANSIBLE_HOST_KEY_CHECKING"] == "True"
    assert env["ANSIBLE_SSH_HOST_KEY_CHECKING"] == "True"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_lets_the_running_task_end_and_starts_no_other(
    local_inventory: Path, tmp_path: Path, number: signal.Signals
) -> None:
    mark = tmp_path / "mark"
    child = start(local_inventory, "sleep 3", mark)
    begun = time.monotonic()
    child.send_signal(number)
    child.communicate(timeout=90)
    assert child.returncode == ExitCode.INTERRUPTED
    assert not mark.exists()
    assert time.monotonic() - begun > 1
    assert '"kind": "ok"' in events_text()
    assert summary()["status"] == "interrupted"
    assert not processes.of_run(str(latest()))


STUBBORN = """sh -c 'trap "" TERM; sleep 61'"""


@pytest.mark.parametrize("work", ["sleep 60", STUBBORN], ids=["polite", "stubborn"])
def test_two_signals_end_it_at_once(local_inventory: Path, tmp_path: Path, work: str) -> None:
    child = start(local_inventory, work, tmp_path / "mark")
    begun = time.monotonic()
    child.send_signal(signal.SIGINT)
    time.sleep(0.3)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=90)
    assert child.returncode == ExitCode.INTERRUPTED
    assert time.monotonic() - begun < 20
    assert "Sleep for a while" in summary()["failure"]["message"]
    assert not processes.of_run(str(latest()))


def test_a_killed_run_is_readable_and_swept(local_inventory: Path, tmp_path: Path) -> None:
    child = start(local_inventory, "sleep 60", tmp_path / "mark")
    folder = latest()
    os.kill(child.pid, signal.SIGKILL)
    child.communicate(timeout=90)
    assert summary()["status"] == "running"
    assert [json.loads(line)["kind"] for line in (folder / "events.jsonl").read_text().splitlines()][:2] == [
        "play",
        "task",
    ]
    assert folders.crashed(folder)
    assert found.read(folder).where.endswith("Sleep for a while"), "it says where it was killed"
    assert processes.of_run(str(folder)), "the sleeping task outlives the kill"
    assert leftovers.sweep("lab")
    assert not processes.of_run(str(folder))
    assert not list(folder.glob(".run-*"))
    assert not leftovers.sweep("lab"), "said once"
