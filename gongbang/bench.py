"""The benchmark: cluster.up beside a plain script that does the same work, in one run, as ratios."""

from __future__ import annotations

import json as json_module
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gongbang import bench_floor, inventory, proc
from gongbang.errors import ExitCode
from gongbang.model import Cluster
from gongbang.paths import ROOT

INVENTORY = ROOT / "bench" / "inventory"
SECONDS = 1800
"""Limit for each command that is timed, and for making and removing the nodes."""
AGAIN = 3
"""How often the second cluster.up is timed: the quickest counts, for whatever else the machine does only adds to it."""
LIMITS = {
    "up_ratio": (1.5, "cluster.up takes more than 1.5 times as long as the plain script"),
    "again_s": (25, "a second cluster.up takes more than 25 s"),
    "again_changed": (0, "a second cluster.up changes something"),
}
"""What the figures may come to at most, and what is wrong when one is larger."""


def run(*, json: bool, check: bool = False) -> ExitCode:
    """Measure floor, cluster.up and a second cluster.up on fresh lab nodes of the benchmark's own.

    Prints seconds and ratios; with `json` one object: floor_s, up_s, again_s (seconds), up_ratio, again_changed.
    With `check`, VERIFICATION when a figure is above its limit.
    """
    cluster = inventory.load(INVENTORY)
    say = sys.stderr if json else sys.stdout
    with fresh_nodes():
        floor_s = floor(cluster)
        print(f"floor: plain SSH, apt, kubeadm, helm   {floor_s:6.1f} s", file=say, flush=True)
    with fresh_nodes():
        up_s, _ = cluster_up()
        print(
            f"cluster.up on existing nodes           {up_s:6.1f} s   {up_s / floor_s:.2f} x",
            file=say,
            flush=True,
        )
        further = [cluster_up() for _ in range(AGAIN)]
        again_s = min(seconds for seconds, _ in further)
        changed = sum(summary["changed"] for _, summary in further)
        print(f"cluster.up again, the quickest of {AGAIN}    {again_s:6.1f} s   changed={changed}", file=say)
    figures = {
        "floor_s": round(floor_s, 1), "up_s": round(up_s, 1), "again_s": round(again_s, 1),
        "up_ratio": round(up_s / floor_s, 2), "again_changed": changed,
    }  # fmt: skip
    wrong = above(figures) if check else []
    for text in wrong:
        print(f"FAILED {text}", file=say, flush=True)
    if json:
        print(json_module.dumps(figures))
    return ExitCode.VERIFICATION if wrong else ExitCode.DONE


def above(figures: Mapping[str, float]) -> list[str]:
    """What is wrong with the figures, in words."""
    return [
        f"{words}: {name} is {figures[name]:g}"
        for name, (limit, words) in LIMITS.items()
        if figures[name] > limit
    ]


@contextmanager
def fresh_nodes() -> Iterator[None]:
    """The benchmark's nodes, made new, and removed again."""
    command("lab.down")
    command("lab.up")
    try:
        yield
    finally:
        command("lab.down")


def floor(cluster: Cluster) -> float:
    """Seconds that the plain script takes on the nodes."""
    with TemporaryDirectory(prefix="gb-bench-") as folder, bench_floor.settings(cluster, Path(folder)) as env:
        begun = time.monotonic()
        proc.run([ROOT / "bench" / "floor.sh"], env=env, timeout=SECONDS)
        return time.monotonic() - begun


def cluster_up() -> tuple[float, dict[str, Any]]:
    """Seconds that the command takes as a user runs it, start-up included, and its summary."""
    begun = time.monotonic()
    summary = json_module.loads(command("cluster.up", "--json"))
    return time.monotonic() - begun, summary


def command(name: str, *words: str) -> str:
    """What one of our own commands prints for the benchmark's inventory; it must end well."""
    argv = [str(ROOT / "inv"), name, "--inventory", str(INVENTORY), *words]
    return proc.run(argv, cwd=ROOT, timeout=SECONDS).stdout
