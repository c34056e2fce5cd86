"""What a playbook's process is started with: its environment and its options."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gongbang import paths, processes
from gongbang.files import write_atomically
from gongbang.paths import ROOT, TOOLS

KEPT = frozenset(
    [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "LANGUAGE",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "TERM",
        "TMPDIR",
        "SSH_AUTH_SOCK",
        "XDG_CACHE_HOME",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
        "XDG_RUNTIME_DIR",
        "DOCKER_HOST",
        "DOCKER_CONFIG",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
    ]
)
SOCKET_FOLDER_LIMIT = 75
"""Characters: a socket's whole path may have 108, and ssh adds 28 for a while."""

KEPT_PREFIXES = ("ANSIBLE_", "GONGBANG_")
"""What of our environment a run gets: nothing that is not named here."""

CALLBACKS = ("gongbang_gate", "gongbang_warm", "gongbang_compiled")
"""Our plugins that take part in every run; ansible.cfg has those of them that serve plain ansible-playbook as well."""

HALT = "GONGBANG_HALT_AT"
"""Set by the crash sweep alone: where a run has to stand still so that it can be killed there."""


def command_line(
    folder: Path, extra_vars: Mapping[str, Any] | None, tags: Iterable[str], *, check: bool, diff: bool
) -> str:
    """The options for ansible-playbook; variables go into a file that only we can read."""
    words = ["--check"] if check else []
    words += ["--diff"] if diff else []
    words += [word for tag in tags for word in ("--tags", tag)]
    if extra_vars:
        path = folder / "vars.json"
        write_atomically(path, json.dumps(dict(extra_vars)))
        words += ["--extra-vars", f"@{path}"]
    return shlex.join(words)


def environment(folder: Path, run_tag: Path) -> dict[str, str]:
    """The environment of a run: few of our variables, our tools first, and what Ansible must know."""
    ours = {
        name: value for name, value in os.environ.items() if name in KEPT or name.startswith(KEPT_PREFIXES)
    }  # fmt: skip
    plugins = [os.environ.get("ANSIBLE_CALLBACK_PLUGINS", ""), str(ROOT / "plugins/callback")]
    return ours | {
        "PATH": f"{TOOLS}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_SSH_HOST_KEY_CHECKING": "True",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_CALLBACK_PLUGINS": os.pathsep.join(filter(None, plugins)),
        "ANSIBLE_CALLBACKS_ENABLED": ",".join(
            (*CALLBACKS, "gongbang_halt") if HALT in os.environ else CALLBACKS
        ),
        "GONGBANG_STOP_FILE": str(folder / "stop"),
        processes.TAG: str(run_tag),
        **connections(run_tag.parent.name),
    }


def connections(cluster: str) -> dict[str, str]:
    """Where Ansible keeps its connections, so that they can be ended with the run; its own place when ours is too deep."""
    folder = paths.connections_dir(cluster)
    if len(str(folder)) > SOCKET_FOLDER_LIMIT:
        return {}
    return {"ANSIBLE_SSH_CONTROL_PATH_DIR": str(paths.private_dir(folder))}
