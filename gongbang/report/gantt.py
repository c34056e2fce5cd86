"""The picture of the time: a lane for each host inside each role inside each play. Pure geometry, in SVG's units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gongbang.report.timeline import Bar, Row, Timeline

WIDTH = 1000
LEFT = 250
"""Where time begins: left of it are the names."""
RIGHT = 24
TOP = 30
PLAY = 30
"""Height of a play's heading."""
GAP = 6
"""Between two roles."""
NAMED_HOSTS = 8
"""Up to so many hosts each lane says its host; with more the lanes are thin and the tooltip says it."""
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
TICKS = 8
"""How many marks on the time axis are enough."""


@dataclass(frozen=True)
class Box:
    """A bar as it is drawn; `kind` says how it is coloured, `tip` what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    tip: str
    changed: int
    failed: bool


@dataclass(frozen=True)
class Label:
    """A word on the picture."""

    x: float
    y: float
    text: str
    full: str = ""


@dataclass
class Gantt:
    """All that is to be drawn."""

    height: float = TOP
    plays: list[Label] = field(default_factory=list)
    roles: list[Label] = field(default_factory=list)
    hosts: list[Label] = field(default_factory=list)
    bars: list[Box] = field(default_factory=list)
    ticks: list[Label] = field(default_factory=list)
    width: int = WIDTH
    left: int = LEFT


def draw(timeline: Timeline, control_planes: frozenset[str]) -> Gantt:
    """The picture of a timeline; hosts among `control_planes` get a colour of their own."""
    picture = Gantt()
    lane = 15.0 if len(timeline.hosts) <= NAMED_HOSTS else 6.0
    scale = (WIDTH - LEFT - RIGHT) / (timeline.seconds or 1.0)
    play = None
    for row in timeline.rows:
        if row.play != play:
            play = row.play
            picture.height += PLAY
            picture.plays.append(Label(0, picture.height - 9, cut(play, 60), play))
        _row(picture, row, lane, scale, control_planes)
    picture.height += GAP
    picture.ticks = [Label(LEFT + at * scale, TOP - 12, clock(at)) for at in ticks(timeline.seconds)]
    return picture


def _row(picture: Gantt, row: Row, lane: float, scale: float, control_planes: frozenset[str]) -> None:
    middle = picture.height + min(lane, 15.0) / 2 + 4
    picture.roles.append(Label(14, middle, cut(row.role, 21), row.role))
    for host, bars in row.lanes.items():
        if lane >= 15.0:
            picture.hosts.append(Label(LEFT - 10, picture.height + lane / 2 + 4, cut(host, 11), host))
        kind = "control" if host in control_planes else "worker"
        picture.bars += [_bar(bar, row, host, kind, picture.height, lane, scale) for bar in bars]
        picture.height += lane
    picture.height += GAP


def _bar(bar: Bar, row: Row, host: str, kind: str, y: float, lane: float, scale: float) -> Box:
    parts = [f"{row.role} on {host}: {bar.seconds:.1f} s from {bar.begin:.1f} s on", f"{bar.tasks} tasks"]
    parts += [f"{bar.changed} changed"] if bar.changed else []
    parts += ["failed"] if bar.failed else []
    x = LEFT + bar.begin * scale
    width = max(2.0, bar.seconds * scale)
    return Box(x, y + 1.5, width, lane - 3, kind, ", ".join(parts), bar.changed, bar.failed)


def ticks(seconds: float) -> Iterator[float]:
    """Round marks on the time axis."""
    step = next((step for step in STEPS if seconds / step <= TICKS), STEPS[-1])
    return (float(at) for at in range(0, int(seconds) + 1, step))


def clock(seconds: float) -> str:
    """`45 s`, `1:30`, `1:02:03`."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def cut(text: str, length: int) -> str:
    """The text, cut to a length that fits; the whole is in the picture's tooltip."""
    return text if len(text) <= length else text[: length - 1] + "…"
