"""Imports go one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.conftest import below, shown

PURE = (
    "model",
    "errors",
    "preflight",
    "networks",
    "problem",
    "events",
    "redact",
    "summary",
    "failures",
    "hints",
    "schema",
)
IMPURE = ("subprocess", "invoke", "ansible_runner", "ansible", "docker", "requests")
FILES = [pytest.param(path, id=shown(path)) for path in below("gongbang", suffix=".py")]


def imported(path: Path) -> Iterator[str]:
    """The names of all modules that a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def uses(path: Path, package: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for name in imported(path))


@pytest.mark.parametrize("path", FILES)
def test_only_the_runner_knows_ansible_runner(path: Path) -> None:
    assert not uses(path, "ansible_runner") or shown(path) == "gongbang/runner.py"


@pytest.mark.parametrize("path", FILES)
def test_only_commands_know_invoke(path: Path) -> None:
    assert not uses(path, "invoke") or shown(path).startswith("gongbang/commands/")


@pytest.mark.parametrize("path", FILES)
def test_nothing_below_imports_the_commands(path: Path) -> None:
    assert not uses(path, "gongbang.commands") or shown(path).startswith("gongbang/commands/")


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_start_nothing(name: str) -> None:
    path = next(path for path in below("gongbang", suffix=".py") if shown(path) == f"gongbang/{name}.py")
    assert not [package for package in IMPURE if uses(path, package)]


@pytest.mark.parametrize("path", FILES)
def test_nothing_imports_tests(path: Path) -> None:
    assert not uses(path, "tests")


def test_no_folder_shadows_a_real_module() -> None:
    shadows = [shown(path) for path in below("molecule", "tasks", suffix="__init__.py")]
    assert not shadows
