"""What a run changed: each changing task once, with the hosts on which it changed something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """A task that changed something, and where."""

    role: str
    task: str
    hosts: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """As `--json` shows it."""
        return {"role": self.role, "task": self.task, "hosts": list(self.hosts)}


def of(events: Iterable[Mapping[str, Any]]) -> list[Change]:
    """The changes in the events of a record, in the order in which they happened."""
    hosts: dict[tuple[str, str], dict[str, None]] = {}
    for event in events:
        if event.get("changed"):
            key = (str(event.get("role", "")), str(event.get("task", "")))
            hosts.setdefault(key, {})[str(event.get("host", ""))] = None
    return [Change(role, task, tuple(sorted(names))) for (role, task), names in hosts.items()]
