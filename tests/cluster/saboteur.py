"""Breaks one thing on a cluster, lets the suite look, and puts it back."""

from __future__ import annotations

import fnmatch
import json
import re
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from gongbang.errors import GongbangError
from gongbang.model import CONTROL_PLANE, WORKERS, Cluster
from gongbang.paths import private_dir, state_dir
from tests.cluster import lists, suite
from tests.cluster.expect import Expected
from tests.cluster.pack import packed
from tests.cluster.ssh import Nodes

DATA = Path(__file__).with_name("sabotages.yml")
RECOVERY_SECONDS = 120
REMOTE_SECONDS = 150
CHART = "/run/gongbang-sabotage-chart"


@dataclass(frozen=True)
class Sabotage:
    """One thing to break; see sabotages.yml."""

    name: str
    node: str
    breaks: str
    undo: str
    fails: tuple[str, ...]
    may: tuple[str, ...] = ()
    settled: str = ""
    needs: str = ""
    chart: str = ""


@dataclass
class Outcome:
    """What came of one sabotage."""

    name: str
    good: bool = False
    skipped: str = ""
    missed: list[str] = field(default_factory=list)
    """checks that had to fail and did not"""
    surprises: dict[str, str] = field(default_factory=dict)
    """checks that failed and are not declared as a consequence, and why"""
    problem: str = ""
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0


def load() -> list[Sabotage]:
    """All sabotages, from the data file."""
    found = yaml.safe_load(DATA.read_text())
    return [
        Sabotage(
            breaks=entry.pop("break"),
            fails=tuple(entry.pop("fails")),
            may=tuple(entry.pop("may", ())),
            **entry,
        )
        for entry in found
    ]


class Saboteur:
    """Breaks, looks and undoes on one cluster."""

    def __init__(self, cluster: Cluster, nodes: Nodes) -> None:
        self.cluster, self.nodes = cluster, nodes
        self.first = cluster.nodes_in(CONTROL_PLANE)[0].name
        workers = cluster.nodes_in(WORKERS)
        self.worker = workers[0].name if workers else self.first
        self.releases = {
            str(one["name"]): str(one.get("namespace", "default")) for one in lists.releases(cluster)
        }
        self.note = private_dir(state_dir()) / f"sabotage-{cluster.name}.json"

    def words(self, one: Sabotage) -> dict[str, str]:
        """What the capital words of the data file stand for."""
        return {
            "NODE": self.place(one),
            "FIRST": self.first,
            "WORKER": self.worker,
            "WEB_NS": self.releases.get("web", ""),
            "CNI_NS": self.releases.get(self.cluster.cni, ""),
            "CHART": CHART,
            "ENDPOINT": re.escape(self.cluster.endpoint),
        }

    def place(self, one: Sabotage) -> str:
        return self.worker if one.node == "worker" else self.first

    def fill(self, one: Sabotage, text: str) -> str:
        pattern = re.compile(r"\b(" + "|".join(self.words(one)) + r")\b")
        return pattern.sub(lambda match: self.words(one)[match[1]], text)

    def missing(self, one: Sabotage) -> str:
        """What the inventory lacks for this sabotage, or nothing."""
        expected = Expected(self.cluster)
        there = {
            "mirrors": bool(expected.get(self.first, "cluster_registry_mirrors", [])),
            "web": "web" in self.releases,
            "cni": self.cluster.cni == "flannel",
            "approver": lists.APPROVER in self.releases,
            "metrics": "metrics-server" in self.releases,
            "workers": bool(self.cluster.nodes_in(WORKERS)),
        }
        return "" if not one.needs or there[one.needs] else one.needs

    def remote(self, one: Sabotage, text: str, where: str = "") -> None:
        """Run one of its commands; raises GongbangError when it does not end well."""
        command = f"export KUBECONFIG=/etc/kubernetes/admin.conf; set -e\n{self.fill(one, text)}"
        code, out, err = self.nodes.run(where or self.place(one), command, seconds=REMOTE_SECONDS)
        if code != 0:
            raise GongbangError(
                f"{one.name}: a command failed", (err or out).strip()[-500:], f"run it by hand: {text}"
            )

    def break_it(self, one: Sabotage) -> None:
        self.note.write_text(json.dumps({"name": one.name}))
        if one.chart:
            unpack = f"base64 -d | tar xz -C {CHART} --strip-components 1"
            self.remote(one, f"rm -rf {CHART}; mkdir -p {CHART}; printf %s {packed(one.chart)} | {unpack}")
        self.remote(one, one.breaks)

    def undo(self, one: Sabotage) -> None:
        """Put it back, whatever is sent to us meanwhile."""
        with undisturbed():
            self.remote(one, one.undo)
            if one.chart:
                self.remote(one, f"rm -rf {CHART}")
            if one.settled:
                self.remote(one, one.settled, self.first)
            self.note.unlink(missing_ok=True)

    def recover(self) -> None:
        """Undo what a run that was killed left broken."""
        if self.note.exists():
            name = json.loads(self.note.read_text())["name"]
            for one in load():
                if one.name == name:
                    print(f"{name}: left broken by an earlier run, undone now", flush=True)
                    self.undo(one)

    def heals(self, failed: Iterable[str]) -> dict[str, str]:
        """Wait until the checks that failed pass again; those that still fail at the end of the time, and why."""
        end = time.monotonic() + RECOVERY_SECONDS
        left = dict.fromkeys(failed, "")
        while left and time.monotonic() < end:
            left = suite.run(self.cluster, list(left))
        return left

    def judge(self, one: Sabotage) -> Outcome:
        """Break, look, undo, and wait for the cluster to be itself again."""
        outcome = Outcome(one.name, skipped=self.missing(one))
        if outcome.skipped:
            return outcome
        begun = time.monotonic()
        try:
            try:
                self.break_it(one)
                seen = suite.run(self.cluster)
            finally:
                self.undo(one)
            self.compare(one, outcome, seen)
            left = self.heals(seen)
            outcome.problem = f"still failing after it was undone: {list(left.items())[:3]}" if left else ""
        except GongbangError as error:
            outcome.problem = str(error)
        outcome.good = not (outcome.missed or outcome.surprises or outcome.problem)
        outcome.seconds = round(time.monotonic() - begun, 1)
        return outcome

    def compare(self, one: Sabotage, outcome: Outcome, seen: Mapping[str, str]) -> None:
        """Fill in what failed, what had to and did not, and what was not to."""
        failed = {place.rsplit("::", maxsplit=1)[-1]: why for place, why in seen.items()}
        wanted = [self.fill(one, name) for name in one.fails]
        patterns = [re.sub(r"([\[\]])", r"[\1]", name) for name in wanted] + [
            self.fill(one, name) for name in one.may
        ]
        outcome.failed = sorted(failed)
        outcome.missed = [name for name in wanted if name not in failed]
        outcome.surprises = {
            name: why
            for name, why in failed.items()
            if not any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
        }


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ctrl-C and termination wait until the end of the block, then they come."""
    came: list[int] = []
    held = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {which: signal.signal(which, lambda number, _: came.append(number)) for which in held}
    try:
        yield
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)
    if came:
        raise KeyboardInterrupt
