"""Commands and their documentation are the same; so are the exit codes."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

from gongbang.commands import namespace
from gongbang.errors import MEANING, ExitCode
from gongbang.paths import ROOT
from tests.contract.conftest import below, shown

DOCS = ROOT / "docs/commands.md"
BODY_LIMIT = 10
WITHOUT_LOCK = frozenset(
    {
        "charts.list",
        "cluster.doctor",
        "cluster.plan",
        "cluster.status",
        "cluster.verify",
        "lab.ssh",
        "sweep",
        "verify.drift",
    }
)
"""Commands that only look, and two whose own calls of cluster.up take it."""


def commands() -> set[str]:
    return set(namespace().task_names)


def test_every_command_is_documented_and_every_documented_command_exists() -> None:
    tables = DOCS.read_text().split("## Exit codes")[0]
    documented = set(re.findall(r"^\| `([a-z.]+)` \|", tables, re.MULTILINE))
    assert commands() - documented == set(), "add a line to docs/commands.md"
    assert documented - commands() == set(), "documented, but there is no such command"


def test_every_command_that_a_text_shows_exists() -> None:
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *below("docs", suffix=".md")]:
        for name in re.findall(r"(?:\./)?\binv ([a-z]+(?:\.[a-z]+)*)", path.read_text()):
            assert name in commands(), f"{shown(path)} shows `inv {name}`"


def test_exit_codes_are_documented_as_they_are() -> None:
    rows = re.findall(r"^\| (\d+) \| ([A-Z_]+) \| (.+) \|$", DOCS.read_text(), re.MULTILINE)
    assert rows == [(str(int(code)), code.name, MEANING[code]) for code in ExitCode]


def test_every_option_has_a_help_text() -> None:
    for name in commands():
        task = namespace()[name]
        lacking = [option.name for option in task.get_arguments() if not option.help]
        assert not lacking, f"{name}: {lacking}"


def test_commands_that_touch_a_cluster_take_inventory_and_json() -> None:
    for name in commands():
        options = {option.name for option in namespace()[name].get_arguments()}
        if name.startswith(("cluster.", "charts.", "verify.")):
            assert {"inventory", "json"} <= options, name


def test_command_bodies_are_short() -> None:
    for path in below("gongbang/commands", suffix=".py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.decorator_list:
                lines = (node.end_lineno or 0) - node.body[0].lineno + 1
                assert lines <= BODY_LIMIT, f"{shown(path)}: {node.name} has {lines} lines"


def test_commands_that_change_a_cluster_take_the_lock() -> None:
    """A command is one that changes a cluster unless it is named here."""
    for path in below("gongbang/commands", suffix=".py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "on_cluster":
                name = getattr(call.args[0], "value", "")
                locked = any(keyword.arg == "changes" for keyword in call.keywords)
                free = name in WITHOUT_LOCK or name.startswith("runs.")
                assert locked != free, f"{shown(path)}: {name} takes the lock: {locked}"


def test_starting_a_command_imports_nothing_heavy() -> None:
    script = "import sys, tasks; print(*{name.split('.')[0] for name in sys.modules})"
    argv = [sys.executable, "-c", script]
    loaded = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert not {"ansible", "ansible_runner", "cryptography", "docker", "jinja2", "requests", "rich"} & set(
        loaded
    )
