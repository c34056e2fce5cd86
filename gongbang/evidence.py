"""What a failed stage of the test run said of its failure, short enough to stand at the very end of the output."""

from __future__ import annotations

import re
from collections.abc import Sequence

LINES = 14
"""How many lines are repeated: a reader of a cut log sees the end first."""
WIDTH = 300
MARKS = re.compile(r"^(FAILED|ERROR|E  )|FAILED!|UNREACHABLE!|\[ERROR\]|did not end within")
TWICE = re.compile(r'"(?:stdout|stderr)_lines": \[.*')
"""Ansible prints a command's output as a text and again as a list."""


def of(lines: Sequence[str]) -> list[str]:
    """The lines that tell the failure (pytest's and Ansible's marks), else the last ones."""
    marked = [part for line in lines if MARKS.search(line) for part in parts(line)]
    return [line[:WIDTH] for line in (marked or [line for line in lines if line.strip()])[-LINES:]]


def parts(line: str) -> list[str]:
    """One line of output as the lines that it holds in quotes."""
    return [part.rstrip() for part in TWICE.sub("", line).split("\\n") if part.strip()]
