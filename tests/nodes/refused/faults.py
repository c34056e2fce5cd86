"""Faults that are made on real nodes, each with what takes it away again; all of them can stand together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

OnNode = Callable[[str, str], str]
HIDE = "/run/gb-faults"


@dataclass(frozen=True)
class Fault:
    """Shell commands for one node: `make` breaks it, `mend` puts it back."""

    node: str
    make: str
    mend: str


def over(path: str, text: str) -> tuple[str, str]:
    """Commands that bind a file with this text over `path`, and take it away."""
    name = f"{HIDE}{path}"
    make = f"mkdir -p $(dirname {name}); printf '{text}' > {name}; mount --bind {name} $(readlink -f {path})"
    return make, f"umount $(readlink -f {path})"


def program(name: str, case: str) -> tuple[str, str]:
    """Commands that put a program before the real one: `case` is a line of sh's case over all arguments."""
    path = f"/usr/local/bin/{name}"
    script = f'#!/bin/sh\\ncase "$*" in\\n{case}\\n*) exec /usr/bin/{name} "$@";;\\nesac\\n'
    return f"printf '%b' '{script}' > {path}; chmod +x {path}", f"rm {path}"


def listener(port: int, name: str = "python3") -> tuple[str, str]:
    """Commands that start and stop a stranger on a port, a program of any name."""
    unit, path = f"gb-fault-{port}", f"/var/tmp/{name}"
    make = f"cp $(readlink -f /usr/bin/python3) {path}; systemd-run --quiet --unit {unit} {path} -m http.server {port}; "
    make += f"until ss -Hltn | grep -q :{port}; do sleep 0.1; done"
    return make, f"systemctl stop {unit}; rm {path}"


CARD = "/sys/class/net/$(awk '$2 == \"00000000\" {print $1; exit}' /proc/net/route)/address"
SWAPS = "Filename Type Size Used Priority\\n/dev/sdz9 partition 1000 0 -2\\n"
READ_ONLY = "/proc/sys/net/ipv4/ip_forward"
FAULTS: tuple[Fault, ...] = (
    Fault(
        "cp1",
        "mkdir -p /var/lib/etcd; mount -t tmpfs -o size=8m tmpfs /var/lib/etcd",
        "umount /var/lib/etcd; rmdir /var/lib/etcd",
    ),
    Fault("cp1", *listener(6443)),
    Fault("cp1", *listener(2379, "etcd")),
    Fault("cp1", *listener(2380, "peer")),
    Fault("w1", *listener(10250)),
    Fault("w1", *program("date", "+%s) exec /usr/bin/date -d +105seconds +%s;;")),
    Fault("w1", "hostname cp1", "hostname w1"),
    Fault("cp1", *over("/etc/machine-id", "0123456789abcdef0123456789abcdef")),
    Fault("w1", *over("/etc/machine-id", "0123456789abcdef0123456789abcdef")),
    Fault("cp1", *over(CARD, "02:00:00:00:00:07")),
    Fault("w1", *over(CARD, "02:00:00:00:00:07")),
    Fault("cp1", *program("cat", "*product_uuid) echo 03000200-0400-0500;;")),
    Fault("w1", *program("cat", "*product_uuid) echo 03000200-0400-0500;;")),
    Fault("cp1", *program("systemd-detect-virt", "*) exit 1;;")),
    Fault("w1", *program("systemd-detect-virt", "*) exit 1;;")),
    Fault("w1", *over("/proc/swaps", SWAPS)),
    Fault("w1", *over("/etc/os-release", "ID=ubuntu\\nVERSION_ID=24.04\\n")),
    Fault("w1", *program("uname", "-m) echo armv7l;;\\n-r) echo 4.18.0-553;;")),
    Fault("cp1", *program("stat", "*cgroup*) echo tmpfs;;")),
    Fault(
        "cp1",
        f"mount --bind {READ_ONLY} {READ_ONLY}; mount -o remount,ro,bind {READ_ONLY}",
        f"umount {READ_ONLY}",
    ),
    Fault("w1", "mv /usr/bin/python3 /usr/bin/python3.away", "mv /usr/bin/python3.away /usr/bin/python3"),
    Fault("w2", "mv /etc/sudoers.d /etc/sudoers.d.away", "mv /etc/sudoers.d.away /etc/sudoers.d"),
)


@contextmanager
def made(on_node: OnNode, faults: tuple[Fault, ...]) -> Iterator[None]:
    """The faults stand inside the block; all are mended afterwards, in the opposite order."""
    with ExitStack() as stack:
        for fault in faults:
            on_node(fault.node, fault.make)
            stack.callback(on_node, fault.node, fault.mend)
        yield
