"""Real nodes for tests of what is refused and of what operators do; each folder has a lab of its own, so both can run at once."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gongbang import inventory
from gongbang.model import Cluster
from gongbang.paths import ROOT

SECONDS = 300


@contextmanager
def made_new(path: Path) -> Iterator[Cluster]:
    """The nodes of an inventory, made new and gone afterwards; the bundle is built and served to them."""
    inv("lab.down", path)
    made = inv("lab.up", path)
    assert made.returncode == 0, made.stdout + made.stderr
    yield inventory.load(path)
    inv("lab.down", path)


def inv(command: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command over an inventory."""
    argv = [str(ROOT / "inv"), command, "--inventory", str(path)]
    return subprocess.run(argv, cwd=ROOT, text=True, capture_output=True, timeout=SECONDS, check=False)


@pytest.fixture
def on_node(lab: Cluster) -> Callable[[str, str], str]:
    """Runs a shell command as root in a node, past SSH: for making faults."""

    def run(name: str, command: str) -> str:
        argv = ["docker", "exec", f"{lab.name}-{name}", "sh", "-c", command]
        return subprocess.run(argv, text=True, capture_output=True, timeout=60, check=True).stdout

    return run
