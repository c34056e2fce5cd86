"""The nodes that operators work on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gongbang.model import Cluster
from tests.nodes.conftest import made_new

BASE = Path(__file__).parent / "inventory"


@pytest.fixture(scope="session")
def lab() -> Iterator[Cluster]:
    """The nodes, made new."""
    with made_new(BASE) as cluster:
        yield cluster


def docker(*words: str) -> None:
    """Runs the engine's client: for making faults."""
    subprocess.run(["docker", *words], check=True, capture_output=True, timeout=60)
