"""Operators as processes of their own; the node is this machine, reached through an `ssh` that is a stub."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gongbang.paths import ROOT

OPERATOR = """
import sys, time
from pathlib import Path
from gongbang import lock, session
from gongbang.errors import GongbangError
from gongbang.lock import holder, remote
from gongbang.model import Cluster, Node

remote.FOLDER, space, lease_s, doing = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]
remote.LEASE_S, remote.RENEW_S = lease_s, lease_s / 3
if space:
    holder.pid_space = lambda: space
cluster = Cluster("c", (Node("cp1", "127.0.0.1", frozenset({"control_plane"}), "vm"),), Path("i"))
session.say = lambda text: print(text, flush=True)
if doing != "hold":  # all that were started together begin together
    print("ready", flush=True)
    sys.stdin.readline()
try:
    with lock.held(cluster, "cluster.up"):
        lock.on_nodes()
        print("got it", flush=True)
        if doing == "hold":
            sys.stdin.readline()
        else:  # a critical section: its marker must never be there when another one begins
            marker = Path(doing)
            marker.touch(exist_ok=False)
            time.sleep(0.3)
            marker.unlink()
except GongbangError as error:
    print(error, flush=True)
    sys.exit(int(error.code))
"""
STUBS = {
    "ssh": 'case " $* " in *" -O "*) exit 0;; esac\nfor last; do :; done\nexec sh -c "$last"\n',
    "sudo": 'shift\nexec "$@"\n',
}

Operator = subprocess.Popen[str]
Start = Callable[..., Operator]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts an operator: `controller` names its own state folder, `space` its process numbers when not ours."""
    for name, text in STUBS.items():
        (tmp_path / name).write_text("#!/bin/sh\n" + text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "run").mkdir()
    started: list[Operator] = []

    def run(controller: str = "here", space: str = "", lease_s: float = 30, doing: str = "hold") -> Operator:
        env = os.environ | {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "XDG_STATE_HOME": str(tmp_path / controller),
        }
        argv = [sys.executable, "-c", OPERATOR, str(tmp_path / "run"), space, str(lease_s), doing]
        pipe = subprocess.PIPE
        child = subprocess.Popen(
            argv, cwd=ROOT, env=env, text=True, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT
        )
        started.append(child)
        return child

    yield run
    for child in started:
        child.kill()
        child.communicate()
