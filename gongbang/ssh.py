"""The inventory's own SSH settings (user, port, key, jump host, host keys) as an SSH configuration."""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from getopt import getopt
from pathlib import Path
from subprocess import CompletedProcess

from gongbang import connection, proc
from gongbang.errors import GongbangError
from gongbang.model import Cluster, Node

FLAGS = "46AaCfGgKkMNnqsTtVvXxYyB:b:c:D:E:e:F:I:i:J:L:l:m:O:o:p:Q:R:S:W:w:"
KNOWN_HOSTS = "~/.ssh/known_hosts"
AS_OPTION = {"-J": "ProxyJump", "-p": "Port", "-l": "User", "-i": "IdentityFile", "-c": "Ciphers"}
Options = list[tuple[str, str]]
"""Names and values as ssh's configuration has them; of one that is there twice, ssh takes the first."""


def section(node: Node, control_path: str) -> str:
    """One `Host` section that reaches the node as Ansible does, on a connection kept at `control_path`."""
    kept = {"ControlMaster": "auto", "ControlPersist": "60", "ControlPath": f'"{control_path}"'}
    wanted = [("BatchMode", "yes"), *kept.items(), *options(node), ("ConnectTimeout", "10")]
    return "\n".join([f"Host {node.name}", *(f"  {name} {value}" for name, value in wanted), ""])


def options(node: Node) -> Options:
    """The inventory's settings of a node, in the order in which Ansible gives them to ssh."""
    given = {
        "HostName": connection.host(node.vars) or node.address,
        "Port": connection.port(node.vars),
        "User": connection.user(node.vars),
        "IdentityFile": connection.key(node.vars),
        "IdentitiesOnly": connection.key(node.vars) and "yes",
    }
    own = [(name, f'"{value}"') for name, value in given.items() if value]
    first, *more = (
        _options(node.vars.get(f"ansible_ssh_{name}")) for name in ("args", "common_args", "extra_args")
    )
    return [*first, *own, *(option for found in more for option in found)]


def shell(cluster: Cluster, name: str) -> list[str]:
    """The command line that enters a node on a connection of its own; GongbangError for a name not in the inventory."""
    node = next((node for node in cluster.nodes if node.name == name), None)
    if not node:
        names = ", ".join(node.name for node in cluster.nodes)
        raise GongbangError("there is no such node in the inventory", name or "no name", f"one of: {names}")
    wanted = [("ControlMaster", "no"), ("ControlPath", "none"), *options(node)]
    return ["ssh", *(word for name, value in wanted for word in ("-o", f"{name}={value}")), node.name]


def _options(arguments: object) -> Options:
    """The options among further SSH arguments.

    Their values stay as they are: ssh reads them like a line of its configuration, and some may not be quoted.
    """
    found: Options = []
    for flag, value in getopt(shlex.split(str(arguments or "")), FLAGS)[0]:
        if flag == "-o":
            name, _, value = re.sub(r"\s*[=\s]\s*", "=", value.strip(), count=1).partition("=")
        else:
            name, value = AS_OPTION.get(flag, ""), f'"{value}"' if flag == "-i" else value
        if name:
            found.append((name, value))
    return found


def known_hosts(node: Node) -> str:
    """The file in which the node's host key is looked up, as a shell reads it."""
    given = next((text for name, text in options(node) if name.lower() == "userknownhostsfile"), "")
    first = next(iter(shlex.split(given)), KNOWN_HOSTS)
    return first if first.startswith("~/") else shlex.quote(first)


@contextmanager
def configuration(cluster: Cluster) -> Iterator[Path]:
    """A file for `ssh -F` that names every node of the cluster; the kept connections end with the context."""
    with tempfile.TemporaryDirectory(prefix="gb-ssh-") as folder:
        path = Path(folder) / "config"
        # Numbers, because the path of a socket may have about 100 characters and TMPDIR may be long.
        sections = (section(node, f"{folder}/{number}") for number, node in enumerate(cluster.nodes))
        path.write_text("".join(sections))
        try:
            yield path
        finally:
            for node in cluster.nodes:
                proc.run(["ssh", "-F", path, "-O", "exit", node.name], check=False)


def scripts(
    config: Path, names: Sequence[str], command: str, text: str, *, seconds: float
) -> dict[str, CompletedProcess[str]]:
    """Run `sudo <command>` with `text` as its input on the nodes at once; a result per node, good or bad."""

    def one(name: str) -> CompletedProcess[str]:
        argv = ["ssh", "-F", str(config), name, f"sudo {command}"]
        return proc.run(argv, input=text, timeout=seconds, check=False)

    with ThreadPoolExecutor(max(len(names), 1)) as pool:
        return dict(zip(names, pool.map(one, names), strict=True))
