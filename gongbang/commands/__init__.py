"""The commands: each module exports Invoke tasks, this one puts them together."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from types import ModuleType
from typing import Any

from invoke import Collection, Task

from gongbang.cli import uncaught


def namespace() -> Collection:
    """All commands of all modules in this folder.

    A task called `group.command` goes there; any other goes into the group that its module's
    GROUP names ("" is the top), and without GROUP into the group called like the module.
    """
    sys.excepthook = uncaught  # Invoke's own output, `./inv --list | head`, ends in none of our commands
    root = Collection()
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        module = importlib.import_module(f"{__name__}.{found.name}")
        for task in own_tasks(module):
            group, _, name = str(task.name).rpartition(".")
            place(root, group or getattr(module, "GROUP", found.name)).add_task(task, name=name)
    return root


def own_tasks(module: ModuleType) -> list[Task[Any]]:
    """The tasks that a module defines itself, not those that it imported."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, Task) and value.body.__module__ == module.__name__
    ]


def place(root: Collection, group: str) -> Collection:
    """The collection called `group`, made when it is the first time; "" is the root."""
    if not group:
        return root
    if group not in root.collections:
        root.add_collection(Collection(group), name=group)
    found: Collection = root.collections[group]
    return found
