"""What runs that were killed left behind: processes on the controller, private data."""

from __future__ import annotations

import shutil

from gongbang import processes
from gongbang.paths import shown
from gongbang.runs import folders, journal


def sweep(cluster: str) -> list[str]:
    """End what killed runs of this cluster left behind and remove their private data; says what it did."""
    said = []
    for folder in folders.crashed_runs(cluster):
        ended = [
            pid
            for name in (processes.TAG, processes.COMMAND)
            for pid in processes.end(str(folder), name=name)
        ]
        leftovers = list(folder.glob(".run-*"))
        for leftover in leftovers:
            shutil.rmtree(leftover, ignore_errors=True)
        where = journal.bury(cluster, folder)
        said.append(
            f"an earlier run was killed: {shown(folder)}, {where}"
            + (f"; ended its {len(ended)} processes" if ended else "")
        )
    return said
