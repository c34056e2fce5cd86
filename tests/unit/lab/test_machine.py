from __future__ import annotations

from gongbang.lab import machine

ALL = (1 << 41) - 1
SYS_RESOURCE = 1 << 24


def test_full_machine_lacks_only_what_we_never_give() -> None:
    assert machine.dropped(ALL, 40) == ["SYS_TIME"]


def test_capability_that_the_machine_lacks_is_dropped() -> None:
    assert machine.dropped(ALL & ~SYS_RESOURCE, 40) == ["SYS_RESOURCE", "SYS_TIME"]


def test_capability_that_the_kernel_does_not_know_is_not_named() -> None:
    assert "CHECKPOINT_RESTORE" in machine.dropped(0, 40)
    assert "CHECKPOINT_RESTORE" not in machine.dropped(0, 39)


def test_capability_numbers() -> None:
    assert machine.CAPABILITIES.index("SYS_ADMIN") == 21
    assert machine.CAPABILITIES.index("SYS_TIME") == 25
    assert machine.CAPABILITIES.index("CHECKPOINT_RESTORE") == 40


def test_bounding_set_is_read() -> None:
    assert machine.bounding_set("CapEff:\t0\nCapBnd:\t000001fffeffffff\n") == ALL & ~SYS_RESOURCE


def test_loopback_name_servers_are_of_no_use_to_others() -> None:
    text = "# nameserver 9.9.9.9\nnameserver 127.0.0.53\nnameserver 192.0.2.53\nnameserver fe80::1\n"
    assert machine.reachable(text) == ["192.0.2.53"]
