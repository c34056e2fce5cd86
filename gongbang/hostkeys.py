"""Host keys: what SSH says of one that is not the known one, and variables that would leave them unchecked."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import shlex
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gongbang import ssh
from gongbang.model import Cluster
from gongbang.problem import Problem

SENT = re.compile(r"fingerprint for the \S+ key sent by the remote host is\s+(SHA256:[\w+/]+)")
KNOWN = re.compile(r"Offending \S+ key in (\S+):(\d+)")
NAME = re.compile(r"[Hh]ost key for (\S+) has changed")
UNKNOWN = re.compile(r"No \S+ host key is known for (\S+)")

SWITCHES = ("ansible_host_key_checking", "ansible_ssh_host_key_checking")
OPTIONS = tuple(
    f"ansible_{name}"
    for name in ("ssh_args", "ssh_common_args", "ssh_extra_args", "sftp_extra_args", "scp_extra_args")
)
TRUSTING = re.compile(
    r"StrictHostKeyChecking[\s=]+[\"']?(no|off)\b|UserKnownHostsFile[\s=]+[\"']?/dev/null", re.IGNORECASE
)
OFF = ("false", "no", "off", "0", "n", "f")
"""What Ansible takes for no."""


@dataclass(frozen=True)
class HostKey:
    """What is wrong with a host key: message and the command that mends it."""

    message: str
    fix: str


def explain(said: str, known_hosts: Callable[[], str] = lambda: ssh.KNOWN_HOSTS) -> HostKey | None:
    """The problem with a host key that SSH's message tells; None when it tells of none.

    `known_hosts` tells, when it is wanted, which file the node's keys are looked up in.
    """
    unknown = UNKNOWN.search(said)
    if unknown:
        name = unknown[1].rstrip(".")
        return HostKey(
            f"the host key of {name} is not known", f"compare the key, then: {scan(name)} >> {known_hosts()}"
        )
    place, sent, name = KNOWN.search(said), SENT.search(said), NAME.search(said)
    if not place or not sent:
        return None
    address = name[1] if name else "the node"
    known = fingerprint(Path(place[1]), int(place[2]))
    message = (
        f"the host key of {address} has changed\n  known: {known} ({place[1]}:{place[2]})\n  sent:  {sent[1]}"
    )
    remove = shlex.join(["ssh-keygen", "-R", address, "-f", place[1]])
    return HostKey(message, f"if the new key is right, remove the old one: {remove}")


def scan(name: str) -> str:
    """The command that asks for the keys of a host as SSH names it: with its port when that is not the usual one."""
    address, _, port = name.removeprefix("[").partition("]:")
    return f"ssh-keyscan -p {port} {address}" if port else f"ssh-keyscan {address}"


def fingerprint(known_hosts: Path, line: int) -> str:
    """The fingerprint of the key on a line of a known_hosts file, as ssh-keygen writes it."""
    try:
        words = known_hosts.read_text().splitlines()[line - 1].split()
        blob = next(word for word in words if word.startswith("AAAA"))
        digest = hashlib.sha256(base64.b64decode(blob)).digest()
    except (OSError, LookupError, StopIteration, binascii.Error):
        return "unreadable"
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def unchecked(cluster: Cluster) -> Iterator[Problem]:
    """Variables that let Ansible talk to a machine whose host key nobody knows."""
    users: dict[str, list[str]] = defaultdict(list)
    for node in cluster.nodes:
        for name in SWITCHES:
            if str(node.vars.get(name, True)).lower() in OFF:
                users[f"{name}: {node.vars[name]}"].append(node.name)
        for name in OPTIONS:
            found = TRUSTING.search(str(node.vars.get(name, "")))
            if found:
                users[f"{name}: {found[0]}"].append(node.name)
    for seen, names in users.items():
        yield Problem(
            "SSH host keys would not be checked",
            f"{seen} (of {', '.join(names)})",
            "remove it; compare the key's fingerprint at the machine's console, then: ssh-keyscan ADDRESS >>~/.ssh/known_hosts",
        )
