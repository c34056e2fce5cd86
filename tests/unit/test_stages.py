"""The test run itself: counts, verdict, last line."""

from __future__ import annotations

import sys

import pytest

from gongbang import evidence, stages
from gongbang.errors import ExitCode
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
    assert names[0] <= names[1] <= names[2]
    assert not any("molecule" in name or "nodes" in name for name in names[0])
    assert {"unit", "contract", "mypy", "ansible-lint"} <= names[0]
