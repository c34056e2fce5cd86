"""Runs the suite from inside this process, quietly; says which checks failed and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from gongbang.errors import GongbangError
from gongbang.model import Cluster
from gongbang.paths import ROOT

FOLDER = Path(__file__).parent
OPTIONS = (
    f"--rootdir={ROOT}",
    f"--config-file={ROOT / 'pyproject.toml'}",
    "--override-ini=addopts=-p no:pytest-ansible --strict-markers",
    "-pno:cacheprovider",
    "-pno:terminal",
)
"""No terminal: what the project's own options say of the summary would not be understood then."""


class Watcher:
    """A pytest plugin that gives the cluster to the suite and remembers what fails."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.failed: dict[str, str] = {}
        self.ran = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.ran += report.when == "call"
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            self.failed[report.nodeid] = str(crash.message if crash else report.longrepr)[-500:]


def run(cluster: Cluster, only: Sequence[str] = ()) -> dict[str, str]:
    """The checks that fail now, by their pytest id, each with its message; of `only` these ids when given.

    Raises KeyboardInterrupt after Ctrl-C, GongbangError when the suite did not run.
    """
    watcher = Watcher(cluster)
    places = [str(ROOT / name) for name in only] or [str(FOLDER)]
    code = pytest.main([*OPTIONS, *places], plugins=[watcher])
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) or not watcher.ran + len(
        watcher.failed
    ):
        raise GongbangError(
            "the suite did not run", f"pytest ended with {code!r}", "./inv cluster.verify shows why"
        )
    return watcher.failed
