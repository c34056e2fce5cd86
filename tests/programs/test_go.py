"""The tests of our own programs, run by the Go that the bundle is built with."""

from __future__ import annotations

import os
import subprocess

import pytest

from gongbang.bundle import programs, reading, toolchain
from gongbang.bundle.recipes import Program

SECONDS = 20 * 60
"""Enough to fetch and compile the modules on a machine that has none of them yet."""
PROGRAMS = reading.load().programs
TESTED = [program for program in PROGRAMS if any(program.folder.glob("*_test.go"))]


@pytest.mark.parametrize("program", [pytest.param(program, id=program.name) for program in TESTED])
def test_its_go_tests_pass(program: Program) -> None:
    newest = toolchain.newest_needed(program.folder / "go.mod" for program in PROGRAMS)
    environment = programs.environment(program, os.cpu_count() or 1)
    done = subprocess.run(
        [toolchain.find(newest).go, "test", "./..."], cwd=program.folder, env=os.environ | environment,
        capture_output=True, text=True, check=False, timeout=SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no test files" not in done.stdout
