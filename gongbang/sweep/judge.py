"""Judges a cluster after crashes: its content has to be that of the undisturbed run."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

from gongbang import fingerprint
from gongbang.errors import GongbangError
from gongbang.files import write_atomically
from gongbang.model import Cluster
from gongbang.sweep import driver, nodes, store

SETTLE_S = 120.0
"""How long controllers may need to bring pods, requests and autoscalers to rest."""
PAUSE_S = 4.0


def remember(cluster: Cluster) -> None:
    """Keep the capture of a cluster that has come to rest as the one to compare with."""
    deadline = time.monotonic() + SETTLE_S
    before = capture(cluster)
    while True:
        time.sleep(PAUSE_S)
        now = capture(cluster)
        moved = fingerprint.differences(fingerprint.content(before), fingerprint.content(now))
        if not moved:
            write_atomically(store.reference(cluster), json.dumps(now))
            return
        if time.monotonic() > deadline:
            raise GongbangError(
                "the undisturbed cluster does not come to rest",
                "; ".join(moved[:3]),
                "see what changes there",
            )
        before = now


def differences(cluster: Cluster) -> list[str]:
    """What differs in content from the undisturbed cluster, once it has come to rest; nothing when all is equal."""
    wanted = fingerprint.content(json.loads(store.reference(cluster).read_text()))
    deadline = time.monotonic() + SETTLE_S
    while True:
        found = fingerprint.differences(wanted, fingerprint.content(capture(cluster)))
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(PAUSE_S)


def capture(cluster: Cluster) -> dict[str, Any]:
    """A capture; asked once more when the API or a node does not answer yet."""
    try:
        return fingerprint.capture(cluster)
    except GongbangError:
        time.sleep(PAUSE_S)
        return fingerprint.capture(cluster)


def keep(cluster: Cluster, name: str, run: driver.Run, lines: list[str]) -> Path:
    """Keep what tells of a failure: record and output of the last run, what differs, what the cluster says now."""
    place = driver.folder(cluster) / "evidence" / name.replace("/", "-of-").replace(" ", "-")
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(run.record, place, ignore=shutil.ignore_patterns(".run-*"))
    shutil.copy2(run.output, place)
    write_atomically(place / "cluster.txt", nodes.told(cluster))
    write_atomically(place / "differences.txt", "".join(f"{line}\n" for line in lines))
    return place
