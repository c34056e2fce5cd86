"""The frame of commands: a reader that goes away early."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gongbang.paths import ROOT

MUCH = "print('line\\n' * 100_000)"
LITTLE = "(time.sleep(0.5), print('line'))[1]"


@pytest.mark.parametrize("body", [MUCH, LITTLE])
def test_a_closed_pipe_is_no_failure(body: str) -> None:
    assert unread("-c", f"import time\nfrom gongbang.cli import run\nrun(lambda: {body})") == (0, "")


def test_the_list_of_commands_into_a_closed_pipe_leaves_no_traceback() -> None:
    assert unread("-u", "-m", "invoke", "--search-root", str(ROOT), "--list")[1] == ""


def unread(*words: str) -> tuple[int, str]:
    """Exit code and errors of a Python whose output nobody reads."""
    with subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        assert child.stderr
        child.stdout.close()
        return (child.wait(timeout=60), child.stderr.read())
