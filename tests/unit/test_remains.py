"""What an interrupted run leaves is named, also where sudo wants a password."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gongbang import cli, lock, remains
from gongbang.errors import ExitCode
from gongbang.model import Cluster
from gongbang.paths import ROOT

REFUSES = "#!/bin/sh\necho 'a password is required' >&2\nexit 1\n"
TELLS = "#!/bin/sh\necho 'gongbang-kubeadm.service loaded active running kubeadm'\n"
RUNS = '#!/bin/sh\nshift\nROOT=1 exec "$@"\n'
ROOT_ONLY = '#!/bin/sh\n[ "${ROOT-}" ] || exit 1\necho gongbang-helm.service loaded active running helm\n'
SSH = '#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n'


@pytest.mark.parametrize(
    ("systemctl", "sudo", "found"),
    [
        (TELLS, REFUSES, ["gongbang-kubeadm.service"]),
        (ROOT_ONLY, RUNS, ["gongbang-helm.service"]),
        (ROOT_ONLY, REFUSES, []),
    ],
    ids=["sudo wants a password", "no system bus", "neither"],
)
def test_units_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, systemctl: str, sudo: str, found: list[str]
) -> None:
    for name, text in (("ssh", SSH), ("systemctl", systemctl), ("sudo", sudo)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr("gongbang.proc.TOOLS", tmp_path)  # first on PATH
    assert remains.units_on(tmp_path / "config", "cp1") == found


Make = Callable[..., Cluster]


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The clusters whose connections were ended."""
    seen: list[str] = []
    monkeypatch.setattr(remains, "end_connections", seen.append)
    return seen


def interrupted(cluster: Cluster, *, changes: bool) -> None:
    """What a command does of which Ctrl-C is the end."""

    def body(_: Cluster) -> ExitCode:
        raise KeyboardInterrupt

    command = "cluster.up" if changes else "cluster.plan"
    assert cli.recorded(command, cluster, body, json=False, changes=changes) is ExitCode.INTERRUPTED


@pytest.mark.parametrize("changes", [True, False])
def test_who_is_alone_ends_the_connections(make_cluster: Make, ended: list[str], changes: bool) -> None:
    interrupted(make_cluster(), changes=changes)
    assert ended == ["lab"]


WORKS = """
import sys
from pathlib import Path
from gongbang import lock, session
from gongbang.model import Cluster
from gongbang.paths import ROOT
cluster = Cluster("lab", (), Path("i"))
with session.opened("try", "lab") if sys.argv[1] == "looks" else lock.held(cluster, "cluster.up"):
    print("at work", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def start() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts another command on the cluster, one that `looks` or one that `changes`."""
    with ExitStack() as started:

        def run(kind: str) -> subprocess.Popen[str]:
            words, pipe = [sys.executable, "-c", WORKS, kind], subprocess.PIPE
            child = subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
            started.enter_context(child)
            started.callback(child.kill)
            assert child.stdout is not None
            assert child.stdout.readline() == "at work\n"
            return child

        yield run


@pytest.mark.parametrize("kind", ["looks", "changes"])
def test_a_command_that_only_looks_leaves_what_another_may_be_using(
    make_cluster: Make, ended: list[str], start: Callable[[str], subprocess.Popen[str]], kind: str
) -> None:
    other = start(kind)
    interrupted(make_cluster(), changes=False)
    assert ended == []
    other.kill()
    other.wait()
    interrupted(make_cluster(), changes=False)
    assert ended == ["lab"], "a dead one uses nothing"


def test_a_command_that_only_looks_names_no_unit_as_its_own(
    make_cluster: Make, ended: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(remains, "tell", lambda cluster: asked.append(cluster.name))
    interrupted(make_cluster(), changes=False)
    assert asked == []
    interrupted(make_cluster(), changes=True)
    assert asked == ended[:1]


def test_looking_at_the_lock_refuses_nobody(make_cluster: Make) -> None:
    cluster = make_cluster()
    assert not lock.held_here(cluster)
    with lock.held(cluster, "cluster.up"):
        assert lock.held_here(cluster)
    assert not lock.held_here(cluster)
