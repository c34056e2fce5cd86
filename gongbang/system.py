"""The controller's own packages: looked for when a command needs them, installed when we may."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import yaml

from gongbang import proc
from gongbang.errors import ExitCode, GongbangError
from gongbang.paths import ROOT

LIST = ROOT / "controller-packages.yml"
SEARCH = os.pathsep.join(["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"])
SECONDS = 900


def ensure(group: str) -> None:
    """Make this machine have the packages of a group: `engine`, `bundle`, `vm` or `browser`.

    Installs what is missing as root or with passwordless sudo on Debian and Ubuntu; otherwise raises
    GongbangError with the exact command to run.
    """
    lacking = missing(group)
    if lacking:
        install(lacking, group)


def missing(group: str) -> list[str]:
    """The Debian packages of the group whose program or file is not on this machine."""
    wanted: dict[str, str] = yaml.safe_load(LIST.read_text())[group]
    return [package for package, sign in wanted.items() if not there(sign)]


def there(sign: str) -> bool:
    """Whether a program (by name, the system folders included) or a file (by path) is there."""
    if sign.startswith("/"):
        return Path(sign).exists()
    return shutil.which(sign, path=f"{os.environ.get('PATH', '')}{os.pathsep}{SEARCH}") is not None


def install(packages: list[str], group: str) -> None:
    """Install packages with apt; GongbangError with the command when we have not the right to."""
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    prefix = privilege()
    if prefix is None or not shutil.which("apt-get"):
        raise GongbangError(
            f"this machine lacks programs that are needed for: {group}",
            ", ".join(packages),
            f"run: sudo {' '.join(command)}"
            if shutil.which("apt-get")
            else "install them with your package manager",
        )
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    keep = ["--preserve-env=DEBIAN_FRONTEND"] if prefix else []
    call = [*prefix, *keep]
    proc.run([*call, "apt-get", "update"], env=quiet, timeout=SECONDS, code=ExitCode.FAILED)
    proc.run([*call, *command], env=quiet, timeout=SECONDS, code=ExitCode.FAILED)


def privilege() -> list[str] | None:
    """What to put before a command to be root: nothing, `sudo -n`, or None when we cannot be."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and proc.run(["sudo", "-n", "true"], check=False).returncode == 0:
        return ["sudo", "-n"]
    return None
