"""The test run itself: counts, verdict, last line."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from gongbang import bench, evidence, stages
from gongbang.commands import quality
from gongbang.errors import ExitCode, GongbangError
from gongbang.stages import FAST, FULL, NORMAL, Stage


def says(text: str, code: int = 0) -> tuple[str, ...]:
    return (sys.executable, "-c", f"print({text!r}); raise SystemExit({code})")


def test_a_failed_stage_fails_the_run_and_the_last_line_is_the_summary(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ran = [
        Stage("unit", says("7 passed, 1 skipped in 1.00s")),
        Stage("lint", says("bad", 3)),
        Stage("more", says("good")),
    ]
    assert stages.run(ran) is ExitCode.FAILED
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[-1].startswith("===== 1 failed, 8 passed, 1 skipped in ")
    assert lines[-3].startswith("FAILED lint: ")
    assert lines[-2] == "    bad"
    assert sum(line.startswith("===== ") for line in lines) == 5


def test_the_evidence_of_a_failure_is_what_the_tools_mark() -> None:
    ansible = 'fatal: [localhost]: FAILED! => {"rc": 5, "stdout": "run\\n1 of 2 checks failed\\ntest_dns: no answer", "stdout_lines": ["run"]}'
    assert evidence.of(["PLAY", ansible, "RECAP"])[-2:] == ["1 of 2 checks failed", 'test_dns: no answer",']
    assert evidence.of(["....", "FAILED tests/unit/test_a.py::test_b - x", "1 failed"]) == [
        "FAILED tests/unit/test_a.py::test_b - x"
    ]
    assert len(evidence.of([str(number) for number in range(100)])) == evidence.LINES


def test_the_evidence_of_a_failed_command_in_a_molecule_scenario_is_what_it_said() -> None:
    framed = [
        "  \x1b[2m│\x1b[0m FAILED - RETRYING: [cp1]: Wait",
        "  \x1b[2m\x1b[31m│\x1b[0m \x1b[0;31mfatal: [localhost]: FAILED! => \x1b[0m",
        "  \x1b[2m\x1b[31m│\x1b[0m \x1b[0;31m    rc: 5\x1b[0m",
        "  \x1b[2m\x1b[31m│\x1b[0m \x1b[0;31m    stderr: |-\x1b[0m",
        "  \x1b[2m\x1b[31m│\x1b[0m \x1b[0;31m        1 of 2 checks failed\x1b[0m",
        "  \x1b[2m\x1b[31m│\x1b[0m \x1b[31m  test_dns: no answer\x1b[0m",
        "  \x1b[2m\x1b[31m│\x1b[0m \x1b[0;31m    stderr_lines: <omitted>\x1b[0m",
        "  \x1b[2m\x1b[31m│\x1b[0m \x1b[0;31m    stdout: ''\x1b[0m",
        "ERROR    Molecule executed 1 scenario (1 failed)",
    ]
    assert evidence.of(framed) == [
        "fatal: [localhost]: FAILED! =>",
        "    stderr: |-",
        "        1 of 2 checks failed",
        "  test_dns: no answer",
    ]


@pytest.mark.parametrize(
    ("seconds", "minutes", "noted"),
    [
        (47 * 60, 45, "note: this run took 47 min, it should take at most 45 on a quiet machine"),
        (121, 2, "note: this run took 2.1 min, it should take at most 2 on a quiet machine"),
        (120, 2, ""),
        (10**6, None, ""),
    ],
)
def test_a_run_that_takes_longer_than_promised_says_so_before_its_last_line(
    capsys: pytest.CaptureFixture[str], seconds: float, minutes: float | None, noted: str
) -> None:
    stages.report([stages.Result(Stage("a", ()), seconds, 0, 1, 0, 0)], seconds, minutes)
    *others, note, last = capsys.readouterr().out.strip().splitlines()
    assert last == f"===== 1 passed in {seconds:.2f}s ====="
    assert [line for line in (*others, note) if line.startswith("note")] == ([note] if noted else [])
    assert note == noted or not noted


@pytest.mark.parametrize(
    ("given", "minutes"),
    [({"fast": True}, 2), ({}, 45), ({"only": "ruff"}, None), ({"fast": True, "only": "ruff"}, None)],
)
def test_a_whole_run_is_compared_with_its_promise(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], minutes: float | None
) -> None:
    asked: list[float | None] = []

    def run(ran: object, keep: object = None, minutes: float | None = None) -> ExitCode:
        asked.append(minutes)
        return ExitCode.DONE

    monkeypatch.setattr(stages, "run", run)
    monkeypatch.setattr(quality, "run", lambda action: action())
    quality.test.body(None, **given)
    assert asked == [minutes]


WAITS = """
import os, sys, time
for _ in range(600):
    if os.path.lexists(sys.argv[1]):
        sys.exit()
    time.sleep(0.05)
sys.exit(1)
"""


MUCH = 200_000
"""Characters; more than a pipe holds."""


def test_what_runs_beside_begins_with_the_stage_named_and_is_told_in_its_turn(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    script = f"print('x' * {MUCH}, '5 passed', sep='\\n'); open({str(mark)!r}, 'w')"
    later = Stage("later", (sys.executable, "-c", script), beside="second")
    first = Stage(
        "first", (sys.executable, "-c", f"import os; raise SystemExit(os.path.exists({str(mark)!r}))")
    )
    second = Stage("second", (sys.executable, "-c", WAITS, str(mark)))
    last = Stage("last", says("1 passed"), beside="second")
    assert stages.run([first, second, later, last]) is ExitCode.DONE
    told = capsys.readouterr().out.splitlines()
    assert told[:9] == [
        "===== first =====",
        "===== second =====",
        "later begins beside it",
        "last begins beside it",
        "===== later =====",
        *("x" * MUCH, "5 passed"),
        *("===== last =====", "1 passed"),
    ]
    assert all("begun with second" in line for line in told[-3:-1])
    assert told[-1].startswith("===== 8 passed in ")


def test_what_would_run_beside_a_stage_that_is_not_asked_for_begins_in_its_turn(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert stages.run([Stage("later", says("1 passed"), beside="second")]) is ExitCode.DONE
    told = capsys.readouterr().out
    assert told.splitlines()[:2] == ["===== later =====", "1 passed"]
    assert "begun with" not in told


def test_a_stage_runs_beside_one_that_is_before_it() -> None:
    names = [stage.name for stage in stages.STAGES]
    for stage in stages.STAGES:
        assert not stage.beside or stage.beside in names[: names.index(stage.name)]


def test_the_python_of_a_stage_keeps_what_it_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    look = "import sys; raise SystemExit(sys.dont_write_bytecode)"
    assert stages.run([Stage("a", (sys.executable, "-c", look))]) is ExitCode.DONE


def test_an_interrupted_run_ends_what_runs_beside(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    script = f"import os, time; os.symlink(str(os.getpid()), {str(mark)!r}); time.sleep(60)"
    first = Stage("first", (sys.executable, "-c", WAITS, str(mark)))
    beside = Stage("later", (sys.executable, "-c", script), beside="first")

    def interrupt(_result: stages.Result) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stages.run([first, beside], keep=interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.readlink().name), 0)


def test_a_run_that_took_too_long_has_not_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert stages.run([Stage("a", says("1 passed in 0.01s"))], minutes=0) is ExitCode.DONE
    assert "note: this run took 0.1 min" in capsys.readouterr().out


def test_all_good_is_done() -> None:
    assert stages.run([Stage("a", says("1 passed in 0.01s"))]) is ExitCode.DONE


@pytest.mark.parametrize(
    ("tail", "code", "counted"),
    [
        ("3 failed, 4 passed in 1s", 1, (4, 3, 0)),
        ("2 errors in 1s", 2, (0, 2, 0)),
        ("4 passed in 1s", 1, (4, 1, 0)),
        ("nothing", 0, (1, 0, 0)),
        ("nothing", 2, (0, 1, 0)),
    ],
)
def test_counts(tail: str, code: int, counted: tuple[int, int, int]) -> None:
    assert stages.counts(tail, code) == counted


def test_the_fast_run_has_no_nodes_and_each_run_holds_the_one_before() -> None:
    names = [{stage.name for stage in stages.chosen(level)} for level in (FAST, NORMAL, FULL)]
    assert names[0] <= names[1] <= names[2] | {"molecule vm"}
    assert not any("molecule" in name or "nodes" in name for name in names[0])
    assert {"unit", "contract", "mypy", "ansible-lint"} <= names[0]


def test_lint_runs_every_linter_of_the_test_run() -> None:
    linters = {"ruff", "ruff format", "mypy", "yamllint", "ansible-lint"}
    assert {stage.name for stage in stages.LINT} == linters
    assert set(stages.LINT) <= set(stages.chosen(FAST))


def test_a_full_run_makes_both_machines_virtual_in_place_of_one() -> None:
    normal, full = ({stage.name for stage in stages.chosen(level)} for level in (NORMAL, FULL))
    assert "molecule vm" in normal
    assert "molecule vm" not in full
    assert "molecule vms" in full


def test_every_run_with_nodes_holds_the_sample_of_the_crash_sweep() -> None:
    assert "crash sweep" in {stage.name for stage in stages.chosen(NORMAL)}


@pytest.mark.parametrize(
    ("figures", "wrong"),
    [
        ({"up_ratio": 1.5, "again_s": 25, "again_changed": 0}, []),
        ({"up_ratio": 1.51, "again_s": 20, "again_changed": 0}, ["up_ratio is 1.51"]),
        ({"up_ratio": 1.0, "again_s": 25.1, "again_changed": 2}, ["again_s is 25.1", "again_changed is 2"]),
    ],
)
def test_the_benchmark_names_what_is_above_its_limit(figures: dict[str, float], wrong: list[str]) -> None:
    assert [text.rpartition(": ")[2] for text in bench.above(figures)] == wrong


def test_stages_are_named_by_a_part_of_their_names() -> None:
    fast, full = stages.chosen(FAST), stages.chosen(FULL)
    assert [stage.name for stage in stages.named("molecule vm", full)] == ["molecule vms"]
    assert {"ruff", "ruff format"} <= {stage.name for stage in stages.named("ruff", fast)}
    assert stages.named("", fast) == fast
    with pytest.raises(GongbangError):
        stages.named("molecule", fast)
    with pytest.raises(GongbangError) as caught:
        stages.named("molecul vm", stages.chosen(NORMAL))
    assert caught.value.code is ExitCode.BAD_INPUT
    assert "molecule vm" in caught.value.fix
