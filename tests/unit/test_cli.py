"""The frame of commands: a reader that goes away early, and failures as JSON."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from gongbang import cli, inventory
from gongbang.commands import namespace
from gongbang.errors import ExitCode, GongbangError
from gongbang.model import Cluster
from gongbang.paths import ROOT

MUCH = "print('line\\n' * 100_000)"
LITTLE = "(time.sleep(0.5), print('line'))[1]"


@pytest.mark.parametrize("body", [MUCH, LITTLE])
def test_a_closed_pipe_is_no_failure(body: str) -> None:
    assert unread("-c", f"import time\nfrom gongbang.cli import run\nrun(lambda: {body})") == (0, "")


def test_the_list_of_commands_into_a_closed_pipe_leaves_no_traceback() -> None:
    assert unread("-u", "-m", "invoke", "--search-root", str(ROOT), "--list")[1] == ""


def bad(*_: object) -> ExitCode:
    raise GongbangError("nobody answers", "cp1", "./inv cluster.status", ExitCode.UNREACHABLE)


def test_a_failure_of_a_command_that_looks_is_json(
    make_cluster: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(inventory, "load", lambda _: make_cluster())
    with pytest.raises(SystemExit) as caught:
        cli.on_cluster("charts.list", "", bad, json=True, record=False)
    told = json.loads(capsys.readouterr().out)
    assert caught.value.code == ExitCode.UNREACHABLE
    assert (told["command"], told["status"]) == ("charts.list", "unreachable")
    assert told["failure"]["message"] == "nobody answers (seen: cp1)"


def test_a_failure_without_an_inventory_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.run(bad, "bundle.list", json=True)
    assert json.loads(capsys.readouterr().out)["failure"]["next"] == "./inv cluster.status"
    with pytest.raises(SystemExit):
        cli.run(bad)
    assert capsys.readouterr() == ("", "nobody answers\n  seen: cp1\n  fix:  ./inv cluster.status\n")


def test_every_command_with_json_hands_it_to_the_frame() -> None:
    for name in namespace().task_names:
        body = inspect.unwrap(namespace()[name].body)
        if "json" not in inspect.signature(body).parameters:
            continue
        calls = [node for node in ast.walk(ast.parse(inspect.getsource(body))) if isinstance(node, ast.Call)]
        frames = [
            call for call in calls if getattr(call.func, "id", "") in ("on_cluster", "run", "make_plan")
        ]
        assert frames, name
        assert all("json" in [word.arg for word in call.keywords] for call in frames), name


def unread(*words: str) -> tuple[int, str]:
    """Exit code and errors of a Python whose output nobody reads."""
    with subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        assert child.stderr
        child.stdout.close()
        return (child.wait(timeout=60), child.stderr.read())
