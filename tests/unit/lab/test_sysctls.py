from __future__ import annotations

from pathlib import Path

import pytest

from gongbang import sysctls


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel/panic").write_text("1\n")
    (tmp_path / "kernel/sem").write_text("32000\t1024000000\t500\t32000\n")
    return tmp_path


def test_settings_that_this_kernel_lacks_are_left_out(kernel: Path) -> None:
    assert sysctls.read(["kernel.panic", "net.bridge.none"], kernel) == {"kernel.panic": "1"}


def test_several_numbers_are_one_value(kernel: Path) -> None:
    assert sysctls.read(["kernel.sem"], kernel) == {"kernel.sem": "32000 1024000000 500 32000"}


def test_only_what_differs_is_put_back() -> None:
    before = {"kernel.panic": "1", "vm.overcommit_memory": "0", "gone": "5"}
    now = {"kernel.panic": "10", "vm.overcommit_memory": "0"}
    assert sysctls.differing(before, now) == {"kernel.panic": "1"}


def test_first_note_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    sysctls.noted().parent.mkdir(parents=True)
    sysctls.noted().write_text('{"kernel.panic": "7"}')
    sysctls.record(["kernel.panic"])
    assert sysctls.noted().read_text() == '{"kernel.panic": "7"}'


def test_put_back_leaves_out_what_is_still_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    set_to: dict[str, str] = {}
    monkeypatch.setattr(sysctls, "write", set_to.update)
    monkeypatch.setattr(sysctls, "read", lambda names: dict.fromkeys(names, "now"))
    sysctls.noted().parent.mkdir(parents=True)
    sysctls.noted().write_text('{"kernel.panic": "1", "net.ipv4.ip_forward": "0", "vm.swappiness": "now"}')
    sysctls.put_back(but=frozenset({"net.ipv4.ip_forward"}))
    assert set_to == {"kernel.panic": "1"}
    assert not sysctls.noted().exists()
