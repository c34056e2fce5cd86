"""How a playbook ended, for those who started it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gongbang.errors import ExitCode
from gongbang.events import Event
from gongbang.session import RunFailedError


@dataclass(frozen=True)
class RunResult:
    """How a playbook ended; `summary` is the run's summary so far, `record` its folder."""

    code: ExitCode
    record: Path
    summary: Mapping[str, Any] = field(repr=False)
    hosts: frozenset[str] = frozenset()
    """The hosts that Ansible really processed."""
    told: tuple[Event, ...] = field(default=(), repr=False)
    """The events that tell a change or a note, in their order."""

    @property
    def ok(self) -> bool:
        """Whether the playbook ran to its end on every host."""
        return self.code is ExitCode.DONE

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know and no run changes, each once."""
        return tuple(dict.fromkeys(text for event in self.told for text in event.notes))

    @property
    def changed(self) -> int:
        """How many changes the run made so far."""
        return int(self.summary["changed"])

    def require(self) -> RunResult:
        """This result; raises RunFailedError (already shown to the user) when it is a bad one."""
        if not self.ok:
            raise RunFailedError("the playbook failed", code=self.code)
        return self
