"""The Go that a machine without one gets: fetched from the package index, and a compiler that works."""

from __future__ import annotations

from pathlib import Path

import pytest

from gongbang import paths, proc
from gongbang.bundle import reading, toolchain

PROGRAM = 'package main\n\nfunc main() { println("built") }\n'


def test_the_fetched_go_is_new_enough_and_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    go = toolchain.fetch()
    assert go == toolchain.fetched()
    assert [path.name for path in paths.cache_dir().iterdir()] == [go.parents[2].name], "leftovers"
    newest = toolchain.newest_needed(program.folder / "go.mod" for program in reading.load().programs)
    monkeypatch.setenv("PATH", f"{go.parent}:/usr/bin:/bin")
    assert toolchain.find(newest).go == go
    (tmp_path / "main.go").write_text(PROGRAM)
    env = {"GOTOOLCHAIN": "local", "GOFLAGS": "", "CGO_ENABLED": "0"}
    proc.run([go, "build", "-o", tmp_path / "program", tmp_path / "main.go"], cwd=tmp_path, env=env)
    assert proc.run([tmp_path / "program"]).stderr.strip() == "built"
