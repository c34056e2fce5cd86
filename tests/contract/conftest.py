"""What the contract tests read: the repository's own files (and of Ansible what we build on)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from gongbang.paths import ROOT

COMMANDS = {"command", "shell", "raw", "script"}


class Loader(yaml.SafeLoader):
    """A YAML loader that takes Ansible's own tags as plain values."""


def _plain(loader: Loader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


Loader.add_multi_constructor("!", _plain)


@cache
def load(path: Path) -> Any:
    """The content of a YAML file; None when it is not there."""
    return yaml.load(path.read_text(), Loader=Loader) if path.exists() else None


@cache
def files() -> tuple[Path, ...]:
    """Every file that git knows, and those that it would."""
    argv = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split("\n")
    return tuple(ROOT / name for name in listed if name and (ROOT / name).is_file())


def below(*folders: str, suffix: str = "") -> list[Path]:
    """The repository's files in these folders, with names that end so."""
    roots = tuple(f"{ROOT / folder}/" for folder in folders)
    return [path for path in files() if str(path).startswith(roots) and path.name.endswith(suffix)]


def roles() -> list[str]:
    """The names of all roles."""
    return sorted({path.relative_to(ROOT).parts[1] for path in below("roles")})


def tasks_of(content: Any) -> Iterator[dict[str, Any]]:
    """All tasks in a tasks file or a playbook, those in blocks and handlers too."""
    for item in content if isinstance(content, list) else []:
        if not isinstance(item, dict):
            continue
        inner = ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers")
        if not any(key in item for key in inner):
            yield item
        for key in inner:
            yield from tasks_of(item.get(key))


def task_files() -> list[Path]:
    """Every file that holds tasks or plays."""
    found = [path for path in below("roles", suffix=".yml") if path.parent.name in ("tasks", "handlers")]
    return found + below("playbooks", suffix=".yml") + below("molecule/shared", suffix=".yml")


def module(task: dict[str, Any], *names: str) -> Any:
    """The arguments of the task's module if it is one of these (short names of ansible.builtin)."""
    for name in names:
        for key in (name, f"ansible.builtin.{name}"):
            if key in task:
                return task[key] or {}
    return None


def shown(path: Path) -> str:
    """The path relative to the repository."""
    return str(path.relative_to(ROOT))
