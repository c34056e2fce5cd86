"""Every problem of every node is found, and none is invented."""

from __future__ import annotations

import pytest

from tests.unit.roles.conftest import plugin

GOOD = """os=debian
release=13
arch=x86_64
hostname={name}
machine_id={name}{name}
clock=1000000
python=/usr/bin/python3
systemd=systemd
cgroup=cgroup2fs
memory_mib=4000
disk_mib /var=20000
sysctl net.ipv4.ip_forward=1
nameserver 10.0.0.1=1
port 10250=kubelet
port 22=sshd
"""
WANT = {
    "supported": {"debian": ["12", "13"]}, "architectures": ["x86_64"], "python": "/usr/bin/python3", "kubernetes": "1.36.3",
    "allow_cgroup_v1": False, "memory": 1700, "disk": {"/var": 4096}, "control_plane": True, "upstreams": [],
}  # fmt: skip


def found(*changes: str, want: dict[str, object] | None = None) -> list[str]:
    text = GOOD.format(name="cp1")
    for change in changes:
        key = change.partition("=")[0]
        text = (
            "".join(f"{line}\n" for line in text.splitlines() if not line.startswith(f"{key}="))
            + f"{change}\n"
        )
    host = plugin("host")
    probes = {
        "cp1": host.parse(text),
        "w1": host.parse(GOOD.format(name="w1")),
        "w2": host.parse(GOOD.format(name="w2")),
    }
    wants = {name: {**WANT, **(want or {})} for name in probes}
    result: list[str] = host.problems(probes, wants, 30)
    return result


def test_good_nodes_have_no_problem() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("os=alpine", "operating system"),
        ("arch=riscv64", "processor"),
        ("systemd=init", "systemd"),
        ("python=", "Python"),
        ("cgroup=tmpfs", "cgroup v2"),
        ("memory_mib=512", "512 MiB"),
        ("disk_mib /var=100", "100 MiB free"),
        ("port 6443=nc", "port 6443"),
        ("port 10250=nc", "port 10250"),
        ("nameserver 10.0.0.1=1\nnameserver 127.0.0.53=1", ""),
        ("clock=1000100", "+100 s"),
        ("hostname=w1", "same hostname"),
        ("machine_id=w1w1", "same machine id"),
    ],
)
def test_each_problem_is_told(change: str, words: str) -> None:
    result = found(*change.splitlines())
    assert [text for text in result if words and words in text] == ([] if not words else result)
    assert bool(result) == bool(words)
    assert all("seen:" in text and "fix:" in text for text in result)


def test_a_loop_of_resolvers_is_refused_unless_there_is_a_way_out() -> None:
    probe = plugin("host").parse("nameserver 127.0.0.53=1\nnameserver ::1=1\n")
    assert plugin("host").loopback_only(probe)
    assert plugin("host").network_problems(probe, WANT)
    assert not plugin("host").network_problems(probe, {**WANT, "upstreams": ["10.0.0.1"]})
    assert not plugin("host").network_problems({**probe, "resolved": "1"}, WANT)


def test_cgroup_v1_is_allowed_when_it_is_said() -> None:
    assert found("cgroup=tmpfs", want={"allow_cgroup_v1": True}) == []
    assert found("cgroup=tmpfs", want={"kubernetes": "1.34.1"}) == []


def test_swap_that_comes_back_counts_as_swap() -> None:
    host = plugin("host")
    assert not host.swap_found(host.parse("port 22=sshd\n"))
    for line in (
        "swap /dev/sda2=partition",
        "fstab /swapfile=swap",
        "swap_unit dev-sda2.swap=1",
        "zram_generator=1",
        "swap_service zramswap=1",
    ):
        assert host.swap_found(host.parse(f"{line}\n")), line
