"""Looks on while a cluster is made: every command line on this machine (lab nodes' included), every join token."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

TOKEN = re.compile(r"(?<![\w.])[a-z0-9]{6}\.[a-z0-9]{16}(?![\w.])")
ASK = [
    "kubectl",
    "--kubeconfig=/etc/kubernetes/admin.conf",
    "--namespace=kube-system",
    "get",
    "secrets",
    "--output=json",
]


class Watch:
    """Use as a context; afterwards `told` has the command lines with a secret, `tokens` the join tokens that were valid."""

    def __init__(self, node: str, secrets: Iterable[str]) -> None:
        self.node = node
        self.secrets = tuple(secrets)
        self.told: set[str] = set()
        self.tokens: set[str] = set()
        self.seen = 0
        self._done = threading.Event()
        self._threads = [threading.Thread(target=look) for look in (self._processes, self._tokens)]

    def __enter__(self) -> Watch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _processes(self) -> None:
        while not self._done.wait(0.1):
            for line in command_lines():
                self.seen += 1
                if TOKEN.search(line) or any(secret in line for secret in self.secrets):
                    self.told.add(line)

    def _tokens(self) -> None:
        while not self._done.wait(0.5):
            asked = subprocess.run(
                ["docker", "exec", self.node, *ASK], capture_output=True, text=True, check=False
            )
            if asked.returncode == 0:
                self.tokens |= {
                    ".".join(decoded(item["data"], key) for key in ("token-id", "token-secret"))
                    for item in json.loads(asked.stdout)["items"]
                    if item.get("type") == "bootstrap.kubernetes.io/token"
                }


def command_lines() -> Iterator[str]:
    """The command line of every process but this one; containers' processes are this machine's too."""
    for path in Path("/proc").iterdir():
        if path.name.isdigit() and int(path.name) != os.getpid():
            with contextlib.suppress(OSError):
                yield (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def decoded(data: dict[str, str], key: str) -> str:
    return base64.b64decode(data[key]).decode()
