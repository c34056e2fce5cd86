from __future__ import annotations

import json
from pathlib import Path

import pytest

from gongbang.errors import GongbangError
from gongbang.sweep.boundaries import Boundary, chosen, of_chain, parsed, recorded

MANY = [Boundary("play", f"roles/a/tasks/main.yml:{number}", "cp1") for number in range(100)]


def test_boundaries_are_the_starts_of_tasks_on_hosts_each_once_and_in_order(tmp_path: Path) -> None:
    rows = [
        {"kind": "task", "play": "p", "where": "a:1"},
        {"kind": "host", "play": "p", "where": "a:1", "host": "cp1"},
        {"kind": "host", "play": "p", "where": "a:1", "host": "w1"},
        {"kind": "ok", "play": "p", "where": "a:1", "host": "w1"},
        {"kind": "host", "play": "p", "where": "a:1", "host": "cp1"},
        {"kind": "host", "play": "q", "where": "a:1", "host": "cp1"},
    ]
    events = tmp_path / "events.jsonl"
    events.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert recorded(events) == [
        Boundary("p", "a:1", "cp1"),
        Boundary("p", "a:1", "w1"),
        Boundary("q", "a:1", "cp1"),
    ]


def test_a_line_tells_the_whole_boundary() -> None:
    assert parsed(MANY[3].line) == MANY[3]
    assert MANY[3].group == "play: a"
    assert Boundary("play", "playbooks/hosts.yml:3", "w1").group == "play"


def test_a_sample_is_the_same_each_time_and_spread_over_all() -> None:
    sample = chosen(MANY, sample=5)
    assert sample == chosen(MANY, sample=5) == [MANY[10], MANY[30], MANY[50], MANY[70], MANY[90]]
    assert chosen(MANY, sample=1000) == MANY


def test_the_parts_together_are_all() -> None:
    found = [boundary for index in (1, 2, 3) for boundary in chosen(MANY, part=f"{index}/3")]
    assert sorted(found, key=MANY.index) == MANY


def test_the_name_of_a_chain_says_which_boundaries_it_has() -> None:
    assert chosen(MANY, **of_chain("all")) == MANY
    assert chosen(MANY, **of_chain("sample 5")) == chosen(MANY, sample=5)
    assert chosen(MANY, **of_chain("2/3")) == chosen(MANY, part="2/3")


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/2/3", "-1/2"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(GongbangError, match="not a part"):
        chosen(MANY, part=text)
