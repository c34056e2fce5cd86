"""Reaches the nodes with the inventory's own SSH settings, through testinfra, on shared connections."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import testinfra

from gongbang.model import Cluster
from gongbang.ssh import configuration

SCRIPTS = Path(__file__).parent / "remote"
SECONDS = 90
"""Limit for one command on one node, times cluster_verify_patience."""


class Nodes:
    """The nodes of a cluster, each reached by one kept SSH connection."""

    def __init__(self, cluster: Cluster) -> None:
        self._stack = ExitStack()
        config = self._stack.enter_context(configuration(cluster))
        self.names = tuple(node.name for node in cluster.nodes)
        self.patience = int(cluster.vars.get("cluster_verify_patience", 1))
        self._hosts = {
            name: testinfra.get_host(f"ssh://{name}?ssh_config={quote(str(config))}&sudo=true")
            for name in self.names
        }

    def __getitem__(self, name: str) -> Any:
        """The testinfra host of a node."""
        return self._hosts[name]

    def run(self, name: str, command: str, *, seconds: int = SECONDS) -> tuple[int, str, str]:
        """Run a shell command as root on a node: its exit code, standard output and standard error."""
        try:
            limited = f"timeout {seconds * self.patience} sh -c {shlex.quote(command)}"
            done = self._hosts[name].run(f"GONGBANG_PATIENCE={self.patience} {limited}")
        except RuntimeError as error:  # ssh itself failed
            return 255, "", f"SSH to {name} failed: {str(error)[-400:]}"
        return done.rc, done.stdout, done.stderr

    def call(self, name: str, script: str, /, *, seconds: int = SECONDS, **given: Any) -> Any:
        """Run remote/<script>.py as root on a node; gives it keywords, returns the JSON that it prints.

        Raises NodeError when the node cannot be reached or the script does not end well.
        """
        source = base64.b64encode((SCRIPTS / f"{script}.py").read_bytes()).decode()
        words = base64.b64encode(json.dumps(given).encode()).decode()
        code, out, err = self.run(
            name, f"python3 -c 'import base64;exec(base64.b64decode(\"{source}\"))' {words}", seconds=seconds
        )
        if code != 0:
            raise NodeError(f"{script} on {name} ended with {code}: {err.strip()[-600:]}")
        return json.loads(out)

    def call_all(self, script: str, /, **given: Any) -> dict[str, Any | NodeError]:
        """The same on all nodes at once; a node that fails has its NodeError in place of an answer."""
        with ThreadPoolExecutor(max(len(self.names), 1)) as pool:
            answers = pool.map(lambda name: self._try(name, script, given), self.names)
            return dict(zip(self.names, answers, strict=True))

    def _try(self, name: str, script: str, given: Mapping[str, Any]) -> Any | NodeError:
        try:
            return self.call(name, script, **given)
        except NodeError as error:
            return error

    def close(self) -> None:
        """End the kept connections."""
        self._stack.close()


class NodeError(Exception):
    """A node gave no answer."""
