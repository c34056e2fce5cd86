"""What a run comes to: counted from its events, written as summary.json."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gongbang.errors import ExitCode, GongbangError
from gongbang.events import Event, Kind

RUNNING = "running"
COUNTS = ("ok", "changed", "failed", "unreachable", "skipped")
STATS_NAMES = {
    "ok": "ok",
    "changed": "changed",
    "failures": "failed",
    "dark": "unreachable",
    "skipped": "skipped",
}


@dataclass(frozen=True)
class Failure:
    """What went wrong and the one command that helps; `where` is `path:line`."""

    host: str | None
    task: str | None
    where: str | None
    message: str
    next: str | None

    @staticmethod
    def of(error: GongbangError) -> Failure:
        """The failure that an error tells."""
        message = error.problem + (f" (seen: {error.seen})" if error.seen else "")
        return Failure(None, None, None, message, error.fix or None)


@dataclass
class RoleCount:
    """One role's share of the run; `seconds` on the clock, from its first task to its last result."""

    name: str
    hosts: set[str] = field(default_factory=set)
    seconds: float = 0.0
    changed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As the summary shows it: the number of hosts, not their names."""
        return {
            "name": self.name,
            "hosts": len(self.hosts),
            "duration_s": round(self.seconds, 1),
            "changed": self.changed,
        }


@dataclass
class Counter:
    """Counts events as they come; the playbook's own statistics replace the counts when they arrive."""

    hosts: dict[str, dict[str, int]] = field(default_factory=dict)
    roles: dict[str, RoleCount] = field(default_factory=dict)
    _before: dict[str, dict[str, int]] = field(default_factory=dict)
    _last: float = 0.0

    def add(self, event: Event) -> None:
        """Count one event."""
        if event.kind is Kind.STATS:
            self._settle(event.stats or {})
        elif event.kind in (Kind.OK, Kind.FAILED, Kind.UNREACHABLE, Kind.SKIPPED):
            self._count(event)
        self._clock(event)

    def _count(self, event: Event) -> None:
        row = self.hosts.setdefault(event.host, dict.fromkeys(COUNTS, 0))
        failed = event.kind is Kind.FAILED and event.ignored
        row["ok" if failed else event.kind.value] += 1
        row["changed"] += event.changed
        if event.role:
            role = self.roles.setdefault(event.role, RoleCount(event.role))
            role.changed += event.changed
            if event.kind is not Kind.SKIPPED:
                role.hosts.add(event.host)

    def _clock(self, event: Event) -> None:
        """Give the time since the last event to the role that this event belongs to."""
        if event.kind in (Kind.PLAY, Kind.TASK) or not self._last:
            self._last = self._last if self._last and event.kind is Kind.TASK else event.time
        if event.role:
            role = self.roles.setdefault(event.role, RoleCount(event.role))
            role.seconds += max(0.0, event.time - self._last)
        self._last = event.time

    def _settle(self, stats: Mapping[str, Mapping[str, int]]) -> None:
        """Replace this playbook's counts by Ansible's own; earlier playbooks' counts stay."""
        for host in stats.get("processed", {}):
            row = dict(self._before.get(host) or dict.fromkeys(COUNTS, 0))
            for theirs, ours in STATS_NAMES.items():
                row[ours] += int(stats.get(theirs, {}).get(host, 0))
            self.hosts[host] = row
        self._before = {host: dict(row) for host, row in self.hosts.items()}

    @property
    def changed(self) -> int:
        """How many changes there were in all."""
        return sum(row["changed"] for row in self.hosts.values())


@dataclass
class Summary:
    """The run's summary with exactly the fields that others rely on."""

    command: str
    started: float
    status: str = RUNNING
    duration_s: float = 0.0
    counter: Counter = field(default_factory=Counter)
    failure: Failure | None = None
    plan: list[dict[str, str]] | None = None
    """What would change, of a run that only asks: role, host, change, and diff when asked for."""
    notes: list[str] | None = None
    """With the plan: what the user should know and no run changes."""

    def finish(self, code: ExitCode, now: float) -> None:
        """Set how and when the run ended."""
        self.status = code.name.lower()
        self.duration_s = round(now - self.started, 1)

    def as_dict(self) -> dict[str, Any]:
        """The content of summary.json."""
        utc = datetime.datetime.fromtimestamp(self.started, datetime.UTC)
        return {
            "command": self.command,
            "status": self.status,
            "started": utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "duration_s": self.duration_s,
            "changed": self.counter.changed,
            "hosts": {name: dict(row) for name, row in sorted(self.counter.hosts.items())},
            "roles": [role.as_dict() for role in self.counter.roles.values()],
            "failure": None if self.failure is None else vars(self.failure),
            **({} if self.plan is None else {"plan": self.plan, "notes": self.notes or []}),
        }
