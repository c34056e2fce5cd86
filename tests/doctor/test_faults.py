"""The doctor on a live cluster: real faults, all at once; each is found, its command helps, and then nothing is found."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from gongbang.errors import ExitCode
from gongbang.model import CONTROL_PLANE, WORKERS, Cluster
from gongbang.paths import ROOT

OnNode = Callable[..., str]
Findings = dict[str, dict[str, str]]

KUBECTL = "export KUBECONFIG=/etc/kubernetes/admin.conf; kubectl"
ETCD = "curl --silent --fail --cacert ca.crt --cert healthcheck-client.crt --key healthcheck-client.key https://127.0.0.1:2379"
ALARM = f"""cd /etc/kubernetes/pki/etcd
member=$({ETCD}/v3/maintenance/status --data '{{}}' | sed 's/.*"member_id":"\\([0-9]*\\)".*/\\1/')
{ETCD}/v3/maintenance/alarm --data '{{"action": "ACTIVATE", "alarm": "NOSPACE", "memberID": "'$member'"}}'"""
CLOCK = """printf '%s\\n' '#!/bin/sh' 'case $* in +%s) exec /usr/bin/date -d +105seconds +%s;; *) exec /usr/bin/date "$@";; esac' \
> /usr/local/bin/date; chmod +x /usr/local/bin/date"""
OUT = "/etc/kubernetes/kube-apiserver.away"
API = "/etc/kubernetes/manifests/kube-apiserver.yaml"
STRANGER = json.dumps({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "stranger"}})
PENDING = (Path(__file__).parent / "pending.py").read_text()
SHORT = "/etc/kubernetes/pki/short-lived.crt"


@pytest.fixture(scope="module")
def first(cluster: Cluster) -> str:
    """The control plane."""
    return cluster.nodes_in(CONTROL_PLANE)[0].name


@pytest.fixture(scope="module")
def workers(cluster: Cluster) -> list[str]:
    """The workers; the first two are tried on."""
    return [node.name for node in cluster.nodes_in(WORKERS)]


@pytest.fixture
def undo() -> Iterator[ExitStack]:
    """What puts a fault back, whatever happens."""
    with ExitStack() as stack:
        yield stack


def doctor() -> tuple[int, str, Findings]:
    """Exit code, state, and the findings by what is wrong."""
    argv = [str(ROOT / "inv"), "cluster.doctor", "--json"]
    done = subprocess.run(argv, cwd=ROOT, text=True, capture_output=True, timeout=120, check=False)
    said: dict[str, Any] = json.loads(done.stdout)
    assert said["code"] == done.returncode
    return done.returncode, said["state"], {one["problem"]: one for one in said["findings"]}


def one_of(found: Findings, words: str) -> dict[str, str]:
    """The one finding with these words."""
    chosen = [one for what, one in found.items() if words in what]
    assert len(chosen) == 1, (words, found)
    return chosen[0]


def well(seconds: int = 120) -> None:
    """Wait until the doctor finds nothing."""
    end = time.monotonic() + seconds
    while (last := doctor())[0] != ExitCode.DONE:
        assert time.monotonic() < end, last
        time.sleep(3)


def test_every_fault_is_found_and_its_command_helps(
    first: str, workers: list[str], on_node: OnNode, undo: ExitStack, subtests: Any, tmp_path: Path
) -> None:
    w1, w2, *_ = workers
    well()
    on_node(w1, CLOCK)
    undo.callback(on_node, w1, "rm -f /usr/local/bin/date")
    on_node(first, f"cat > {SHORT}", certificate(tmp_path))
    undo.callback(on_node, first, f"rm -f {SHORT}")
    on_node(first, f"{KUBECTL} cordon {w2}")
    undo.callback(on_node, first, f"{KUBECTL} uncordon {w2}")
    on_node(first, f"{KUBECTL} create --filename -", STRANGER)
    undo.callback(on_node, first, f"{KUBECTL} delete node stranger --ignore-not-found")
    on_node(first, "python3 - pending-upgrade", PENDING)
    undo.callback(on_node, first, "python3 - deployed", PENDING)
    on_node(first, f"{KUBECTL} delete node {w1}")
    on_node(first, ALARM)
    code, state, found = doctor()
    assert (code, state) == (ExitCode.VERIFICATION, "degraded"), found
    for words, seen, fix in (
        (f"{w1}: the clock differs", "+10", "host_time_sync"),
        (f"{SHORT} on {first} ends in 4 days", "", f"on {first}: rm {SHORT}"),
        (f"{w2} is Ready, cordoned", "", f"kubectl uncordon {w2}"),
        ("stranger is in the cluster and not in the inventory", "", "kubectl delete node stranger"),
        ("release web is pending-upgrade", "", "./inv charts.up"),
        (f"{w1} is not in the cluster", "", "./inv cluster.up"),
        ("etcd on", "alarm NOSPACE", "alarm disarm"),
    ):
        with subtests.test(words):
            one = one_of(found, words)
            assert seen in one["seen"], one
            assert fix in one["fix"], one
    on_node(first, one_of(found, "etcd on")["fix"].removeprefix(f"on {first}: "))
    undo.close()
    up = one_of(found, f"{w1} is not in the cluster")["fix"].split()
    subprocess.run(up, cwd=ROOT, check=True, timeout=900)
    well()


def test_an_api_that_is_down_and_a_node_that_is_off(
    cluster: Cluster, first: str, workers: list[str], on_node: OnNode, undo: ExitStack
) -> None:
    w2 = workers[1]
    on_node(
        first, f"mv {API} {OUT}; for i in $(seq 60); do pgrep kube-apiserver || exit 0; sleep 1; done; exit 1"
    )
    undo.callback(on_node, first, f"mv {OUT} {API}")
    subprocess.run(["docker", "pause", f"{cluster.name}-{w2}"], check=True)
    undo.callback(subprocess.run, ["docker", "unpause", f"{cluster.name}-{w2}"], check=True)
    code, state, found = doctor()
    assert (code, state) == (ExitCode.UNREACHABLE, "unreachable"), found
    assert "lab.up" in one_of(found, f"{w2} does not answer")["fix"]
    assert "crictl" in one_of(found, f"API server on {first}")["fix"]
    undo.close()
    well()


def certificate(folder: Path) -> str:
    """A certificate that ends in less than five days."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(folder / "key")]
    argv = ["openssl", "req", "-x509", *key, "-subj", "/CN=short", "-days", "5"]
    return subprocess.run(argv, text=True, capture_output=True, check=True).stdout
