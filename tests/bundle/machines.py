"""Machines without a bundle: other folders for caches, keys and state, on this one."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from gongbang import proc
from gongbang.bundle import toolchain
from gongbang.paths import ROOT

SECONDS = 40 * 60
FOLDERS = {"XDG_CACHE_HOME": "cache", "XDG_DATA_HOME": "data", "XDG_STATE_HOME": "state"}


def inv(
    *words: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ./inv to its end, with its output kept."""
    return subprocess.run(
        ["./inv", *words], cwd=cwd, env=os.environ | dict(env or {}), capture_output=True, text=True,
        check=False, timeout=SECONDS,
    )  # fmt: skip


def started(*words: str, env: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start ./inv in a process group of its own, which can be killed as a whole."""
    return subprocess.Popen(
        ["./inv", *words], cwd=ROOT, env=os.environ | dict(env), start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def machine(folder: Path) -> dict[str, str]:
    """The environment of a machine that has nothing yet; Go's own caches are shared, they are not under test."""
    go = toolchain.find("1.0").go
    kept = {name: proc.run([go, "env", name]).stdout.strip() for name in ("GOCACHE", "GOMODCACHE")}
    return kept | {variable: str(folder / name) for variable, name in FOLDERS.items()}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def fetched(url: str, authority: Path | None = None) -> str:
    """What is served under an address, with nothing trusted but one authority; URLError when nothing answers."""
    context = ssl.create_default_context(cafile=authority) if authority else None
    accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
    with urllib.request.urlopen(
        urllib.request.Request(url, headers=accept), context=context, timeout=30
    ) as answer:
        return str(answer.read().decode())
