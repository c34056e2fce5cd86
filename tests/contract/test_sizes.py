"""Healthy sizes: what is larger is reported, what is far larger is refused."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from gongbang.paths import ROOT
from tests.contract.conftest import below, shown, task_files

TASKS, PLAYBOOK, MODULE, FUNCTION = 60, 25, 150, 25
REFUSED = 2.5
"""Times the healthy size."""


def sizes() -> Iterator[tuple[str, int, int]]:
    """Everything that has a healthy size: name, lines, healthy lines."""
    for path in task_files():
        limit = PLAYBOOK if path.parent.name == "playbooks" else TASKS
        yield shown(path), len(path.read_text().splitlines()), limit
    for path in below("gongbang", suffix=".py"):
        text = path.read_text()
        yield shown(path), len(text.splitlines()), MODULE
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                first = node.body[1] if len(node.body) > 1 and ast.get_docstring(node) else node.body[0]
                yield f"{shown(path)}: {node.name}", (node.end_lineno or 0) - first.lineno + 1, FUNCTION


def test_sizes_are_healthy() -> None:
    large = [item for item in sizes() if item[1] > item[2]]
    for name, lines, limit in large:
        warnings.warn(f"{name} has {lines} lines (healthy: {limit})", stacklevel=1)
    refused = [f"{name}: {lines}" for name, lines, limit in large if lines > limit * REFUSED]
    assert not refused, "far larger than healthy: split it"


def test_the_launcher_and_the_task_file_hold_no_logic() -> None:
    assert len((ROOT / "tasks.py").read_text().splitlines()) <= 15
    assert len((ROOT / "inv").read_text().splitlines()) <= 80
