"""The boundaries of a run: the moments before a task starts on a host, read from a run's events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from gongbang.errors import GongbangError
from gongbang.events import Kind


class Choice(TypedDict, total=False):
    """The words of `chosen`."""

    sample: int
    part: str


@dataclass(frozen=True)
class Boundary:
    """Before the task at `where` (path:line) starts on `host` in this play."""

    play: str
    where: str
    host: str

    @property
    def line(self) -> str:
        """As the callback plugin reads it: one line, fields apart by a tab."""
        return f"{self.play}\t{self.where}\t{self.host}"

    @property
    def group(self) -> str:
        """Play and role, or the play alone: what the table counts by."""
        parts = self.where.split("/")
        return f"{self.play}: {parts[1]}" if parts[0] == "roles" else self.play


def parsed(line: str) -> Boundary:
    """The boundary that a line names."""
    return Boundary(*line.split("\t"))


def recorded(events: Path) -> list[Boundary]:
    """All boundaries of a run in their order, each once."""
    found: dict[Boundary, None] = {}
    for text in events.read_text().splitlines():
        event = json.loads(text)
        if event["kind"] == Kind.HOST:
            found[Boundary(event.get("play", ""), event.get("where", ""), event["host"])] = None
    return list(found)


def chosen(boundaries: Sequence[Boundary], *, sample: int = 0, part: str = "") -> list[Boundary]:
    """The boundaries of a chain: all, `sample` of them evenly apart, or part `I/N` (every N-th from the I-th)."""
    if part:
        index, count = parts(part)
        return list(boundaries[index - 1 :: count])
    if 0 < sample < len(boundaries):
        return [boundaries[(2 * number + 1) * len(boundaries) // (2 * sample)] for number in range(sample)]
    return list(boundaries)


WHOLE = "all"
"""The name of the chain through every boundary."""


def of_chain(name: str) -> Choice:
    """What the name of a chain (`all`, `sample N`, `I/N`) stands for."""
    if name == WHOLE:
        return {}
    return {"sample": int(name.split()[1])} if name.startswith("sample ") else {"part": name}


def parts(text: str) -> tuple[int, int]:
    """The two numbers of `I/N`; GongbangError when it is no part."""
    words = text.split("/")
    if len(words) == 2 and all(word.isdigit() for word in words) and 1 <= int(words[0]) <= int(words[1]):
        return int(words[0]), int(words[1])
    raise GongbangError("that is not a part of the list", text, "give --part I/N, for instance --part 1/4")
