"""What this machine gives to nodes: found out, not assumed."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path

# capability(7), in the order of their numbers
_NAMES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
    "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO "
    "SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME "
    "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG "
    "WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
)
CAPABILITIES = tuple(_NAMES.split())
NEVER_GIVEN = ("SYS_TIME",)
"""A node with SYS_TIME could set the machine's own clock."""


def dropped_capabilities() -> list[str]:
    """The capabilities that a node must do without on this machine."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="ascii"))
    return dropped(bounding_set(Path("/proc/self/status").read_text(encoding="ascii")), last)


def dropped(bounding: int, last: int) -> list[str]:
    """The capabilities 0 to `last` that are not in the bounding set, and those that we never give."""
    known = CAPABILITIES[: last + 1]
    lacking = [name for bit, name in enumerate(known) if not bounding >> bit & 1]
    return sorted({*lacking, *NEVER_GIVEN})


def bounding_set(status: str) -> int:
    """Read CapBnd out of a proc status file."""
    line = next(line for line in status.splitlines() if line.startswith("CapBnd:"))
    return int(line.split()[1], 16)


def nameservers() -> list[str]:
    """The name servers that this machine asks, its own loopback ones aside."""
    files = [Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf")]
    texts = [file.read_text(encoding="utf-8") for file in files if file.exists()]
    return next((found for found in map(reachable, texts) if found), [])


def reachable(resolv_conf: str) -> list[str]:
    """The IPv4 name servers of a resolv.conf that another machine could ask, too."""
    given = re.findall(r"^nameserver\s+([0-9.]+)\s*$", resolv_conf, re.MULTILINE)
    return [server for server in given if not ip_address(server).is_loopback]
