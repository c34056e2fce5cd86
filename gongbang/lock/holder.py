"""Who holds the lock: enough to name him, to end him, and to see from the same controller whether he is dead."""

from __future__ import annotations

import contextlib
import getpass
import os
import secrets
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gongbang import processes
from gongbang.errors import ExitCode, GongbangError

Holder = Mapping[str, Any]
"""id, command, user, host, pid, start_time, boot, pid_space, since (UTC, as text)."""

LEASE_S = 30
"""After which a holder that sends nothing is taken for dead."""


def describe(command: str) -> dict[str, Any]:
    """This process as a holder."""
    return {
        **processes.me(),
        "id": secrets.token_hex(8),
        "command": command,
        "user": user(),
        "host": socket.gethostname(),
        "pid_space": pid_space(),
        "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def user() -> str:
    """The name of the user, or the number of one without a name."""
    with contextlib.suppress(OSError, KeyError):
        return getpass.getuser()
    return str(os.getuid())


def pid_space() -> str:
    """Which process numbers ours is one of: containers on one machine share its boot and not its numbers."""
    with contextlib.suppress(OSError):
        return str(Path("/proc/self/ns/pid").readlink())
    return ""


def dead_here(holder: Holder) -> bool:
    """Whether the holder was a process of this controller and is no more; False for one that we cannot see."""
    here = holder.get("boot") == processes.boot() != "" and holder.get("pid_space") == pid_space()
    return here and not processes.alive(holder)


def who(holder: Holder) -> str:
    """The holder in words."""
    if not holder.get("pid"):
        return "somebody whose name is not known yet"
    place = f"{holder.get('user')}@{holder.get('host')}, pid {holder['pid']}"
    return f"{holder.get('command')} of {place}, since {holder.get('since')}"


def refusal(cluster: str, holder: Holder) -> GongbangError:
    """The error that a second operator gets."""
    return GongbangError(
        f"somebody works on the cluster {cluster} already",
        who(holder),
        f"wait until it has ended, or end it: `kill {holder.get('pid', 'PID')}` on {holder.get('host', 'its host')}; "
        f"after a dead one nothing has to be removed, the next command takes over (at most {LEASE_S} s later)",
        ExitCode.LOCKED,
    )
