"""The report of a run, looked at in a real browser: in light and dark, on a wide screen and on a telephone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import LONG, NASTY, Look

WIDE, NARROW = 1200, 500
VIEWS = [(WIDE, False), (WIDE, True), (NARROW, False)]


def sound(seen: dict[str, Any]) -> None:
    """What holds for every report in every view."""
    assert seen["overflow"] <= 0, "the page is wider than the screen"
    assert seen["faint"] == [], "texts that are hard to read"
    assert seen["loaded"] == []
    assert seen["images"] == 0
    assert seen["twice"] == seen["dead"] == []
    assert seen["bare"] == 0
    assert [text[:2] for text in seen["headings"]].count("H1") == 1
    for picture in seen["pictures"]:
        assert picture["named"]
        assert picture["outside"] == picture["inBoxes"] == picture["overlapping"] == []


@pytest.mark.parametrize(("width", "dark"), VIEWS)
def test_a_good_run(good: Path, look: Look, width: int, dark: bool) -> None:
    seen = look(good, width, dark=dark)
    sound(seen)
    assert (seen["background"] == "rgb(15, 19, 26)") is dark
    topology, gantt = seen["pictures"]
    assert topology["nodes"] == 3
    assert gantt["bars"] == 12
    for words in ("cluster.up", "done", "9 passed, 0 failed", "172.30.36.0/24", "Write files", "1.36.3"):
        assert words in seen["text"]
    assert "What failed" not in seen["text"]


@pytest.mark.parametrize(("width", "dark"), VIEWS)
def test_a_bad_run_with_nasty_texts(bad: Path, look: Look, width: int, dark: bool) -> None:
    seen = look(bad, width, dark=dark)
    sound(seen)
    assert seen["pwned"] is None
    assert seen["scripts"] == 1, "only the probe's own"
    for words in (NASTY, "What failed", "./inv cluster.up", "8 passed, 1 failed", LONG, "unreachable"):
        assert words in seen["text"]
    assert seen["text"].count("window.pwned=1") > 40, "the log's last lines are there"
