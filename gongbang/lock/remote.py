"""The node's part of the lock, from our side: the process that keeps it, and what it said first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from gongbang import ssh
from gongbang.lock.holder import LEASE_S, Holder
from gongbang.model import Cluster, Node

HERE = Path(__file__).parent
FOLDER = "/run"
RENEW_S = LEASE_S / 3
CONNECT_S = 5
"""How long the node may take to answer; the run itself is more patient, and tells of nodes that do not answer."""
END_S = 5
OPTIONS = {
    "ConnectTimeout": CONNECT_S,
    "ControlMaster": "no",
    "ControlPath": "none",
    "ServerAliveInterval": 10,
}
"""A connection of its own: one that is shared would outlive us, and the lock with it."""


@contextmanager
def taken(cluster: Cluster, node: Node, holder: Holder, evict: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Hold the lock on a node; gives {"taken": holder that died or None}, {"held": holder} or {"failed": text}.

    `evict` are the ids of holders that are known to be dead. Only with `taken` anything is held.
    """
    with ssh.configuration(replace(cluster, nodes=(node,))) as config:
        words = [word for name, value in OPTIONS.items() for word in ("-o", f"{name}={value}")]
        wanted = {
            "ssh": ["ssh", "-F", str(config), *words, node.name],
            "script": (HERE / "on_node.py").read_text(),
            "given": {
                "holder": holder,
                "evict": [holder["id"], *evict],
                "lease_s": LEASE_S,
                "folder": FOLDER,
            },
            "renew_s": RENEW_S,
            "parent": os.getpid(),
        }
        with running(wanted) as said:
            yield said


@contextmanager
def running(wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The keeper, from its first word to its end."""
    argv = [sys.executable, "-I", "-S", str(HERE / "keeper.py"), json.dumps(wanted)]
    keeper = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )  # a session of its own: Ctrl-C is for the run, which needs the lock until it has stopped
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    try:
        line = keeper.stdout.readline()
        yield json.loads(line) if line else {"failed": "the keeper ended"}
    finally:
        with suppress(BrokenPipeError):
            keeper.stdin.write(b"q")
            keeper.stdin.close()
        try:
            keeper.wait(END_S)
        except subprocess.TimeoutExpired:
            keeper.kill()
            keeper.wait()
        keeper.stdout.close()
