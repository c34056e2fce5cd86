"""What a failed stage of the test run said of its failure, short enough to stand at the very end of the output."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

LINES = 24
"""How many lines are repeated: a reader of a cut log sees the end first."""
WIDTH = 300
MARKS = re.compile(
    r"^(FAILED (?!- RETRYING)|ERROR tests|E  )|FAILED!|UNREACHABLE!|\[ERROR\]|did not end within"
)
DRESS = re.compile(r"^(?:\s|\x1b\[[0-9;]*m)*│(?:\x1b\[[0-9;]*m)* ?|\x1b\[[0-9;]*m")
"""Colours, and the frame that molecule draws around what Ansible says."""
TWICE = re.compile(r'"(?:stdout|stderr)_lines": \[.*')
"""Ansible prints a command's output as a text and again as a list."""
SAID = re.compile(r"^\s*(stderr|stdout): [^'\"]")
"""The first line of what a failed command said, as Ansible's callback prints a result in YAML."""
SAID_ENDS = re.compile(r"^\s*(stderr|stdout)_lines:|^PLAY ")


def of(lines: Sequence[str]) -> list[str]:
    """The lines that tell the failure (pytest's and Ansible's marks, what a failed command said), else the last ones."""
    plain = [DRESS.sub("", line) for line in lines]
    marked = [part for line in telling(plain) for part in parts(line)]
    return [line[:WIDTH] for line in (marked or [line for line in plain if line.strip()])[-LINES:]]


def telling(plain: Sequence[str]) -> Iterator[str]:
    """The lines with a mark, and the output of a command whose result is printed: Ansible does so for failed tasks only."""
    said = False
    for line in plain:
        said = bool(SAID.match(line)) or (said and not SAID_ENDS.match(line))
        if said or MARKS.search(line):
            yield line


def parts(line: str) -> list[str]:
    """One line of output as the lines that it holds in quotes."""
    return [part.rstrip() for part in TWICE.sub("", line).split("\\n") if part.strip()]
