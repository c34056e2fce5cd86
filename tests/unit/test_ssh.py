"""The inventory's SSH settings as ssh itself understands what we write of them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gongbang import proc, ssh
from gongbang.errors import GongbangError
from gongbang.model import Cluster, Node
from gongbang.paths import ROOT, TOOLS

Make = Callable[..., Cluster]


def understood(folder: Path, **settings: Any) -> dict[str, str]:
    """What ssh would do for a node with these variables, by option in small letters."""
    node = Node("w1", "10.0.0.7", frozenset({"all"}), "vm", settings)
    config = folder / "config"
    config.write_text(ssh.section(node, str(folder)))
    argv = ["ssh", "-G", "-F", str(config), node.name]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    return dict(line.split(" ", 1) for line in lines if " " in line)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {"hostname": "10.0.0.7", "port": "22", "batchmode": "yes"}),
        ({"ansible_host": "node.example.org"}, {"hostname": "node.example.org"}),
        ({"ansible_port": 2222, "ansible_user": "ops"}, {"port": "2222", "user": "ops"}),
        (
            {"ansible_ssh_private_key_file": "/keys/my key"},
            {"identityfile": "/keys/my key", "identitiesonly": "yes"},
        ),
        ({"ansible_ssh_host": "node.example.org"}, {"hostname": "node.example.org"}),
        ({"ansible_ssh_port": 2222, "ansible_ssh_user": "ops"}, {"port": "2222", "user": "ops"}),
        ({"ansible_private_key_file": "/keys/k"}, {"identityfile": "/keys/k", "identitiesonly": "yes"}),
        ({"ansible_ssh_args": "-o ProxyJump=bastion"}, {"proxyjump": "bastion"}),
        ({"ansible_ssh_common_args": "-J jump@bastion:2200"}, {"proxyjump": "jump@bastion:2200"}),
        ({"ansible_ssh_common_args": "-o ProxyJump=bastion"}, {"proxyjump": "bastion"}),
        ({"ansible_ssh_common_args": "-o 'ProxyJump bastion'"}, {"proxyjump": "bastion"}),
        (
            {"ansible_ssh_common_args": "-o ProxyCommand='ssh -W %h:%p -q bastion'"},
            {"proxycommand": "ssh -W %h:%p -q bastion"},
        ),
        (
            {
                "ansible_ssh_extra_args": "-o StrictHostKeyChecking=yes -o UserKnownHostsFile='/a /b' -i '/my key'"
            },
            {"stricthostkeychecking": "true", "userknownhostsfile": "/a /b", "identityfile": "/my key"},
        ),
        (
            {"ansible_ssh_common_args": "-C -p 2022", "ansible_ssh_extra_args": "-o ProxyJump=bastion"},
            {"port": "2022", "proxyjump": "bastion"},
        ),
    ],
)
def test_ssh_does_as_the_inventory_says(
    tmp_path: Path, settings: dict[str, Any], expected: dict[str, str]
) -> None:
    found = understood(tmp_path, **settings)
    assert {name: found.get(name) for name in expected} == expected


def test_connections_are_shared_in_our_own_folder(tmp_path: Path) -> None:
    common = "-o ControlPath=/elsewhere/%C -o ControlMaster=no -o ControlPersist=1h"
    found = understood(tmp_path, ansible_ssh_common_args=common)
    assert found["controlpath"].startswith(str(tmp_path))
    assert (found["controlmaster"], found["controlpersist"]) == ("auto", "60")


BOTH = {
    "ansible_host": "a.example.org", "ansible_ssh_host": "b.example.org", "ansible_port": 1, "ansible_ssh_port": 2,
    "ansible_user": "ua", "ansible_ssh_user": "ub", "ansible_private_key_file": "/k/a",
    "ansible_ssh_private_key_file": "/k/b",
}  # fmt: skip
JUMPS = {
    "ansible_ssh_args": "-o ProxyJump=args",
    "ansible_ssh_common_args": "-o ProxyJump=common -p 3",
    "ansible_ssh_extra_args": "-o ProxyJump=extra",
}


@pytest.mark.parametrize(
    "settings",
    [
        BOTH | JUMPS,
        BOTH | JUMPS | {"ansible_ssh_args": "-p 4 -l uc"},
        {"ansible_host": "a.example.org", "ansible_ssh_extra_args": "-o Port=5 -J extra"},
    ],
)
def test_of_settings_that_contradict_ansibles_choice_counts(tmp_path: Path, settings: dict[str, Any]) -> None:
    ours, ansibles = understood(tmp_path, **settings), as_ansible(tmp_path, settings)
    for name in ("hostname", "port", "user", "identityfile", "proxyjump"):
        assert ours.get(name) == ansibles.get(name), name


def test_a_shell_on_any_machine_goes_over_the_inventorys_settings(make_cluster: Make) -> None:
    settings = {
        "ansible_user": "debian",
        "ansible_port": 2222,
        "ansible_ssh_common_args": "-o ProxyJump=bastion",
    }
    cluster = make_cluster(ansible_host="node.example.org", **settings)
    program, *words = ssh.shell(replace(cluster, is_lab=False), "w1")
    found = subprocess.run([program, "-G", *words], capture_output=True, text=True, check=True).stdout
    for line in (
        "hostname node.example.org",
        "user debian",
        "port 2222",
        "proxyjump bastion",
        "controlmaster false",
    ):
        assert line in found.splitlines(), line
    assert "gongbang" not in found


def test_a_shell_on_a_node_that_is_not_there(make_cluster: Make) -> None:
    with pytest.raises(GongbangError) as caught:
        ssh.shell(make_cluster(), "w9")
    assert (caught.value.seen, caught.value.fix) == ("w9", "one of: cp1, w1, w2")


def as_ansible(folder: Path, settings: dict[str, Any]) -> dict[str, str]:
    """What ssh would do with what Ansible gives it."""
    seen, program, inventory = folder / "seen", folder / "ssh", folder / "hosts.json"
    program.write_text(f'#!/bin/sh\nexec ssh -G "$@" >>{seen}\n')
    program.chmod(0o755)
    node = {**settings, "ansible_ssh_executable": str(program), "ansible_ssh_retries": 0}
    inventory.write_text(json.dumps({"all": {"hosts": {"w1": node}}}))
    argv = [str(TOOLS / "ansible"), "-i", str(inventory), "w1", "-m", "ansible.builtin.raw", "-a", "true"]
    subprocess.run(argv, cwd=ROOT, env=proc.environment(), capture_output=True, check=False)
    return dict(line.split(" ", 1) for line in seen.read_text().splitlines() if " " in line)


@pytest.mark.parametrize(
    ("settings", "file"),
    [
        ({}, "~/.ssh/known_hosts"),
        ({"ansible_ssh_common_args": "-C -o userknownhostsfile=~/.ssh/lab"}, "~/.ssh/lab"),
        ({"ansible_ssh_extra_args": "-o UserKnownHostsFile='/a /b'"}, "/a"),
        ({"ansible_ssh_extra_args": "-o 'UserKnownHostsFile \"/my lab/known\"'"}, "'/my lab/known'"),
    ],
)
def test_the_file_of_known_host_keys(settings: dict[str, Any], file: str) -> None:
    assert ssh.known_hosts(Node("w1", "10.0.0.7", frozenset({"all"}), "vm", settings)) == file
