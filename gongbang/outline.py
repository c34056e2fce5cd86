"""What a playbook will do, read from its files: for each play the roles in order, as the display names them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from gongbang.schema import read_yaml

IMPORT = ("ansible.builtin.import_playbook", "import_playbook")
ROLE = tuple(f"{prefix}{word}_role" for prefix in ("ansible.builtin.", "") for word in ("import", "include"))
PREFLIGHT = "preflight"
Steps = tuple[tuple[str, str], ...]
"""Role and label, in order; the label is the role's name, or `preflight` for its entry point of that name."""


@dataclass
class Outline:
    """Tells to which line an event belongs: roles that a role includes count for the one that is listed."""

    plays: Mapping[str, Steps] = field(default_factory=dict)
    _play: str = ""
    _index: int = -1

    def label(self, play: str, role: str) -> str:
        """The line of an event of this role: the step that runs, or the next one when it is that role's."""
        steps = self.plays.get(play, ())
        if play != self._play:
            self._play = play
            self._index = next((i for i, (name, _) in enumerate(steps) if name == role), -1)
        else:
            near = (self._index, self._index + 1)
            self._index = next((i for i in near if 0 <= i < len(steps) and steps[i][0] == role), self._index)
        return steps[self._index][1] if 0 <= self._index < len(steps) else role or play

    def looking(self) -> frozenset[str]:
        """The plays that have nothing but preflight steps."""
        return frozenset(
            name
            for name, steps in self.plays.items()
            if steps and all(label == PREFLIGHT for _, label in steps)
        )


def read(playbook: Path) -> Outline:
    """The outline of a playbook and of those that it imports; an empty one when it cannot be read."""
    try:
        return Outline({name: tuple(steps) for name, steps in plays(playbook)})
    except (OSError, yaml.YAMLError, AttributeError, TypeError):
        return Outline()  # Ansible itself will say what is wrong


def plays(playbook: Path) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Name and steps of each play."""
    for play in read_yaml(playbook) or []:
        imported = next((play[key] for key in IMPORT if key in play), None)
        if imported:
            yield from plays(playbook.parent / str(imported))
        else:
            steps = [
                step(role if isinstance(role, dict) else {"role": role}) for role in play.get("roles") or []
            ]
            steps += [step(task[key]) for task in play.get("tasks") or [] for key in ROLE if key in task]
            yield str(play.get("name", "")), steps


def step(role: Mapping[str, Any]) -> tuple[str, str]:
    """Role and label of one entry of a play."""
    name = str(role.get("role") or role.get("name"))
    entry = str(role.get("tasks_from") or "main").removesuffix(".yml")
    return name, PREFLIGHT if entry == PREFLIGHT else name
