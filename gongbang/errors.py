"""What can go wrong, in one shape, and the exit code that each kind of end has."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended; docs/commands.md shows the same table (a contract test compares)."""

    DONE = 0
    USAGE = 1
    BAD_INPUT = 2
    UNREACHABLE = 3
    FAILED = 4
    VERIFICATION = 5
    CHANGES = 6
    LOCKED = 7
    INTERRUPTED = 130


MEANING: dict[ExitCode, str] = {
    ExitCode.DONE: "done, or nothing to do",
    ExitCode.USAGE: "unknown command or option, or a defect of the tool itself",
    ExitCode.BAD_INPUT: "the input was refused, as a rule before any node was touched",
    ExitCode.UNREACHABLE: "a node did not answer, or refused the key, or has another host key",
    ExitCode.FAILED: "a task or a step failed",
    ExitCode.VERIFICATION: "the cluster is there but a check failed",
    ExitCode.CHANGES: "nothing was done and there is something to do (cluster.plan)",
    ExitCode.LOCKED: "somebody else works on the cluster; nothing was done",
    ExitCode.INTERRUPTED: "stopped by Ctrl-C or a termination signal",
}


class GongbangError(Exception):
    """A failure told in three parts: the problem, the value seen, the fix.

    The fix ends with the command or the variable that helps. `code` is the exit code.
    """

    def __init__(
        self, problem: str, seen: str = "", fix: str = "", code: ExitCode = ExitCode.BAD_INPUT
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.seen = seen
        self.fix = fix
        self.code = code

    def __str__(self) -> str:
        parts = [self.problem]
        if self.seen:
            parts.append(f"  seen: {self.seen}")
        if self.fix:
            parts.append(f"  fix:  {self.fix}")
        return "\n".join(parts)
