"""How a playbook ended and the exit code that follows."""

from __future__ import annotations

from dataclasses import dataclass

from gongbang.errors import ExitCode
from gongbang.events import Event, Kind

NEEDS_SUDO = ("a password is required", "Missing sudo password", "is not in the sudoers file", "Sorry, user")


def needs_sudo(event: Event) -> bool:
    """Whether the event tells that the user may not become root."""
    return any(text in event.message for text in NEEDS_SUDO)


def refuses(event: Event) -> bool:
    """Whether the task is one that refuses bad input; those are named `Refuse ...`, wherever they stand."""
    return event.task.rpartition(" | ")[2].startswith("Refuse ")


def counts_the_nodes(event: Event) -> bool:
    """Whether the task only ends a run that some nodes did not answer; what they said tells more."""
    return event.task == "Need an answer of every node"


@dataclass(frozen=True)
class Outcome:
    """How ansible-playbook ended; `rc` None or `interrupted` tells that it did not by itself."""

    rc: int | None
    interrupted: bool
    processed: frozenset[str]
    expected: frozenset[str] | None
    events: tuple[Event, ...]
    """Failures, unreachable hosts and Ansible's own complaints."""
    running: tuple[Event, ...] = ()
    output: str = ""
    looking: frozenset[str] = frozenset()
    """The plays that only look, before anything is touched: what fails in them is bad input."""

    @property
    def missing(self) -> frozenset[str]:
        """The expected hosts that were not processed; `*` stands for any host at all."""
        if self.expected is None:
            return frozenset() if self.processed else frozenset("*")
        return self.expected - self.processed

    @property
    def code(self) -> ExitCode:
        """The exit code: success needs rc 0 and every expected host among the processed."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if self.rc == 0 and not self.missing:
            return ExitCode.DONE
        failed = [event for event in self.of_kind(Kind.FAILED) if not counts_the_nodes(event)]
        if failed and all(
            event.play in self.looking or refuses(event) or needs_sudo(event) for event in failed
        ):
            return ExitCode.BAD_INPUT
        return ExitCode.UNREACHABLE if self.of_kind(Kind.UNREACHABLE) and not failed else ExitCode.FAILED

    def of_kind(self, kind: Kind) -> list[Event]:
        """The events of a kind that no task asked to ignore."""
        return [event for event in self.events if event.kind is kind and not event.ignored]
