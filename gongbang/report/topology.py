"""The picture of the cluster: nodes on their network, the networks inside it. Pure geometry, in SVG's units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gongbang.model import CONTROL_PLANE
from gongbang.report.gantt import cut

WIDTH = 1000
MARGIN = 24
NODE_WIDTH, NODE_HEIGHT = 184, 92
GAP = 16
PER_ROW = 5
BUS = 34
"""Height of the nodes' network."""
STEM = 26
"""Length of the line between a node and its network."""
OK, CHANGED, FAILED, IDLE = "ok", "changed", "failed", "idle"
SAID = {OK: "nothing to change", FAILED: "failed", IDLE: "not reached by this run"}


@dataclass(frozen=True)
class NodeBox:
    """A node as it is drawn; `stem` from where to where its line to the network goes."""

    x: float
    y: float
    name: str
    full: str
    address: str
    kind: str
    role: str
    state: str
    said: str
    stem: tuple[float, float]


@dataclass
class Topology:
    """All that is to be drawn."""

    height: float = 0
    nodes: list[NodeBox] = field(default_factory=list)
    bus: float = 0
    networks: Mapping[str, str] = field(default_factory=dict)
    overlays: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, addresses and what they are for, of the networks inside the cluster."""
    endpoint: str = ""
    cni: str = ""
    overlay_y: float = 0
    width: int = WIDTH
    node_width: int = NODE_WIDTH
    node_height: int = NODE_HEIGHT
    bus_height: int = BUS


def draw(about: Mapping[str, Any], hosts: Mapping[str, Mapping[str, int]]) -> Topology | None:
    """The picture of what about.json describes, `hosts` from summary.json; None when it names no node."""
    nodes = about.get("nodes") or []
    if not nodes:
        return None
    picture = Topology(
        networks=about.get("networks") or {},
        endpoint=str(about.get("endpoint", "")),
        cni=str(about.get("cni", "")),
    )
    planes = [node for node in nodes if node["role"] == CONTROL_PLANE]
    workers = [node for node in nodes if node["role"] != CONTROL_PLANE]
    top = MARGIN + (28 if picture.endpoint else 0)
    picture.bus = top + _height(planes)
    below = picture.bus + BUS + STEM
    picture.nodes = _place(planes, hosts, top, picture.bus, above=True)
    picture.nodes += _place(workers, hosts, below, picture.bus + BUS, above=False)
    picture.overlay_y = below + _height(workers) - STEM + (GAP if workers else 0)
    uses = {"pods": f"pod network{f', {picture.cni}' if picture.cni else ''}", "services": "service network"}
    picture.overlays = [
        (name, picture.networks[name], use) for name, use in uses.items() if picture.networks.get(name)
    ]
    picture.height = picture.overlay_y + (BUS + MARGIN if picture.overlays else MARGIN)
    return picture


def _height(nodes: Sequence[Any]) -> float:
    """The height of these nodes' rows with the lines to the network."""
    rows = -(-len(nodes) // PER_ROW)
    return rows * (NODE_HEIGHT + GAP) - GAP + STEM if rows else 0


def _place(
    nodes: Sequence[Mapping[str, str]],
    hosts: Mapping[str, Mapping[str, int]],
    top: float,
    bus: float,
    *,
    above: bool,
) -> list[NodeBox]:
    boxes = []
    for index, node in enumerate(nodes):
        row, column = divmod(index, PER_ROW)
        columns = min(PER_ROW, len(nodes) - row * PER_ROW)
        left = (WIDTH - columns * NODE_WIDTH - (columns - 1) * GAP) / 2
        y = top + row * (NODE_HEIGHT + GAP)
        state, said = result(hosts.get(node["name"]))
        boxes.append(
            NodeBox(
                left + column * (NODE_WIDTH + GAP), y, cut(node["name"], 15), node["name"], cut(node["address"], 21),
                node["kind"], node["role"].replace("_", " ").rstrip("s"), state, said,
                (y + NODE_HEIGHT, bus) if above else (bus, y),
            )
        )  # fmt: skip
    return boxes


def result(row: Mapping[str, int] | None) -> tuple[str, str]:
    """What a run did to a host, as a word for its colour and as text."""
    if not row:
        return IDLE, SAID[IDLE]
    if row.get("failed") or row.get("unreachable"):
        return FAILED, SAID[FAILED] if row.get("failed") else "unreachable"
    changed = row.get("changed", 0)
    return (CHANGED, f"{changed} change{'' if changed == 1 else 's'}") if changed else (OK, SAID[OK])
