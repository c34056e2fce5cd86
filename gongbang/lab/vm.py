"""One virtual machine as a node: its disk, its network device, its QEMU process.

`python -m gongbang.lab.vm SPEC` (a JSON object with the fields of Spec) is what the role lab_node calls;
it prints `started` or `running`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path

from gongbang import proc, system
from gongbang.errors import ExitCode, GongbangError
from gongbang.files import write_atomically
from gongbang.lab import accel, disk
from gongbang.lab.keys import File
from gongbang.lab.vm_image import VmImage

SWAP_MB = 512
STOP_LIMIT_S = 20.0


@dataclass(frozen=True)
class Spec:
    """All that decides how a virtual machine is made. `folder` holds its disk and its process id."""

    cluster: str
    node: str
    folder: str
    image: str
    accelerator: str
    bridge: str
    address: str
    network: str
    gateway: str
    nameservers: tuple[str, ...]
    memory_mb: int
    cpus: int

    @property
    def path(self) -> Path:
        """The machine's folder."""
        return Path(self.folder)

    @property
    def tap(self) -> str:
        """The network device on this machine (at most 15 characters)."""
        return "gb" + hashlib.sha256(f"{self.cluster}/{self.node}".encode()).hexdigest()[:10]

    @property
    def mac(self) -> str:
        """The guest's hardware address, made from its address."""
        return "02:67:" + ":".join(f"{byte:02x}" for byte in ip_address(self.address).packed)


def ensure(spec: Spec, identity: bytes) -> bool:
    """Make the machine exist and run; tell whether it had to be started."""
    _refuse_other(spec)
    if is_running(spec.path):
        return False
    if not _disk(spec.path).exists():
        _make_disks(spec, identity)
    _connect(spec)
    _start(spec)
    _note(spec)
    return True


def stop(folder: Path) -> None:
    """End the machine of a folder and take its network device away; its disk stays."""
    if is_running(folder):
        proc.run([*_as_root(), "kill", "-TERM", str(_pid(folder))])
        end = time.monotonic() + STOP_LIMIT_S
        while is_running(folder) and time.monotonic() < end:
            time.sleep(0.1)
    noted = folder / "spec.json"
    if noted.exists():
        proc.run([*_as_root(), "ip", "link", "delete", _read(noted).tap], check=False)


def is_running(folder: Path) -> bool:
    """Tell whether the process of the folder's process id is this machine's QEMU."""
    try:
        words = Path(f"/proc/{_pid(folder)}/cmdline").read_bytes()
    except (OSError, ValueError):
        return False
    return str(_disk(folder)).encode() in words


def command_line(spec: Spec) -> list[str]:
    """QEMU's command line for a machine."""
    folder = spec.path
    boot = VmImage(folder)
    words = [accel.QEMU, "-name", f"{spec.cluster}-{spec.node}", "-machine", "q35"]
    words += accel.arguments(spec.accelerator)
    words += ["-smp", str(spec.cpus), "-m", str(spec.memory_mb), "-nodefaults", "-display", "none"]
    words += ["-kernel", str(boot.kernel), "-initrd", str(boot.initrd)]
    told = ["root=/dev/vda rw console=ttyS0 net.ifnames=0 quiet", *accel.kernel_words(spec.accelerator)]
    words += ["-append", " ".join(told)]
    for file in (_disk(folder), _swap(folder)):
        words += ["-drive", f"file={file},if=virtio,format=raw,cache=unsafe"]
    words += ["-netdev", f"tap,id=n0,ifname={spec.tap},script=no,downscript=no"]
    words += ["-device", f"virtio-net-pci,netdev=n0,mac={spec.mac}", "-device", "virtio-rng-pci"]
    words += ["-serial", f"file:{folder / 'console.log'}"]
    return [*words, "-pidfile", str(_pid_file(folder)), "-daemonize"]


def own_files(spec: Spec) -> tuple[File, ...]:
    """The files that tell the guest who it is and where."""
    length = ip_network(spec.network).prefixlen
    servers = "".join(f"DNS={server}\n" for server in spec.nameservers)
    link = f"[Match]\nMACAddress={spec.mac}\n\n[Network]\nAddress={spec.address}/{length}\n"
    link += f"Gateway={spec.gateway}\n{servers}"
    hosts = f"127.0.0.1 localhost\n127.0.1.1 {spec.node}\n::1 localhost ip6-localhost ip6-loopback\n"
    files = (
        File("etc/hostname", f"{spec.node}\n".encode(), 0o644),
        File("etc/hosts", hosts.encode(), 0o644),
        File("etc/systemd/network/10-lab.network", link.encode(), 0o644),
    )
    return files + accel.own_files(spec.accelerator)


def from_json(text: str) -> Spec:
    """Read a Spec from a JSON object."""
    data = json.loads(text)
    numbers = {name: int(data[name]) for name in ("memory_mb", "cpus")}
    return Spec(**(data | numbers | {"nameservers": tuple(data["nameservers"])}))


def main(arguments: Iterable[str]) -> int:
    """Make the machine of the given spec run and say whether that was needed."""
    spec = from_json(next(iter(arguments)))
    identity = (spec.path.parent.parent / "host_keys" / spec.node / "identity.tar").read_bytes()
    try:
        started = ensure(spec, identity)
    except GongbangError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.code)
    sys.stdout.write("started\n" if started else "running\n")
    return 0


def _refuse_other(spec: Spec) -> None:
    noted = spec.path / "spec.json"
    if noted.exists() and _fixed(_read(noted)) != _fixed(spec):
        raise GongbangError(
            f"the node {spec.cluster}-{spec.node} was made otherwise than the inventory says now",
            f"made {_fixed(_read(noted))}, wanted {_fixed(spec)}",
            "./inv lab.down (this removes the nodes), then ./inv lab.up",
        )


def _fixed(spec: Spec) -> dict[str, object]:
    changing = ("accelerator", "bridge", "image")
    return {name: value for name, value in asdict(spec).items() if name not in changing}


def _make_disks(spec: Spec, identity: bytes) -> None:
    folder = spec.path
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    swap, new = _swap(folder), _disk(folder).with_suffix(".new")
    with swap.open("wb") as handle:
        handle.truncate(SWAP_MB << 20)
    proc.run([_program("mkswap"), "-L", "swap", swap])
    image = VmImage(Path(spec.image))
    proc.run(["cp", "--sparse=always", image.disk, new], timeout=300)
    proc.run(
        ["cp", image.kernel, image.initrd, folder]
    )  # the image may be gone when the machine starts again
    disk.put(new, [*disk.unpacked(identity), *own_files(spec)])
    new.replace(_disk(folder))


def _connect(spec: Spec) -> None:
    ip = [*_as_root(), "ip"]
    if not Path(f"/sys/class/net/{spec.tap}").exists():
        proc.run([*ip, "tuntap", "add", "dev", spec.tap, "mode", "tap"])
    proc.run([*ip, "link", "set", spec.tap, "master", spec.bridge, "up"])


def _start(spec: Spec) -> None:
    _pid_file(spec.path).unlink(missing_ok=True)
    # an empty environment: the machine outlives the run that started it
    clean = ["env", "-i", f"PATH={os.environ.get('PATH', os.defpath)}"]
    proc.run([*_as_root(), *clean, *command_line(spec)], cwd=Path("/"), timeout=60)


def _note(spec: Spec) -> None:
    noted = spec.path / "spec.json"
    write_atomically(noted, json.dumps(asdict(spec), indent=1) + "\n")


def _read(noted: Path) -> Spec:
    return from_json(noted.read_text(encoding="utf-8"))


def _pid(folder: Path) -> int:
    return int(_pid_file(folder).read_text(encoding="ascii"))


def _pid_file(folder: Path) -> Path:
    return folder / "qemu.pid"


def _disk(folder: Path) -> Path:
    return folder / "root.img"


def _swap(folder: Path) -> Path:
    return folder / "swap.img"


def _program(name: str) -> str:
    return shutil.which(name, path=system.SEARCH) or name


def _as_root() -> list[str]:
    prefix = system.privilege()
    if prefix is None:
        raise GongbangError(
            "a virtual machine needs root on this machine (its network device)",
            "neither root nor sudo without a password",
            "set lab_node_kind: container, or run as root",
            ExitCode.FAILED,
        )
    return prefix


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
