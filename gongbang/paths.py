"""Where things live: the repository and the three folders of the user."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The repository's root."""

INVENTORY = ROOT / "inventories" / "lab"
"""The inventory of a command that is given none."""

TOOLS = Path(sys.executable).parent
"""The folder of our environment's programs (ansible-playbook, pytest, ...)."""


def _xdg(variable: str, fallback: str) -> Path:
    """An XDG base folder; a relative value is ignored, as the specification says."""
    value = os.environ.get(variable, "")
    base = Path(value) if value.startswith("/") else Path.home() / fallback
    return base / "gongbang"


def cache_dir() -> Path:
    """What can be made again: build cache, repositories, node images."""
    return _xdg("XDG_CACHE_HOME", ".cache")


def data_dir() -> Path:
    """What must be kept: the bundle's signing key and certificate authority."""
    return _xdg("XDG_DATA_HOME", ".local/share")


def state_dir() -> Path:
    """What is running now: labs, services, their keys and process ids."""
    return _xdg("XDG_STATE_HOME", ".local/state")


def lab_state_dir(cluster: str) -> Path:
    """The keys, host keys and service records of one lab."""
    return state_dir() / "labs" / cluster


def lab_variables(cluster: str) -> dict[str, str]:
    """What a lab's inventory works out from the environment: given as text, it is not worked out for each task on each host."""
    return {"lab_state_dir": str(lab_state_dir(cluster)), "bundle_data_dir": str(data_dir())}


def connections_dir(cluster: str) -> Path:
    """The sockets of the SSH connections that Ansible keeps for later tasks."""
    return state_dir() / "cp" / cluster


def connection_dirs(cluster: str) -> tuple[Path, ...]:
    """Where such sockets of a cluster may be: a lab's inventory names a folder of its own."""
    return connections_dir(cluster), lab_state_dir(cluster) / "cp"


def artifacts_dir(cluster: str) -> Path:
    """The records of one cluster's runs, and its kubeconfig."""
    return ROOT / (os.environ.get("GONGBANG_ARTIFACTS") or "artifacts") / cluster


def private_dir(path: Path) -> Path:
    """Make `path` (and what is missing above it) a folder that only we can enter."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)
    return path


def shown(path: Path) -> str:
    """The path as a reader wants it: relative to the repository when it is inside."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
