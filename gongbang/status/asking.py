"""Asks every node at once, one SSH round trip for each."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gongbang import hostkeys, proc, ssh
from gongbang.errors import GongbangError
from gongbang.model import CONTROL_PLANE, Cluster, Node
from gongbang.outcome import NEEDS_SUDO

SCRIPT = Path(__file__).with_name("on_node.py")
CONNECT_S = 2
"""How long a node may take to answer the first time; one that is off costs this."""
ANSWER_S = 10
"""How long its whole answer may take."""


@dataclass(frozen=True)
class Answer:
    """What a node said, or why it said nothing. `facts` maps a question to {"answer": ...} or {"error": text}.

    `fix` is what helps against the silence when the silence itself tells ("" when it does not).
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    silence: str = ""
    fix: str = ""

    def get(self, question: str) -> Any:
        """The answer to a question; None when it was not asked or not answered."""
        return self.facts.get(question, {}).get("answer")

    def error(self, question: str) -> str:
        """Why a question was not answered ("" when it was, or was not asked)."""
        return str(self.facts.get(question, {}).get("error", ""))


def ask(cluster: Cluster, config: Path) -> dict[str, Answer]:
    """An answer per node of the cluster; `config` is an SSH configuration that names them."""
    if not cluster.nodes:
        return {}
    with ThreadPoolExecutor(len(cluster.nodes)) as pool:
        answers = pool.map(lambda node: _one(node, config), cluster.nodes)
        return {node.name: answer for node, answer in zip(cluster.nodes, answers, strict=True)}


def _one(node: Node, config: Path) -> Answer:
    port = node.vars.get("cluster_endpoint_port", 6443)
    given = {"control_plane": CONTROL_PLANE in node.groups, "api": f"https://{node.address}:{port}"}
    remote = f"sudo -n python3 - {shlex.quote(json.dumps(given))}"
    argv = ["ssh", "-F", str(config), "-o", f"ConnectTimeout={CONNECT_S}", node.name, remote]
    try:
        done = proc.run(argv, input=SCRIPT.read_text(), timeout=ANSWER_S, check=False)
        return Answer(json.loads(done.stdout)) if done.returncode == 0 else why(done.stderr, node)
    except (GongbangError, ValueError) as error:
        return Answer(silence=last_line(str(error)))


def why(said: str, node: Node) -> Answer:
    """What SSH or sudo said instead of an answer."""
    key = hostkeys.explain(said, lambda: ssh.known_hosts(node))
    if key:
        return Answer(silence=key.message, fix=key.fix)
    sudo = "give its user sudo without a password" if any(sign in said for sign in NEEDS_SUDO) else ""
    return Answer(silence=last_line(said), fix=sudo)


def last_line(text: str) -> str:
    """The last line that says something."""
    return next((line for line in reversed(text.strip().splitlines()) if line.strip()), "no answer").strip()
