from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gongbang import processes
from gongbang.bundle import services
from gongbang.errors import GongbangError

SERVER = (
    "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(300)"
)


@pytest.fixture
def address() -> tuple[str, int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return "127.0.0.1", int(probe.getsockname()[1])


def argv(address: tuple[str, int]) -> list[str]:
    return [sys.executable, "-c", SERVER, str(address[1])]


def pid(record: Path) -> int:
    return int(json.loads(record.read_text())["pid"])


def test_a_service_is_started_once_and_ended(tmp_path: Path, address: tuple[str, int]) -> None:
    record = tmp_path / "a.json"
    services.start(record, argv(address), {}, address, "1")
    first = pid(record)
    services.start(record, argv(address), {}, address, "1")
    assert pid(record) == first
    assert os.getsid(first) == first
    services.start(record, argv(address), {}, address, "2")
    assert pid(record) != first
    assert services.stop(record)
    assert not services.running(record)
    assert not services.stop(record)


def test_another_process_with_the_recorded_id_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        record = tmp_path / "a.json"
        known = {"pid": stranger.pid, "start_time": 1, "boot": processes.boot()}
        record.write_text(json.dumps(known))
        assert not services.stop(record)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_taken_port_is_refused(tmp_path: Path, address: tuple[str, int]) -> None:
    with socket.create_server(address), pytest.raises(GongbangError, match="another program serves"):
        services.start(tmp_path / "a.json", argv(address), {}, address, "1")


def test_a_service_that_dies_is_told_with_its_last_lines(tmp_path: Path, address: tuple[str, int]) -> None:
    dying = [sys.executable, "-c", "raise SystemExit('no such address')"]
    with pytest.raises(GongbangError) as caught:
        services.start(tmp_path / "a.json", dying, {}, address, "1")
    assert "no such address" in caught.value.seen


def test_the_mark_of_a_run_is_not_handed_on(
    tmp_path: Path, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(processes.TAG, "a run")
    record = tmp_path / "a.json"
    services.start(record, argv(address), {}, address, "1")
    assert processes.TAG.encode() not in Path(f"/proc/{pid(record)}/environ").read_bytes()
    services.stop(record)
