"""The inventory's SSH settings as ssh itself understands what we write of them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from gongbang import ssh
from gongbang.model import Node


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
