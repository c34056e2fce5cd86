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
kernel=6.1.0-31-amd64
mac=02:00:00:00:00:{name}
route 001EAC00=00FFFFFF
address 127.0.0.1=1
address 172.30.0.{name}=1
python=/usr/bin/python3
python_version=3.13
systemd=systemd
cgroup=cgroup2fs
memory_mib=4000
disk_mib /var=20000
sysctl net.ipv4.ip_forward=1
nameserver 10.0.0.1=1
kubeadm=1
port 10250=kubelet
port 22=sshd
"""
WANT = {
    "supported": {"debian": ["12", "13"]}, "architectures": ["x86_64"], "python": "/usr/bin/python3", "kubernetes": "1.36.3",
    "cgroup_v1": False, "memory": 1700, "disk": {"/var": 4096}, "control_plane": True, "upstreams": [], "loopback": False,
    "user": "ops", "kernel": "5.10", "networks": {"cluster_pod_network": "10.244.0.0/16"}, "sysctls": {"net.ipv4.ip_forward": 1},
    "swap_managed": False, "swap_allowed": False,
}  # fmt: skip
UNIQUE = ["hostname", "machine_id", "mac", "product_uuid"]


def found(*changes: str, want: dict[str, object] | None = None) -> list[str]:
    text = GOOD.format(name="cp1")
    for change in changes:
        key = change.partition("=")[0]
        text = (
            "".join(f"{line}\n" for line in text.splitlines() if not line.startswith(f"{key}="))
            + f"{change}\n"
        )
    host, judge = plugin("host"), plugin("host", "host_problems")
    probes = {
        "cp1": host.parse(text),
        "w1": host.parse(GOOD.format(name="w1")),
        "w2": host.parse(GOOD.format(name="w2")),
    }
    wants = {name: {**WANT, "address": f"172.30.0.{name}", **(want or {})} for name in probes}
    answers = {name: {"rc": 0} for name in probes}
    result: list[str] = judge.problems(answers, probes, wants, 30, UNIQUE)
    return result


def test_good_nodes_have_no_problem() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("os=alpine", "operating system"),
        ("arch=riscv64", "processor"),
        ("systemd=init", "systemd"),
        ("python=", "Python is missing"),
        ("python_version=3.6", "Python is too old"),
        ("kernel=4.18.0-553", "kernel is too old"),
        ("kernel=5.4.0", "host_min_kernel"),
        ("unloadable overlay=not found in directory /lib/modules", "overlay cannot be loaded"),
        ("unwritable net.ipv4.ip_forward=1\nsysctl net.ipv4.ip_forward=0", "cannot be set to 1"),
        ("unwritable net.ipv4.ip_forward=1\nsysctl net.ipv4.ip_forward=", "there is none"),
        ("unwritable net.ipv4.ip_forward=1", ""),
        ("sysctl net.ipv4.ip_forward=0", ""),
        ("swap /dev/sda2=partition", "swap is on"),
        ("address 172.30.0.cp1=1\naddress 172.30.0.9=1", ""),
        ("route 0000F40A=0000FFFF", "10.244.0.0/16 and 10.244.0.0/16"),
        ("mac=02:00:00:00:00:w1", "same mac"),
        ("cgroup=tmpfs", "cgroup v2"),
        ("memory_mib=512", "512 MiB"),
        ("disk_mib /var=100", "100 MiB free"),
        ("port 6443=nc", "port 6443"),
        ("port 10250=nc", "port 10250"),
        ("port 2379=etcd", ""),
        ("port 2380=peer", "port 2380 is in use by a stranger\n    seen: peer\n    fix:  stop peer"),
        ("kubeadm=\nport 10250=kubelet", "port 10250"),
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
    want = {**WANT, "address": "", "loopback": True}
    judge = plugin("host", "host_problems").network_problems
    assert list(judge(probe, want))
    assert not list(judge(probe, {**want, "upstreams": ["10.0.0.1"]}))
    assert not list(judge({**probe, "resolved": "1"}, want))


def test_a_node_that_has_not_its_address() -> None:
    assert [
        text for text in found(want={"address": "fd00::1"}) if "fd00::1 is not among 172.30.0.cp1" in text
    ]


def test_a_module_that_is_not_loaded_yet_may_bring_a_setting() -> None:
    assert (
        found("unwritable net.ipv4.ip_forward=1", "sysctl net.ipv4.ip_forward=", "no_module br_netfilter=1")
        == []
    )


def test_swap_that_is_turned_off_or_lived_with_is_no_problem() -> None:
    for name in ("swap_managed", "swap_allowed"):
        assert found("swap /dev/sda2=partition", want={name: True}) == []


def test_a_board_without_a_uuid_is_its_own_and_a_shared_one_is_told() -> None:
    judge, probe = plugin("host", "host_problems"), {"product_uuid": ""}
    assert list(judge.twins({"cp1": probe, "w1": probe}, "product_uuid")) == []
    probe = {"product_uuid": "03000200-0400"}
    assert "host_unique" in next(judge.twins({"cp1": probe, "w1": probe}, "product_uuid"))


def test_where_nothing_can_be_run_only_that_is_told() -> None:
    said = {"rc": 1, "msg": "Missing sudo password"}
    found = list(plugin("host", "host_problems").own_problems(said, plugin("host").parse(""), WANT))
    assert len(found) == 1
    assert "Missing sudo password" in found[0]
    assert "give ops sudo without a password" in found[0]


def test_cgroup_v1_is_allowed_when_it_is_said() -> None:
    assert found("cgroup=tmpfs", want={"cgroup_v1": True}) == []
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


@pytest.mark.parametrize(
    ("change", "want", "words"),
    [
        ("", {}, []),
        ("cgroup=tmpfs", {"cgroup_v1": True}, ["Kubernetes 1.36.3 needs cgroup v2: cgroup v1 (tmpfs)"]),
        ("kernel=4.18.0", {"kernel": "4.18"}, ["the kernel is too old: 4.18.0"]),
        ("arch=aarch64", {"architectures": ["aarch64"]}, ["the processor is not supported: aarch64"]),
        (
            "release=14",
            {"supported": {"debian": ["14"]}},
            ["the operating system is not supported: debian 14"],
        ),
        ("release=14", {"supported": {"debian": ["15"]}}, []),  # refused
    ],
)
def test_a_system_that_the_inventory_lets_pass_is_told(
    change: str, want: dict[str, object], words: list[str]
) -> None:
    probes = {name: plugin("host").parse(f"{GOOD.format(name=name)}{change}\n") for name in ("cp1", "w1")}
    found = plugin("host", "host_problems").allowed(probes, {name: {**WANT, **want} for name in probes})
    assert found == [f"cp1, w1: {text}; the inventory lets it pass" for text in words]


def test_networks_that_overlap_are_told_once_for_all_nodes() -> None:
    networks = {"cluster_pod_network": "10.244.0.0/16", "cluster_service_network": "10.244.128.0/20"}
    [text] = found(want={"networks": networks})
    assert "cluster_pod_network 10.244.0.0/16, cluster_service_network 10.244.128.0/20" in text
    assert found(want={"networks": {**networks, "cluster_service_network": "no network"}}) == []
