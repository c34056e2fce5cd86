"""A live lab cluster (GONGBANG_INVENTORY names its inventory), and commands on its nodes past SSH."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from gongbang import inventory
from gongbang.model import Cluster

OnNode = Callable[..., str]


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster that is tried on."""
    return inventory.load(inventory.path_of())


@pytest.fixture(scope="session")
def on_node(cluster: Cluster) -> OnNode:
    """Runs a shell command as root in a node's container, as a login would; what it prints."""

    def run(name: str, command: str, text: str = "") -> str:
        argv = ["docker", "exec", "--interactive", f"{cluster.name}-{name}", "bash", "-ec", command]
        done = subprocess.run(argv, input=text, text=True, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run
