"""How many records are kept: the oldest go, never one of a run in progress; the journal keeps its lines."""

from __future__ import annotations

import contextlib
import os
import shutil

from gongbang.errors import GongbangError
from gongbang.paths import artifacts_dir
from gongbang.runs import folders

VARIABLE = "GONGBANG_KEEP_RUNS"
KEPT = 100
REMOVED = ".removed-"


def wanted() -> int:
    """How many records of a cluster are kept; GongbangError when the variable is no number from 1 on."""
    text = os.environ.get(VARIABLE, "") or str(KEPT)
    if not text.isdigit() or int(text) < 1:
        raise GongbangError(
            f"{VARIABLE} is not a number of runs", text, f"set it to a number from 1 on, or unset it ({KEPT})"
        )
    return int(text)


def prune(cluster: str, keep: int) -> None:
    """Remove the oldest records beyond `keep`; what a kill leaves half removed is removed next time."""
    base = artifacts_dir(cluster)
    for folder in folders.of_cluster(cluster)[:-keep]:
        if not folders.running(folder):
            with contextlib.suppress(OSError):  # another run may prune at the same time
                folder.rename(base / f"{REMOVED}{folder.name}")
    for folder in base.glob(f"{REMOVED}*"):
        shutil.rmtree(folder, ignore_errors=True)
