"""One thing that is wrong with an inventory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: what, the value seen, what mends it."""

    what: str
    seen: str
    fix: str
