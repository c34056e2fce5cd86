"""Capture one node's state; runs on the node itself with its own Python, as root, and prints JSON.

Standard library only, Python 3.9 or newer. The first argument is a JSON object that says what to look at:
{"paths": [glob], "units": [name or pattern], "sysctl_files": [glob], "module_files": [glob]}.
No secret leaves the node: of keys and tokens only hashes are printed, and of kubeconfigs their public certificates.
"""

import base64
import grp
import hashlib
import json
import pwd
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

BLOCK = re.compile(rb"-----BEGIN (?:EC |RSA )?([A-Z ]+)-----.*?-----END (?:EC |RSA )?\1-----", re.DOTALL)
"""What PEM holds, by its label; a key is a key, be it EC or RSA: a kubelet that kubeadm starts again before it has fetched
a certificate of its own keeps the one of kubeadm, whose key is of another kind."""
EMBEDDED = re.compile(rb"^(\s*(?:-\s+)?(?:[\w-]+-data|token)):[ \t]*(\S+)[ \t]*$", re.MULTILINE)


def run(argv: list[str]) -> str:
    """What a program prints."""
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def file_state(path: Path) -> dict[str, Any]:
    """Mode, owner, time and content of one file."""
    info = path.lstat()
    state: dict[str, Any] = {
        "mode": oct(stat.S_IMODE(info.st_mode)),
        "owner": f"{name_of(pwd.getpwuid, info.st_uid)}:{name_of(grp.getgrgid, info.st_gid)}",
        "mtime": info.st_mtime_ns,
    }
    if stat.S_ISLNK(info.st_mode):
        state["link"] = str(path.readlink())
    elif stat.S_ISREG(info.st_mode):
        state.update(content_state(path.read_bytes()))
    return state


def content_state(data: bytes) -> dict[str, Any]:
    """The hash of a content; where it holds keys or certificates also that of its shape, and the certificates."""
    shape = EMBEDDED.sub(rb"\1: (data)", BLOCK.sub(rb"(\1)", data))
    if shape == data:
        return {"sha256": digest(data)}
    inner = b"\n".join(decoded(value) for _, value in EMBEDDED.findall(data))
    found = [match for match in BLOCK.finditer(data + b"\n" + inner) if match[1] == b"CERTIFICATE"]
    return {
        "sha256": digest(data),
        "shape": digest(shape),
        "certificates": [match[0].decode() for match in found],
    }


def decoded(value: bytes) -> bytes:
    """What a base64 text holds; nothing when it is none."""
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return b""


def digest(data: bytes) -> str:
    """The SHA-256 of a content."""
    return hashlib.sha256(data).hexdigest()


def name_of(lookup: Callable[[int], Any], number: int) -> str:
    """The name of a user or group, or its number."""
    try:
        return str(lookup(number)[0])
    except KeyError:
        return str(number)


def files(patterns: list[str]) -> dict[str, Any]:
    """The files that the patterns match."""
    found: dict[str, Any] = {}
    for pattern in patterns:
        for path in Path("/").glob(pattern.lstrip("/")):
            if not path.is_dir() or path.is_symlink():
                found[str(path)] = file_state(path)
    return found


def packages() -> dict[str, str]:
    """Installed packages: version, selection (hold), state."""
    lines = run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Want} ${db:Status-Status}\n"]
    ).splitlines()
    return {
        line.split()[0]: " ".join(line.split()[1:]) for line in lines if not line.endswith("not-installed")
    }


def failed_units() -> list[str]:
    """The units that failed."""
    listed = run(["systemctl", "list-units", "--failed", "--plain", "--no-legend"])
    return sorted(line.split()[0] for line in listed.splitlines() if line.strip())


def units(names: list[str]) -> dict[str, Any]:
    """The units that exist: active, enabled, since when."""
    wanted = "Id,LoadState,ActiveState,UnitFileState,ExecMainStartTimestamp,NRestarts"
    found: dict[str, Any] = {}
    for block in run(["systemctl", "show", "--property", wanted, *names]).strip().split("\n\n"):
        unit = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if unit.get("LoadState") == "loaded":
            found[unit.pop("Id")] = unit
    return found


def named(patterns: list[str], expression: str) -> list[str]:
    """What our own files name: the expression's group, over all files that the patterns match."""
    texts = [path.read_text() for pattern in patterns for path in Path("/").glob(pattern.lstrip("/"))]
    return [name for text in texts for name in re.findall(expression, text, re.MULTILINE)]


def sysctls(patterns: list[str]) -> dict[str, str]:
    """The live values of the keys that our sysctl files name."""
    keys = named(patterns, r"^\s*([a-z][\w./-]*)\s*=")
    live = {key: Path("/proc/sys", key.replace(".", "/")) for key in keys}
    return {key: path.read_text().strip() for key, path in live.items() if path.exists()}


def modules(patterns: list[str]) -> dict[str, bool]:
    """Whether the modules that our files name are loaded."""
    return {name: Path("/sys/module", name).exists() for name in named(patterns, r"^\s*(\w+)\s*$")}


def swaps() -> list[str]:
    """The swap areas in use."""
    return [line.split()[0] for line in Path("/proc/swaps").read_text().splitlines()[1:]]


def main() -> None:
    """Print the state as JSON."""
    look = json.loads(sys.argv[1])
    state: dict[str, Any] = {
        "files": files(look["paths"]),
        "packages": packages(),
        "units": units(look["units"]),
        "failed_units": failed_units(),
        "sysctls": sysctls(look["sysctl_files"]),
        "modules": modules(look["module_files"]),
        "swaps": swaps(),
    }
    json.dump(state, sys.stdout, sort_keys=True)


if __name__ == "__main__":
    main()
