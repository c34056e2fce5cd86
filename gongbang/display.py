"""Shows a run: one line per role, detail on failure only. It never ends a run by an exception."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from gongbang.events import Event, Kind
from gongbang.outline import Outline
from gongbang.summary import Failure

if TYPE_CHECKING:
    from rich.status import Status

NAME_WIDTH = 22


@dataclass
class Line:
    """What is shown of the role (or of the play, between roles) that runs now."""

    name: str
    is_role: bool
    begun: float
    hosts: set[str] = field(default_factory=set)
    changed: int = 0
    task: str = ""


def counted(number: int, noun: str) -> str:
    """`1 host`, `3 hosts`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def line_text(line: Line, now: float) -> str:
    """One line: name, hosts, seconds, changes."""
    seconds = f"{max(0.0, now - line.begun):.0f}s"
    changes = counted(line.changed, "change") if line.changed else "-"
    return f"{line.name:<{NAME_WIDTH}} {counted(len(line.hosts), 'host'):>9} {seconds:>6}   {changes}"


class Display:
    """Writes to a stream: on a terminal with a line that moves, elsewhere plain lines only."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.outline = Outline()
        self._line: Line | None = None
        self._status: Status | None = None

    def say(self, text: str) -> None:
        """One plain line, at once."""
        self._safely(lambda: self._print(text))

    def event(self, event: Event) -> None:
        """Show what an event changes on the screen."""
        self._safely(lambda: self._event(event))

    def tick(self) -> None:
        """Called about once a second: let the moving line move."""
        self._safely(self._refresh)

    def close(self) -> None:
        """Print the last role's line and give the terminal back."""
        self._safely(self._close_line)
        self._safely(self._stop)

    def failure(self, failure: Failure, log: str) -> None:
        """Where it failed, what it said, what to do next, where the whole log is."""
        place = "  ".join(part for part in (failure.host, failure.task) if part)
        lines = [f"FAILED  {place}".rstrip()]
        lines += [f"  at:   {failure.where}"] if failure.where else []
        lines += [f"  {text}" for text in failure.message.splitlines()]
        lines += [f"  next: {failure.next}"] if failure.next else []
        lines += [f"  log:  {log}"] if log else []
        self.complain("\n".join(lines))

    def complain(self, text: str) -> None:
        """What went wrong, on standard error."""
        self._safely(self._stop)
        self._safely(lambda: self._write(sys.stderr, text))

    def _event(self, event: Event) -> None:
        if event.kind is Kind.TASK:
            self._turn_to(event)
        elif self._line and event.host:
            if event.kind is not Kind.SKIPPED:
                self._line.hosts.add(event.host)
            self._line.changed += event.changed
        if self._line and event.task:
            self._line.task = event.task
        self._refresh()

    def _turn_to(self, event: Event) -> None:
        name = self.outline.label(event.play, event.role)
        if self._line is None or self._line.name != name:
            self._close_line(event.time)
            self._line = Line(name, bool(event.role), event.time)

    def _close_line(self, now: float | None = None) -> None:
        line, self._line = self._line, None
        now = now or time.time()
        # a play's own tasks (facts, gates) are worth a line only when they take time or change something
        if line and line.hosts and (line.is_role or line.changed or now - line.begun >= 1):
            self._print(line_text(line, now))

    def _refresh(self) -> None:
        if self._line is None or not self.stream.isatty():
            return
        if self._status is None:
            self._start()
        if self._status:
            self._status.update(f"{line_text(self._line, time.time())}   [dim]{self._line.task}[/dim]")
            self._status._live.refresh()  # no thread of its own: the run forks

    def _start(self) -> None:
        from rich.console import Console
        from rich.status import Status

        self._status = Status("", console=Console(file=self.stream), spinner="dots")
        self._status._live.auto_refresh = False
        self._status.start()

    def _stop(self) -> None:
        status, self._status = self._status, None
        if status:
            status.stop()

    def _print(self, text: str) -> None:
        self._stop()
        self._write(self.stream, text)

    @staticmethod
    def _write(stream: TextIO, text: str) -> None:
        stream.write(text + "\n")
        stream.flush()

    def _safely(self, action: object) -> None:
        """A closed pipe or an odd terminal must not end the run."""
        try:
            action()  # type: ignore[operator]
        except (Exception, SystemExit):  # noqa: BLE001 - the run is worth more than its picture; rich exits on a closed pipe
            self._status = None
