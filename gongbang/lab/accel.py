"""Which accelerator QEMU can really use here: found out by booting a guest, not by looking at /dev/kvm."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from gongbang import paths, processes, session, system
from gongbang.files import write_atomically
from gongbang.lab.keys import File
from gongbang.lab.vm_image import VmImage
from gongbang.locks import exclusive

QEMU = "qemu-system-x86_64"
EMULATED_CPU = "Westmere"
"""AES, which TLS needs much of, but no AVX: emulated AVX is slow, and was seen to go wrong under load."""
LIMIT_S = 30.0
BOOTED = b"Run /init as init process"
"""The kernel's last words before the first program of a guest."""
LIVED_S = 3.0
"""How long the guest has to live on after that: one that crashes does so earlier."""


def choose(image: VmImage) -> str:
    """Tell `kvm` when a guest boots with it on this machine, else `tcg`; asked once per boot and QEMU."""
    with exclusive(paths.state_dir() / "locks" / "accelerator"):
        known = _remembered()
        if known is None:
            known = "kvm" if _boots_with_kvm(image) else "tcg"
            _remember(known)
    return known


def arguments(accelerator: str) -> list[str]:
    """QEMU's options for an accelerator."""
    if accelerator == "kvm":
        return ["-accel", "kvm", "-cpu", "host"]
    return ["-accel", "tcg,thread=multi", "-cpu", EMULATED_CPU]


def kernel_words(accelerator: str) -> list[str]:
    """What a guest's kernel is told because of its accelerator.

    An emulated processor does not speculate, and what guards against that costs most of an emulated node's time: page
    table isolation empties QEMU's TLB twice at each system call.
    """
    return [] if accelerator == "kvm" else ["mitigations=off"]


def own_files(accelerator: str) -> tuple[File, ...]:
    """The files that a guest has because of its accelerator.

    Go's runtime looks after its threads every 20 us while a program works. Work takes far longer when it is emulated, and
    each look is a change of process, which empties QEMU's TLB: with a timer slack of 10 ms, which systemd hands down to all
    that runs, Kubernetes took half the processor time.
    """
    slack = File("etc/systemd/system.conf.d/10-emulated.conf", b"[Manager]\nTimerSlackNSec=10ms\n", 0o644)
    return () if accelerator == "kvm" else (slack,)


def booted(console: bytes) -> bool:
    """Tell from a guest's console whether its first program was started and nothing broke."""
    return BOOTED in console and b"Kernel panic" not in console


def _boots_with_kvm(image: VmImage) -> bool:
    if not Path("/dev/kvm").exists():
        session.say("virtual machines run by software emulation: this machine has no /dev/kvm")
        return False
    works = _try(image)
    kind = "with KVM: a guest booted" if works else "by software emulation: with KVM no guest boots here"
    session.say(f"virtual machines run {kind}")
    return works


def _try(image: VmImage) -> bool:
    with tempfile.TemporaryDirectory(prefix="gongbang-kvm-") as scratch:
        console = Path(scratch) / "console"
        console.touch()
        argv = [*(system.privilege() or []), QEMU, "-machine", "q35", *arguments("kvm"), "-m", "512"]
        argv += ["-nodefaults", "-no-reboot", "-display", "none", "-serial", f"file:{console}"]
        argv += ["-kernel", str(image.kernel), "-initrd", str(image.initrd)]
        argv += ["-append", "console=ttyS0 panic=-1 root=/dev/none rootdelay=60"]
        guest = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            return _watch(guest, console)
        finally:
            guest.terminate()
            guest.wait(timeout=20)


def _watch(guest: subprocess.Popen[bytes], console: Path) -> bool:
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end and guest.poll() is None:
        if booted(console.read_bytes()):
            time.sleep(LIVED_S)
            return guest.poll() is None and booted(console.read_bytes())
        time.sleep(0.2)
    return False


def _key() -> str:
    binary = Path(shutil.which(QEMU) or QEMU)
    modified = binary.stat().st_mtime if binary.exists() else 0
    return f"{processes.boot()} {modified}"


def _remembered() -> str | None:
    try:
        seen = json.loads(_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return str(seen["accelerator"]) if seen["key"] == _key() else None


def _remember(accelerator: str) -> None:
    write_atomically(_file(), json.dumps({"key": _key(), "accelerator": accelerator}))


def _file() -> Path:
    return paths.state_dir() / "accelerator.json"
