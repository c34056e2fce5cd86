from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gongbang.bundle import programs, reading
from gongbang.bundle.recipes import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    found = next(item for item in reading.load().programs if item.name == "pause")
    return replace(found, folder=Path(shutil.copytree(found.folder, tmp_path / "pause")))


def key(program: Program, version: str = "go1.26.8", compiler: str = "cc 12") -> str:
    return programs.key(program, version, compiler)


@pytest.mark.parametrize("file", ["go.mod", "go.sum", "main.go"])
def test_key_changes_with_module_files_and_sources(program: Program, file: str) -> None:
    before = key(program)
    path = program.folder / file
    path.write_text(path.read_text() + "\n// changed\n")
    assert key(program) != before


def test_key_changes_with_a_new_source(program: Program) -> None:
    before = key(program)
    (program.folder / "more.go").write_text("package main\n")
    assert key(program) != before


def test_key_changes_with_the_go_version(program: Program) -> None:
    assert key(program) != key(program, version="go1.27.0")


def test_key_changes_with_the_c_compiler_where_c_is_compiled(program: Program) -> None:
    assert key(program) == key(program, compiler="cc 14")
    with_c = replace(program, cgo=True)
    assert key(with_c) != key(with_c, compiler="cc 14")


@pytest.mark.parametrize("change", [{"tags": ("x",)}, {"variables": {"main.version": "1"}}, {"version": "9"}])
def test_key_changes_with_the_recipe(program: Program, change: dict[str, object]) -> None:
    assert key(program) != key(replace(program, **change))  # type: ignore[arg-type]


def test_key_stays_when_only_weight_or_users_change(program: Program) -> None:
    assert key(program) == key(replace(program, seconds=1, kubernetes=("1.99.0",), licence="MIT"))


@pytest.mark.parametrize(
    ("package", "name"),
    [("a/cmd/helm", "helm"), ("go.etcd.io/etcd/server/v3", "server"), ("x/y/v2", "y"), ("x/vlan", "vlan")],
)
def test_name_that_go_gives_a_program(package: str, name: str) -> None:
    assert programs.go_name(package) == name
