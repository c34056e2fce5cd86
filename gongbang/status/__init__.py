"""cluster.status: what is true of the cluster now, in two seconds, whatever state it is in."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from gongbang import paths, remote, ssh
from gongbang.errors import ExitCode
from gongbang.model import Cluster
from gongbang.status import asking, judging, reading, view
from gongbang.status.report import Status

__all__ = ["Status", "look", "show"]

EVERY_S = 2.0
"""Seconds between two looks with --watch."""
CLEAR = "\033[H\033[2J"


def show(cluster: Cluster, *, json: bool = False, watch: bool = False) -> ExitCode:
    """Print the status, as a table or as one JSON document a line; with `watch` again and again until Ctrl-C."""
    with ssh.configuration(cluster) as config:
        while True:
            status = look(cluster, config)
            write(status, json=json, watch=watch)
            if not watch:
                return status.code
            time.sleep(EVERY_S)


def look(cluster: Cluster, config: Path) -> Status:
    """The status now; `config` is an SSH configuration that names the nodes. Never raises for a sick cluster."""
    remote.first_control_plane(cluster)
    answers = asking.ask(cluster, config) if there_may_be_nodes(cluster) else {}
    return judging.judge(cluster, answers, reading.certificates(answers), reading.last_run(cluster.name))


def there_may_be_nodes(cluster: Cluster) -> bool:
    """Whether asking makes sense: a lab that was never made has no nodes and no keys."""
    return not cluster.is_lab or paths.lab_state_dir(cluster.name).is_dir()


def write(status: Status, *, json: bool, watch: bool) -> None:
    """One look on standard output; a terminal is cleared before the next."""
    if json:
        import json as json_module

        text = json_module.dumps(status.as_dict(), ensure_ascii=False, indent=None if watch else 2) + "\n"
    else:
        text = view.text(status, view.utc_now())
    sys.stdout.write((CLEAR if watch and not json and sys.stdout.isatty() else "") + text)
    sys.stdout.flush()
