"""The controller's packages, and programs that we start."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gongbang import proc, system
from gongbang.errors import ExitCode, GongbangError


def test_nothing_is_installed_when_all_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "list.yml").write_text(f"engine: {{coreutils: ls, something: {tmp_path}}}\n")
    monkeypatch.setattr(system, "LIST", tmp_path / "list.yml")
    monkeypatch.setattr(system, "install", pytest.fail)
    system.ensure("engine")


def test_without_the_right_to_the_exact_command_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "list.yml").write_text(
        "engine: {docker.io: no-such-program, gcc: /no/such/file, coreutils: ls}\n"
    )
    monkeypatch.setattr(system, "LIST", tmp_path / "list.yml")
    monkeypatch.setattr(system, "privilege", lambda: None)
    with pytest.raises(GongbangError) as caught:
        system.ensure("engine")
    assert caught.value.seen == "docker.io, gcc"
    assert caught.value.fix == "run: sudo apt-get install --yes --no-install-recommends docker.io gcc"
    assert caught.value.code is ExitCode.BAD_INPUT


@pytest.mark.parametrize("group", ["engine", "bundle", "vm"])
def test_the_groups_are_there(group: str) -> None:
    assert isinstance(system.missing(group), list)


def test_a_failed_program_shows_its_last_lines() -> None:
    with pytest.raises(GongbangError) as caught:
        proc.run(["sh", "-c", "echo one; echo two >&2; exit 7"])
    assert "ended with 7" in caught.value.problem
    assert "two" in caught.value.seen
    assert caught.value.code is ExitCode.FAILED


def test_a_missing_program_and_a_time_out_are_errors() -> None:
    with pytest.raises(GongbangError, match="is not there"):
        proc.run(["/no/such/program"])
    with pytest.raises(GongbangError, match=r"within 0\.1 s"):
        proc.run(["sleep", "5"], timeout=0.1)


def test_our_tools_come_first_and_input_is_given() -> None:
    assert proc.environment()["PATH"].split(os.pathsep)[0].endswith("/bin")
    assert proc.run(["cat"], input="text").stdout == "text"
    assert proc.run(["cat"]).stdout == ""
    assert isinstance(proc.run(["true"]), subprocess.CompletedProcess)
