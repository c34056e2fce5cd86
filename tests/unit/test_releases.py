"""Helm on the first control plane: a call ends later than what it waits for."""

from __future__ import annotations

import json
from collections.abc import Callable
from subprocess import CompletedProcess
from typing import Any

import pytest

from gongbang import releases, remote
from gongbang.model import Cluster

INSTALLED = [{"name": "web", "namespace": "n", "revision": "2", "status": "deployed", "chart": "web-1"}]


def test_a_rollback_is_given_longer_than_helm_waits(
    make_cluster: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, float]] = []

    def run(argv: list[str], *, timeout: float, **_: Any) -> CompletedProcess[str]:
        calls.append((argv[-1], timeout))
        result = {"stdout": json.dumps(INSTALLED), "rc": 0}
        said = json.dumps({"plays": [{"tasks": [{"hosts": {"cp1": result}}]}]})
        return CompletedProcess([], 0, said, "")

    monkeypatch.setattr("gongbang.proc.run", run)
    releases.rollback(make_cluster(), "web")
    (command, limit), listing = calls[1], calls[0]
    assert "rollback web --namespace n --wait --timeout 300s" in command
    assert limit >= 300 + 60
    assert ("--wait" in listing[0], listing[1]) == (False, remote.SECONDS)
