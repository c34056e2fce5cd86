"""Where a node is reached, and as whom; Ansible has two names for each, and the older one wins when both are set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def host(values: Mapping[str, Any]) -> str:
    """The address or name to connect to; empty when the inventory's own name of the node is meant."""
    return _last(values, "ansible_host", "ansible_ssh_host")


def port(values: Mapping[str, Any]) -> str:
    """The port; empty for ssh's own choice, as with the following."""
    return _last(values, "ansible_port", "ansible_ssh_port")


def user(values: Mapping[str, Any]) -> str:
    """The user to enter as."""
    return _last(values, "ansible_user", "ansible_ssh_user")


def key(values: Mapping[str, Any]) -> str:
    """The file of the private key."""
    return _last(values, "ansible_private_key_file", "ansible_ssh_private_key_file")


def _last(values: Mapping[str, Any], *names: str) -> str:
    return next((str(values[name]) for name in reversed(names) if values.get(name)), "")
