"""Which Go is taken: programs that answer as `go env GOVERSION` does, older and newer than what is wanted.

Their versions lie far ahead, so that a Go which the machine has is never the newest.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gongbang.bundle import toolchain

WANTED = "98.4.0"
ANSWER = """#!/bin/sh
[ "$*" = "env GOVERSION" ] && [ "$GOTOOLCHAIN" = local ] || exit 9
echo {version}
"""


def go(path: Path, version: str) -> Path:
    """A program that says that it is this version of Go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(ANSWER.format(version=version))
    path.chmod(0o755)
    return path


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that PATH names first."""
    folder = tmp_path / "bin"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.mark.parametrize("version", ["go98.4.0", "go98.4.1", "go98.11.0", "go99.0rc1"])
def test_a_go_on_path_that_is_new_enough_is_taken(on_path: Path, version: str) -> None:
    program = go(on_path / "go", version)
    found = toolchain.find(WANTED)
    assert (found.go, found.version) == (program, version)
    assert found.c_compiler == toolchain.c_compiler()


@pytest.mark.parametrize("version", ["go98.3.9", "go9.5.0"])
def test_one_that_is_too_old_gives_way_to_the_one_fetched_before(on_path: Path, version: str) -> None:
    go(on_path / "go", version)
    assert toolchain.present(WANTED) is None
    fetched = go(toolchain.fetched(), "go98.4.2")
    assert toolchain.find(WANTED).go == fetched


def test_path_comes_before_the_one_fetched_before(on_path: Path) -> None:
    go(toolchain.fetched(), "go98.9.0")
    assert toolchain.find(WANTED).go == toolchain.fetched()
    program = go(on_path / "go", "go98.4.0")
    assert toolchain.find(WANTED).go == program


def test_the_newest_go_line_counts_by_number(tmp_path: Path) -> None:
    for name, line in (("a", "go 1.9.9"), ("b", "go 1.26.0"), ("c", "")):
        (tmp_path / name).write_text(f"module {name}\n\n{line}\n")
    assert toolchain.newest_needed(sorted(tmp_path.iterdir())) == "1.26.0"
