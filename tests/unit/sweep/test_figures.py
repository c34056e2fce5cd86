"""The figures of a sweep, gathered over several, and the page that shows them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gongbang.sweep import figures, report, store
from gongbang.sweep.boundaries import Boundary
from gongbang.sweep.store import Chain, State

LINES = [Boundary("play", f"roles/{role}/tasks/main.yml:1", "cp1").line for role in ("a", "a", "b")]
SHOT = {"status": store.EQUAL, "first": "killed", "runs_again": 1, "seconds": 50.0}


@pytest.fixture
def whole() -> figures.Figures:
    """A sweep with a whole chain and a shot that did not end equal."""
    chain = Chain(position=1, kills={"0": 2.0, "1": 4.0}, status=store.EQUAL, seconds=9.0)
    shots = {"join, node hangs": {**SHOT, "status": store.DIFFERENT, "evidence": ["it"]}}
    return figures.of(State("a-hash", LINES, 80.0, {"all": chain}, shots))


def test_boundaries_are_counted_by_role(whole: figures.Figures) -> None:
    assert whole["groups"] == [
        {"name": "play: a", "boundaries": 2, "killed": 2, "passed": 0},
        {"name": "play: b", "boundaries": 1, "killed": 0, "passed": 1},
    ]
    assert whole["chains"]["all"]["seconds_per_kill"] == 3.0
    assert "evidence" not in whole["single_shots"]["join, node hangs"]


def test_a_later_sweep_of_the_same_inputs_adds_to_what_is_known(whole: figures.Figures) -> None:
    later = figures.of(State("a-hash", LINES, 90.0, {}, {"join, node hangs": SHOT}))
    told = figures.gathered(whole, later)
    assert told["chains"] == whole["chains"]
    assert told["groups"] == whole["groups"]
    assert told["undisturbed_seconds"] == 80.0
    assert told["single_shots"]["join, node hangs"]["status"] == store.EQUAL


def test_what_was_seen_with_other_inputs_stays_and_says_so(whole: figures.Figures) -> None:
    later = figures.of(State("another-hash", LINES, 90.0, {}, {"init, containerd killed": SHOT}))
    told = figures.gathered(whole, later)
    assert told["inputs"] == "another-hash"
    assert told["chains"]["all"]["inputs"] == told["single_shots"]["join, node hangs"]["inputs"] == "a-hash"
    assert told["single_shots"]["init, containerd killed"]["inputs"] == "another-hash"
    assert figures.gathered({}, later) == later


@pytest.mark.parametrize(
    ("verdict", "stands"), [(store.RUNNING, "a-hash"), (store.DIFFERENT, "another-hash")]
)
def test_a_chain_that_has_ended_gives_way_to_one_that_has_too(
    whole: figures.Figures, verdict: str, stands: str
) -> None:
    chain = Chain(position=0, kills={"0": 2.0}, status=verdict)
    told = figures.gathered(whole, figures.of(State("another-hash", LINES, 90.0, {"all": chain})))
    assert told["chains"]["all"]["inputs"] == stands
    assert told["undisturbed_seconds"] == (80.0 if stands == "a-hash" else 90.0)
    assert told["groups"][0]["killed"] == (2 if stands == "a-hash" else 1)


def test_without_a_whole_chain_those_boundaries_are_shown_that_had_more_kills(whole: figures.Figures) -> None:
    part = {**whole, "chains": {}}
    later = figures.of(State("another-hash", LINES, 90.0, {"1/2": Chain(0, {"0": 2.0})}))
    assert figures.gathered(part, later)["undisturbed_seconds"] == 80.0


def test_the_page_tells_the_shots_that_did_not_end_equal(whole: figures.Figures) -> None:
    head: dict[str, Any] = {"date": "2026-01-01", "trees": {"a-hash": "1" * 40, "unused": "2" * 40}}
    text = report.page(head | whole)
    assert "killed at 2 of them, and 1 of 47 single shots were fired; 0 of these ended equal" in text
    assert "| join, node hangs | killed | 1 | 50 | different | a-hash |" in text
    assert "- `a-hash`: tree 111111111111" in text
    assert "unused" not in text


def test_the_committed_page_shows_the_committed_figures() -> None:
    assert report.PAGE.read_text() == report.page(json.loads(report.RESULT.read_text()))
