from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from gongbang.errors import GongbangError
from gongbang.lab import accel, disk, keys, vm
from gongbang.lab.keys import File


@pytest.fixture
def spec(tmp_path: Path) -> vm.Spec:
    return vm.Spec(
        "lab", "v1", str(tmp_path / "vms/v1"), "/images/x.vm", "tcg", "br-1", "172.30.36.31",
        "172.30.36.0/24", "172.30.36.1", ("192.0.2.53",), 2048, 2,
    )  # fmt: skip


def test_spec_survives_the_way_through_ansible(spec: vm.Spec) -> None:
    as_text = asdict(spec) | {"memory_mb": "2048", "cpus": "2"}
    assert vm.from_json(json.dumps(as_text)) == spec


def test_two_nodes_have_two_devices_and_hardware_addresses(spec: vm.Spec) -> None:
    other = replace(spec, node="v2", address="172.30.36.32")
    assert spec.tap != other.tap
    assert spec.mac != other.mac
    assert len(spec.tap) <= 15


def test_same_node_of_another_cluster_has_another_device(spec: vm.Spec) -> None:
    assert replace(spec, cluster="gb-vm").tap != spec.tap


def test_machine_may_be_restarted_by_its_guest(spec: vm.Spec) -> None:
    words = vm.command_line(spec)
    assert "-no-reboot" not in words
    assert f"tap,id=n0,ifname={spec.tap},script=no,downscript=no" in words


@pytest.mark.parametrize(("kind", "wanted"), [("kvm", "kvm"), ("tcg", "tcg,thread=multi")])
def test_accelerator_is_the_one_that_works(spec: vm.Spec, kind: str, wanted: str) -> None:
    words = vm.command_line(replace(spec, accelerator=kind))
    assert words[words.index("-accel") + 1] == wanted
    assert ("mitigations=off" in words[words.index("-append") + 1]) is (kind == "tcg")
    slack = "etc/systemd/system.conf.d/10-emulated.conf"
    assert (slack in {file.path for file in vm.own_files(replace(spec, accelerator=kind))}) is (kind == "tcg")


def test_guest_knows_name_address_and_servers(spec: vm.Spec) -> None:
    files = {file.path: file.content.decode() for file in vm.own_files(spec)}
    assert files["etc/hostname"] == "v1\n"
    link = files["etc/systemd/network/10-lab.network"]
    assert "Address=172.30.36.31/24" in link
    assert "DNS=192.0.2.53" in link


def test_machine_made_otherwise_is_refused(spec: vm.Spec) -> None:
    spec.path.mkdir(parents=True)
    (spec.path / "spec.json").write_text(json.dumps(asdict(replace(spec, address="172.30.36.99"))))
    with pytest.raises(GongbangError, match="made otherwise"):
        vm.ensure(spec, b"")


def test_a_stranger_with_our_process_id_is_not_our_machine(spec: vm.Spec) -> None:
    spec.path.mkdir(parents=True)
    (spec.path / "qemu.pid").write_text("1\n")
    assert not vm.is_running(spec.path)
    (spec.path / "qemu.pid").write_text("")
    assert not vm.is_running(spec.path)


@pytest.mark.parametrize(
    ("console", "wanted"),
    [
        (b"[ 1.0] Run /init as init process\n", True),
        (b"[ 1.0] Run /init as init process\n[ 1.1] Kernel panic - not syncing\n", False),
        (b"[ 0.1] Linux version\n", False),
        (b"", False),
    ],
)
def test_guest_has_booted_when_its_first_program_ran(console: bytes, wanted: bool) -> None:
    assert accel.booted(console) is wanted


@pytest.mark.skipif(not Path("/usr/sbin/mke2fs").exists(), reason="needs e2fsprogs")
def test_files_in_a_disk_have_content_mode_and_owner(tmp_path: Path) -> None:
    image, root = tmp_path / "disk.img", tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/hostname").write_text("before\n")
    with image.open("wb") as handle:
        handle.truncate(8 << 20)
    mke2fs = shutil.which("mke2fs", path="/usr/sbin:/sbin")
    assert mke2fs
    subprocess.run([mke2fs, "-q", "-t", "ext4", "-d", root, image], check=True)
    disk.put(image, [File("etc/hostname", b"v1\n", 0o644), File("etc/key", b"secret\n", 0o600, 1000)])
    disk.put(image, [File("etc/new.d/file", b"1\n", 0o644)])
    with pytest.raises(GongbangError, match="could not be put"):
        disk.put(image, [File("no/such/folder", b"x", 0o644)])


def test_description_is_compared_with_mode_and_owner() -> None:
    status = (
        "Inode: 14   Type: regular    Mode:  0600   Flags: 0x80000\nUser:  1000   Group:  1000   Size: 7\n"
    )
    assert disk.is_described(status, File("k", b"", 0o600, 1000))
    assert not disk.is_described(status, File("k", b"", 0o644, 1000))
    assert not disk.is_described(status, File("k", b"", 0o600, 0))


def test_identity_survives_the_tar() -> None:
    files = [File("etc/a", b"1", 0o600), File("home/ops/b", b"2", 0o644, 1000)]
    assert disk.unpacked(keys.archive(files)) == files
