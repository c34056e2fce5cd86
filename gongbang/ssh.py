"""The inventory's own SSH settings (user, port, key, jump host, host keys) as an SSH configuration."""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from getopt import getopt
from pathlib import Path
from subprocess import CompletedProcess

from gongbang import proc
from gongbang.model import Cluster, Node

EXTRA = ("ansible_ssh_common_args", "ansible_ssh_extra_args")
FLAGS = "46AaCfGgKkMNnqsTtVvXxYyB:b:c:D:E:e:F:I:i:J:L:l:m:O:o:p:Q:R:S:W:w:"
AS_OPTION = {"-J": "ProxyJump", "-p": "Port", "-l": "User", "-i": "IdentityFile", "-c": "Ciphers"}


def section(node: Node, control_path: str) -> str:
    """One `Host` section that reaches the node as Ansible does, on a connection kept at `control_path`."""
    key = node.vars.get("ansible_ssh_private_key_file")
    given = {
        "HostName": node.vars.get("ansible_host", node.address),
        "Port": node.vars.get("ansible_port"),
        "User": node.vars.get("ansible_user"),
        "IdentityFile": key,
        "IdentitiesOnly": "yes" if key else None,
        "BatchMode": "yes",
        "ConnectTimeout": "10",
        "ControlMaster": "auto",
        "ControlPersist": "60",
        "ControlPath": control_path,
    }
    wanted = {name: f'"{value}"' for name, value in given.items() if value}
    lines = [f"  {name} {value}" for name, value in (wanted | _extra(node, wanted)).items()]
    return "\n".join([f"Host {node.name}", *lines, ""])


def _extra(node: Node, wanted: Mapping[str, str]) -> dict[str, str]:
    """The options among the inventory's further SSH arguments; how connections are shared stays ours.

    Their values stay as they are: ssh reads them like a line of its configuration, and some may not be quoted.
    """
    words = [word for name in EXTRA for word in shlex.split(str(node.vars.get(name) or ""))]
    found: dict[str, str] = {}
    for flag, value in getopt(words, FLAGS)[0]:
        if flag == "-o":
            name, _, value = re.sub(r"\s*[=\s]\s*", "=", value.strip(), count=1).partition("=")
        else:
            name, value = AS_OPTION.get(flag, ""), f'"{value}"' if flag == "-i" else value
        if name and not (name.startswith("Control") and name in wanted):
            found[name] = value
    return found


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
