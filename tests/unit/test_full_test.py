"""The whole test run: its record, and what it need not run again."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gongbang import full_test, proc, stages
from gongbang.errors import ExitCode, GongbangError
from gongbang.stages import FULL, Stage

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """A checkout with one commit."""

    def call(*words: str) -> str:
        return proc.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=tmp_path).stdout

    call("init", "-q")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/full-test.json").write_text("{}")
    (tmp_path / "code").write_text("1")
    call("add", ".")
    call("commit", "-qm", "all")
    return call


def committed(git: Git, message: str) -> str:
    """Commit all there is: the git tree of it."""
    git("add", ".")
    git("commit", "-qm", message)
    return git("rev-parse", "HEAD^{tree}").strip()


def says(text: str, code: int = 0) -> tuple[str, ...]:
    return (sys.executable, "-c", f"print({text!r}); raise SystemExit({code})")


@pytest.fixture
def of_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], dict[str, Any]]:
    """Runs a whole test of two stages, the second of which ends with a code; what the record says then."""
    record = tmp_path / "record.json"
    monkeypatch.setattr(full_test, "RECORD", record)
    monkeypatch.setattr(full_test, "clean_tree", lambda checkout: "a-tree")
    monkeypatch.setattr(full_test, "same_files", lambda checkout, tree, *_: tree == "a-tree")
    monkeypatch.setattr(stages, "there", lambda stage: True)

    def run(code: int) -> dict[str, Any]:
        bench = Stage("bench", says('floor: 90 s\n{"up_ratio": 1.25}'))
        monkeypatch.setattr(stages, "STAGES", (bench, Stage("lint", says("word", code))))
        assert full_test.run() is (ExitCode.FAILED if code else ExitCode.DONE)
        found: dict[str, Any] = json.loads(record.read_text())
        return found

    return run


def test_what_a_stage_has_measured_is_kept_with_its_tree(of_two: Callable[[int], dict[str, Any]]) -> None:
    kept = of_two(0)
    assert kept["whole"] is True
    assert [row["tree"] for row in kept["stages"]] == ["a-tree", "a-tree"]
    assert [row.get("figures") for row in kept["stages"]] == [{"up_ratio": 1.25}, None]


def test_a_stage_that_has_passed_is_not_run_again(
    of_two: Callable[[int], dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert of_two(3)["whole"] is False
    capsys.readouterr()
    assert of_two(0)["whole"] is True
    told = capsys.readouterr().out
    assert "bench: passed on " in told
    assert "===== bench =====" not in told
    assert "===== lint =====" in told


def test_stages_of_other_files_do_not_make_it_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_test, "same_files", lambda checkout, tree, *_: tree == "new")
    row = {"date": "2026-01-01", "seconds": 1, "passed": 1, "failed": 0}
    rows = {stage.name: {**row, "stage": stage.name, "tree": "new"} for stage in stages.chosen(FULL)}
    full_test.write(tmp_path / "a", "new", rows)
    assert json.loads((tmp_path / "a").read_text())["whole"] is True
    full_test.write(tmp_path / "b", "new", rows | {"mypy": {**rows["mypy"], "tree": "old"}})
    assert json.loads((tmp_path / "b").read_text())["whole"] is False
    full_test.write(tmp_path / "c", "new", rows | {"mypy": {**rows["mypy"], "passed": 0}})
    assert json.loads((tmp_path / "c").read_text())["whole"] is False


def test_a_result_is_not_kept_when_files_change_meanwhile(git: Git, tmp_path: Path) -> None:
    tree = git("rev-parse", "HEAD^{tree}").strip()
    assert full_test.unchanged(tmp_path, tree)
    (tmp_path / "code").write_text("2")
    assert not full_test.unchanged(tmp_path, tree)
    git("commit", "-qam", "code")
    assert not full_test.unchanged(tmp_path, tree)


def test_a_full_run_refuses_files_that_no_commit_has(git: Git, tmp_path: Path) -> None:
    (tmp_path / "docs/full-test.json").write_text("the last run's")
    assert full_test.clean_tree(tmp_path) == git("rev-parse", "HEAD^{tree}").strip()
    (tmp_path / "code").write_text("2")
    (tmp_path / "new").write_text("")
    with pytest.raises(GongbangError) as caught:
        full_test.clean_tree(tmp_path)
    assert caught.value.seen == "code, new"


def test_a_commit_of_the_record_alone_leaves_the_files_the_same(git: Git, tmp_path: Path) -> None:
    tree = git("rev-parse", "HEAD^{tree}").strip()
    (tmp_path / "docs/full-test.json").write_text("a newer one")
    git("commit", "-qam", "record")
    assert full_test.same_files(tmp_path, tree)
    (tmp_path / "code").write_text("2")
    git("commit", "-qam", "code")
    assert not full_test.same_files(tmp_path, tree)
    assert not full_test.same_files(tmp_path, "a tree that is not here")


@pytest.mark.parametrize(
    ("path", "stage", "counts"),
    [
        ("molecule/other/a", "molecule vms", False),
        ("molecule/vms/a", "molecule vms", True),
        ("molecule/vm/a", "molecule vms", False),
        ("molecule/vm/reboot.yml", "molecule vms", True),  # its molecule.yml names it
        ("molecule/vm/reboot.yml", "molecule other", False),
        ("molecule/shared/a", "molecule vms", True),
        ("molecule/vms/a", "bench", False),
        ("roles/a", "bench", True),
        ("gongbang/lab/vm.py", "bench", False),
        ("gongbang/lab/vm.py", "molecule other", False),
        ("gongbang/lab/vm.py", "molecule vms", True),
        ("gongbang/lab/vm.py", "unit", True),
        ("gongbang/full_test.py", "molecule vms", False),
        ("gongbang/a.py", "bench", True),
        ("roles/README.md", "bench", False),
        ("docs/a", "bench", False),
        ("tests/unit/a", "bench", False),
        ("tests/nodes/a", "bench", True),
        ("molecule/vms/a", "unit", True),
        ("docs/a", "unit", True),
    ],
)
def test_only_what_a_stage_reads_makes_it_run_again(
    git: Git, tmp_path: Path, path: str, stage: str, counts: bool
) -> None:
    for name in ("other", "vm", "vms", "shared"):
        (tmp_path / "molecule" / name).mkdir(parents=True)
        (tmp_path / "molecule" / name / "molecule.yml").write_text(
            "side_effect: ../vm/reboot.yml" if name == "vms" else ""
        )
    inventory = tmp_path / "molecule/vms/inventory/hosts.yml"
    inventory.parent.mkdir()
    inventory.write_text("v1: {lab_node_kind: vm}")
    tree = committed(git, "scenarios")
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text("new")
    committed(git, "a change")
    asked = next(one for one in stages.STAGES if one.name == stage)
    assert full_test.same_files(tmp_path, tree, asked) is not counts


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        ('molecule("docker")', 'molecule("docker", minutes=50)', False),
        ('"-n", "4", "tests/unit"', '"-n", "8", "tests/unit"', False),
        ('"--sample=4"', '"--sample=7"', True),
        ('Stage("crash sweep"', 'Stage("sweep"', True),
    ],
)
def test_of_the_list_of_stages_only_its_own_command_makes_one_run_again(
    git: Git, tmp_path: Path, old: str, new: str, counts: bool
) -> None:
    now = Path(stages.__file__).read_text()
    assert old in now
    (tmp_path / "gongbang").mkdir()
    (tmp_path / "gongbang/stages.py").write_text(now.replace(old, new))
    tree = committed(git, "before")
    (tmp_path / "gongbang/stages.py").write_text(now)
    committed(git, "now")
    asked = {one.name: one for one in stages.STAGES}
    assert full_test.same_files(tmp_path, tree, asked["crash sweep"]) is not counts
    assert full_test.same_files(tmp_path, tree, asked["bench"])
    assert not full_test.same_files(tmp_path, tree, asked["unit"])
