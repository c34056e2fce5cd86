"""The script that waits for the network: for what is there, and for what an operator makes later."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gongbang.paths import ROOT

KUBECTL = """#!/bin/sh
echo "$*" >>"$SEEN"
case $* in
*"rollout status daemonset/late"*)
    [ "$(grep -c late "$SEEN")" -ge 3 ] || { echo 'Error from server (NotFound): daemonsets.apps "late" not found' >&2; exit 1; } ;;
*"rollout status daemonset/never"*) echo 'Error from server (NotFound): daemonsets.apps "never" not found' >&2; exit 1 ;;
*"rollout status daemonset/stuck"*) echo 'error: timed out waiting for the condition' >&2; exit 1 ;;
esac
"""


@pytest.fixture
def waited(tmp_path: Path) -> Wait:
    program = tmp_path / "kubectl"
    program.write_text(KUBECTL)
    program.chmod(0o755)
    return Wait(tmp_path)


class Wait:
    """Runs the script; its exit code, its output and the calls of kubectl."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, seconds: int, *workloads: str) -> tuple[int, str, list[str]]:
        seen = self.folder / "seen"
        env = {"PATH": f"{self.folder}:{os.environ['PATH']}", "SEEN": str(seen)}
        argv = ["sh", str(ROOT / "roles/cni/files/ready"), "kube-flannel", str(seconds), *workloads]
        done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, done.stdout, seen.read_text().splitlines()


def test_what_is_there_is_asked_for_once(waited: Wait) -> None:
    code, _, calls = waited(60, "daemonset/kube-flannel")
    assert code == 0
    assert calls == ["--namespace kube-flannel rollout status daemonset/kube-flannel --timeout 60s"]


def test_what_an_operator_makes_later_is_waited_for(waited: Wait) -> None:
    code, _, calls = waited(60, "deployment/operator", "other/daemonset/late")
    assert code == 0
    assert len(calls) == 4
    assert calls[-1].startswith("--namespace other rollout status daemonset/late")


@pytest.mark.parametrize(("workload", "told"), [("never", "not found"), ("stuck", "timed out")])
def test_what_does_not_become_ready_is_told(waited: Wait, workload: str, told: str) -> None:
    code, output, calls = waited(1, f"other/daemonset/{workload}")
    assert (code, told in output) == (1, True)
    assert "--namespace other get pods --output wide" in calls
