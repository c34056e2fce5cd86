"""A node's host key that is not the known one: what SSH says about it, in few lines with both fingerprints."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

SENT = re.compile(r"fingerprint for the \S+ key sent by the remote host is\s+(SHA256:[\w+/]+)")
KNOWN = re.compile(r"Offending \S+ key in (\S+):(\d+)")
NAME = re.compile(r"[Hh]ost key for (\S+) has changed")
UNKNOWN = re.compile(r"No \S+ host key is known for (\S+)")


@dataclass(frozen=True)
class HostKey:
    """What is wrong with a host key: message and the command that mends it."""

    message: str
    fix: str


def explain(said: str) -> HostKey | None:
    """The problem with a host key that SSH's message tells; None when it tells of none."""
    unknown = UNKNOWN.search(said)
    if unknown:
        address = unknown[1].rstrip(".")
        fix = f"compare the key, then: ssh-keyscan {address} >> ~/.ssh/known_hosts"
        return HostKey(f"the host key of {address} is not known", fix)
    place, sent, name = KNOWN.search(said), SENT.search(said), NAME.search(said)
    if not place or not sent:
        return None
    address = name[1] if name else "the node"
    known = fingerprint(Path(place[1]), int(place[2]))
    message = (
        f"the host key of {address} has changed\n  known: {known} ({place[1]}:{place[2]})\n  sent:  {sent[1]}"
    )
    fix = f"if the new key is right, remove the old one: ssh-keygen -R {address} -f {place[1]}"
    return HostKey(message, fix)


def fingerprint(known_hosts: Path, line: int) -> str:
    """The fingerprint of the key on a line of a known_hosts file, as ssh-keygen writes it."""
    try:
        words = known_hosts.read_text().splitlines()[line - 1].split()
        blob = next(word for word in words if word.startswith("AAAA"))
        digest = hashlib.sha256(base64.b64decode(blob)).digest()
    except (OSError, LookupError, StopIteration, binascii.Error):
        return "unreadable"
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
