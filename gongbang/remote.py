"""Asks one node something, over the inventory's own SSH settings; Ansible knows them all."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Any

from gongbang import proc
from gongbang.errors import ExitCode, GongbangError
from gongbang.model import CONTROL_PLANE, Cluster, Node
from gongbang.paths import ROOT, TOOLS

SECONDS = 180
ADMIN = "/etc/kubernetes/admin.conf"
SETTINGS = {
    "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
    "ANSIBLE_HOST_KEY_CHECKING": "True",
    "ANSIBLE_SSH_HOST_KEY_CHECKING": "True",
    "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
    "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
    "ANSIBLE_DEPRECATION_WARNINGS": "0",
}


def first_control_plane(cluster: Cluster) -> Node:
    """The node on which cluster-wide commands run."""
    nodes = cluster.nodes_in(CONTROL_PLANE)
    if not nodes:
        raise GongbangError(
            "there is no control plane", str(cluster.inventory), f"put a host into {CONTROL_PLANE}"
        )
    return nodes[0]


def ask(cluster: Cluster, node: Node, argv: Sequence[str], *, seconds: float = SECONDS) -> str:
    """What a command prints on a node, run as root; GongbangError when it fails or nobody answers."""
    done = proc.run(
        [
            TOOLS / "ansible", "-i", cluster.inventory, node.name, "--become",
            "-m", "ansible.builtin.command", "-a", shlex.join(argv),
        ],
        cwd=ROOT, env=SETTINGS, timeout=seconds, check=False,
    )  # fmt: skip
    result = result_of(done.stdout, node)
    if result.get("unreachable"):
        said = str(result.get("msg", "")).strip()
        raise GongbangError(
            f"{node.name} does not answer", said, f"./inv lab.ssh {node.name}, or ssh", ExitCode.UNREACHABLE
        )
    if result.get("failed") or result.get("rc"):
        said = str(result.get("stderr") or result.get("stdout") or result.get("msg") or done.stderr).strip()
        fix = "look at the message above; `./inv cluster.verify` checks the whole cluster"
        raise GongbangError(f"{proc.shown(argv)} failed on {node.name}", said, fix, ExitCode.FAILED)
    return str(result.get("stdout", ""))


def result_of(output: str, node: Node) -> dict[str, Any]:
    """The node's result in what Ansible's JSON callback printed; a failed one when there is none."""
    start = output.find("{")
    try:
        hosts = json.loads(output[start:])["plays"][0]["tasks"][0]["hosts"] if start >= 0 else {}
    except (ValueError, LookupError):
        hosts = {}
    return dict(hosts.get(node.name) or {"failed": True, "msg": output[-500:]})


def helm(cluster: Cluster, *words: str, waits_s: int = 0) -> str:
    """What helm prints on the first control plane; with `waits_s` it waits so long until all is ready, and we longer."""
    wait = ["--wait", "--timeout", f"{waits_s}s"] if waits_s else []
    argv = ["helm", "--kubeconfig", ADMIN, *words, *wait]
    return ask(cluster, first_control_plane(cluster), argv, seconds=SECONDS + waits_s)
