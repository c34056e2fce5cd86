"""How much the verification asks of a cluster at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from gongbang.model import Cluster
from tests.cluster.gathered import PARTS, Gathered


@pytest.mark.parametrize(("patience", "at_once"), [(1, len(PARTS)), (3, 2), (6, 1)])
def test_a_slow_cluster_is_asked_for_fewer_parts_at_the_same_time(
    make_cluster: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch, patience: int, at_once: int
) -> None:
    guard, running, most = threading.Lock(), 0, 0

    def part(_: Gathered) -> None:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        time.sleep(0.2)
        with guard:
            running -= 1

    for name in PARTS:
        monkeypatch.setattr(Gathered, f"_{name}_now", part)
    nodes: Any = SimpleNamespace(patience=patience)
    Gathered(make_cluster(), nodes, set(PARTS.values())).close()
    assert most == at_once
