"""Whether turns that overlap are noticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cluster import turns


def record(folder: Path, *rows: tuple[str, str, float]) -> Path:
    lines = [
        json.dumps({"kind": kind, "time": time, "host": host, "task": "turn | Restart it"})
        for host, kind, time in rows
    ]
    other = json.dumps({"kind": "ok", "time": 99.0, "host": "w1", "task": "kubelet | Look"})
    (folder / "events.jsonl").write_text("\n".join([*lines, other]) + "\n")
    return folder


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("w1", "host", 1), ("w1", "changed", 2), ("w2", "host", 3), ("w2", "changed", 4)], []),
        ([("w1", "host", 1), ("w2", "host", 2), ("w1", "changed", 3), ("w2", "changed", 4)], ["w1 and w2"]),
        ([("w1", "host", 1), ("w1", "changed", 2)], ["1 turns"]),
    ],
)
def test_turns(tmp_path: Path, rows: list[tuple[str, str, float]], said: list[str]) -> None:
    found = turns.problems(record(tmp_path, *rows), 2)
    assert len(found) == len(said)
    assert all(word in text for word, text in zip(said, found, strict=True))
