"""When each role worked on each host, from a record's events. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gongbang.runs.found import ENDINGS

OWN = "its own tasks"
"""What stands for the role of tasks that a play has outside of roles."""

JOINED_S = 0.3
"""Two tasks of one role on one host this close to each other (seconds) are drawn as one bar."""


@dataclass
class Bar:
    """A stretch of work; `begin` and `end` in seconds since the first event."""

    begin: float
    end: float
    tasks: int = 1
    changed: int = 0
    failed: bool = False

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.begin


@dataclass
class Row:
    """A role inside a play; `lanes` are its bars by host."""

    play: str
    role: str
    lanes: dict[str, list[Bar]] = field(default_factory=dict)

    def seconds(self, host: str) -> float:
        """How long the role worked on a host."""
        return sum(bar.seconds for bar in self.lanes.get(host, []))

    @property
    def changed(self) -> int:
        """How many changes it made on all hosts."""
        return sum(bar.changed for bars in self.lanes.values() for bar in bars)


@dataclass(frozen=True)
class Task:
    """One task on one host that ended."""

    role: str
    name: str
    host: str
    seconds: float


@dataclass
class Timeline:
    """All of a run: its rows in the order in which they began, its tasks, its length in seconds."""

    rows: list[Row] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def hosts(self) -> list[str]:
        """The hosts in the order in which they came."""
        return list(dict.fromkeys(host for row in self.rows for host in row.lanes))

    def longest(self, number: int = 10) -> list[Task]:
        """The tasks that took longest, the longest first."""
        return sorted(self.tasks, key=lambda task: -task.seconds)[:number]


def of(events: Iterable[Mapping[str, Any]], order: Sequence[str] = ()) -> Timeline:
    """The timeline of a record's events; each row's hosts are in this order, others come last."""
    seen = [event for event in events if event.get("time")]
    found = Timeline()
    if not seen:
        return found
    rows: dict[tuple[str, str], Row] = {}
    zero = min(_began(event) for event in seen)
    found.seconds = max(float(event["time"]) for event in seen) - zero
    for event in seen:
        if event.get("kind") in ENDINGS and event.get("host"):
            found.tasks.append(_task(event))
            key = (str(event.get("play", "")), str(event.get("role") or OWN))
            _add(rows.setdefault(key, Row(*key)), event, zero)
    place = {host: number for number, host in enumerate(order)}
    for row in rows.values():
        row.lanes = dict(
            sorted(row.lanes.items(), key=lambda lane: (place.get(lane[0], len(place)), lane[0]))
        )
    found.rows = list(rows.values())
    return found


def _began(event: Mapping[str, Any]) -> float:
    return float(event["time"]) - float(event.get("duration_s", 0.0))


def _task(event: Mapping[str, Any]) -> Task:
    return Task(
        str(event.get("role", "")),
        str(event.get("task", "")),
        str(event["host"]),
        float(event.get("duration_s", 0.0)),
    )


def _add(row: Row, event: Mapping[str, Any], zero: float) -> None:
    """Lengthen the host's last bar by a task, or begin a new one after a pause."""
    bars = row.lanes.setdefault(str(event["host"]), [])
    bar = Bar(_began(event) - zero, float(event["time"]) - zero)
    bar.changed = int(bool(event.get("changed")))
    bar.failed = event.get("kind") in ("failed", "unreachable") and not event.get("ignored")
    if bars and bar.begin - bars[-1].end <= JOINED_S:
        last = bars[-1]
        last.end = max(last.end, bar.end)
        last.tasks += 1
        last.changed += bar.changed
        last.failed |= bar.failed
    else:
        bars.append(bar)
