"""Proof that the plan sees what people do by hand: makes all drifts and a new declaration together, then one plan has
to name each, one cluster.up to mend all, and the next plan has to be empty.

python -m tests.cluster.drift --inventory PATH
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from gongbang import fingerprint, lock
from gongbang import inventory as inventories
from gongbang.errors import ExitCode, GongbangError
from gongbang.model import CONTROL_PLANE, WORKERS, Cluster
from gongbang.paths import ROOT
from tests.cluster import lists, suite
from tests.cluster.ending import exit_code
from tests.cluster.expect import Expected
from tests.cluster.ssh import Nodes

DATA = Path(__file__).with_name("drifts.yml")
SECONDS = 120
DECLARED = {
    "kubeadm_kubelet_configuration": {"maxPods": 120},
    "kubeadm_cluster_configuration": {
        "apiServer": {"extraArgs": [{"name": "event-ttl", "value": "45m0s"}]},
    },
}
"""What the inventory declares anew, over what it has; kubeadm's words."""
CONSEQUENCES = (
    r"kubeadm file /etc/gongbang/kubeadm.yml: other content",
    r"kubeadm kubelet-config: maxPods: missing -> 120",
    r"kubeadm kubeadm-config: apiServer.extraArgs: .*",
    r"kubeadm static pod kube-apiserver: spec.containers.command: missing -> --event-ttl=45m0s",
    r"kubeadm kubelet configuration: maxPods: .* -> 120",
)
"""The lines of the plan that tell the new declaration; the first node's and the others' kubelets are each told."""


class Drifts:
    """The drifts of the data file on one cluster."""

    def __init__(self, cluster: Cluster, nodes: Nodes) -> None:
        self.cluster, self.nodes = cluster, nodes
        first, workers = cluster.nodes_in(CONTROL_PLANE)[0].name, cluster.nodes_in(WORKERS)
        self.places = {"control_plane": first, "worker": workers[0].name, "last": workers[-1].name}
        releases = {one["name"]: str(one.get("namespace", "default")) for one in lists.releases(cluster)}
        self.words = {
            "FIRST": first,
            "WORKER": workers[0].name,
            "LAST": workers[-1].name,
            "WEB_NS": releases.get("web", ""),
            "ENDPOINT": cluster.endpoint,
        }
        self.swapless = [one.name for one in workers[-1:] if swapless(nodes, one.name)]
        there = {
            "mirrors": bool(Expected(cluster).get(first, "cluster_registry_mirrors", [])),
            "web": "web" in releases,
            "approver": lists.APPROVER in releases,
            "metrics": "metrics-server" in releases,
            "no-swap": bool(self.swapless),
        }
        found: list[dict[str, Any]] = yaml.safe_load(DATA.read_text())
        self.all = [one for one in found if there.get(one.get("needs", ""), True)]
        self.left_out = [one["name"] for one in found if one not in self.all]

    def fill(self, text: str) -> str:
        """The text with the names of this cluster."""
        pattern = re.compile(r"\b(" + "|".join(self.words) + r")\b")
        return pattern.sub(lambda match: self.words[match[1]], text)

    def make(self) -> None:
        """Make all of them, node by node in their order, the nodes side by side."""
        with ThreadPoolExecutor(len(self.places)) as pool:
            list(pool.map(self.make_on, self.places))

    def make_on(self, place: str) -> None:
        for one in (one for one in self.all if one["node"] == place):
            command = f"export KUBECONFIG=/etc/kubernetes/admin.conf; set -e\n{self.fill(one['make'])}"
            code, out, err = self.nodes.run(self.places[place], command, seconds=SECONDS)
            if code != 0:
                raise GongbangError(
                    f"the drift {one['name']} could not be made",
                    (err or out).strip()[-500:],
                    "./inv cluster.up",
                )

    def judge(self, plan: Sequence[Mapping[str, str]]) -> list[str]:
        """What is wrong with a plan: drifts that it does not name, lines that no drift explains."""
        lines = [(row["host"], f"{row['role']} {row['change']}") for row in plan]
        explained: set[tuple[str, str]] = {
            line for line in lines if any(re.fullmatch(pattern, line[1]) for pattern in CONSEQUENCES)
        }
        wrong = []
        for one in self.all:
            host = self.places[one.get("told", one["node"])]
            for pattern in map(self.fill, one["names"]):
                found = [line for line in lines if line[0] == host and re.fullmatch(pattern, line[1])]
                explained.update(found)
                wrong += [] if found else [f"{one['name']}: the plan has no line like: {host} {pattern}"]
        told = {line for line in explained if re.fullmatch("|".join(CONSEQUENCES), line[1])}
        wrong += (
            [] if len(told) >= len(CONSEQUENCES) else [f"the new declaration is not told: {sorted(told)}"]
        )
        return wrong + [
            f"nobody has made: {host} {text}" for host, text in lines if (host, text) not in explained
        ]


def swapless(nodes: Nodes, name: str) -> bool:
    """Whether this node has no swap: a container shares its machine's, which is not ours to turn off."""
    return nodes.run(name, "swapon --show", seconds=SECONDS)[1].strip() == ""


def declared_anew(cluster: Cluster, folder: Path, swapless: Sequence[str]) -> Path:
    """A copy of the inventory that declares something else; the swapless nodes are to stay so."""
    copy = folder / "inventory"
    shutil.copytree(cluster.inventory, copy)
    expected, first = Expected(cluster), cluster.nodes_in(CONTROL_PLANE)[0]
    merged = {name: expected.get(first, name, {}) | value for name, value in DECLARED.items()}
    (copy / "group_vars" / "all" / "zzz_drift.yml").write_text(yaml.safe_dump(merged))
    (copy / "host_vars").mkdir(exist_ok=True)
    for name in swapless:
        own = copy / "host_vars" / name
        own.mkdir(exist_ok=True)
        (own / "zzz_drift.yml").write_text(yaml.safe_dump({"host_swap_manage": True}))
    return copy


def inv(command: str, path: Path, wanted: ExitCode) -> dict[str, Any]:
    """Run a command; its summary. Raises GongbangError when it ends in another way than wanted."""
    argv = [
        sys.executable,
        "-m",
        "invoke",
        "--search-root",
        str(ROOT),
        command,
        "--json",
        "--inventory",
        str(path),
    ]
    code, out, err = ended(argv)
    if code != wanted:
        last = "\n".join((out + err).splitlines()[-60:])
        raise GongbangError(f"{command} ended with {code}, not with {int(wanted)}", last, "read what it says")
    found: dict[str, Any] = json.loads(out)
    return found


def ended(argv: Sequence[str]) -> tuple[int, str, str]:
    """Run a program to its end: exit code, output, errors. An interrupt is handed on, so that the program ends in order.

    It runs in a session of its own, where a terminal's Ctrl-C reaches it through us only. The SIGTERM that our own parent
    sends after a Ctrl-C is no second one.
    """
    pipe, stopped = subprocess.PIPE, False
    with subprocess.Popen(
        argv, cwd=ROOT, text=True, stdout=pipe, stderr=pipe, start_new_session=True
    ) as child:
        while True:
            try:
                out, err = child.communicate()
                break
            except KeyboardInterrupt:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                child.send_signal(signal.SIGINT)
                stopped = True
    if stopped:
        raise KeyboardInterrupt
    return child.returncode, out, err


def tell(line: str) -> None:
    print(line, flush=True)


def run(cluster: Cluster) -> list[str]:
    """Make, plan, mend, plan; what went wrong."""
    nodes = Nodes(cluster)
    try:
        drifts = Drifts(cluster, nodes)
        with tempfile.TemporaryDirectory() as folder:
            path = declared_anew(cluster, Path(folder), drifts.swapless)
            with lock.held(cluster, "verify.drift"):  # the plan and the run take it themselves
                lock.on_nodes()
                drifts.make()
            # Of the nodes alone: after these drifts the API's objects change by themselves. The deleted node's pods are taken
            # away and made elsewhere, CoreDNS and a release roll out, another ends; and a metrics-server that starts again
            # without its rights leaves an API that kubectl cannot list whole.
            before = fingerprint.capture(cluster, with_cluster=False)
            plan = inv("cluster.plan", path, ExitCode.CHANGES)
            touched = fingerprint.differences(before, fingerprint.capture(cluster, with_cluster=False))
            for row in plan["plan"]:
                tell(f"  {row['host']:<4} {row['role']:<20} {row['change']}")
            wrong = drifts.judge(plan["plan"]) + [f"cluster.plan changed {line}" for line in touched]
            tell(
                f"{len(drifts.all)} drifts made, {len(plan['plan'])} changes planned in {plan['duration_s']} s"
            )
            done = inv("cluster.up", path, ExitCode.DONE)
            tell(f"mended in {done['duration_s']} s")
            again = inv("cluster.plan", path, ExitCode.DONE)
            tell(f"the plan is empty again, told in {again['duration_s']} s")
            failed = suite.run(inventories.load(path), [str(Path("tests/cluster/test_configuration.py"))])
        for name in drifts.left_out:
            tell(f"{name}: left out, this inventory or machine has nothing of the kind")
        return wrong + [f"{name}: {why}" for name, why in failed.items()]
    finally:
        nodes.close()


def main(inventory: str) -> ExitCode:
    """Run it on the inventory's cluster and tell how it went."""
    wrong = run(inventories.load(inventories.path_of(inventory)))
    for text in wrong:
        tell(text)
    tell("every drift was named and mended" if not wrong else f"{len(wrong)} problems")
    return ExitCode.VERIFICATION if wrong else ExitCode.DONE


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inventory", default="")
    options = vars(parser.parse_args())
    raise SystemExit(exit_code(lambda: main(**options), "stopped; ./inv cluster.up mends what was made"))
