"""What happens in a single shot, and the states of nodes that some of them begin with."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from gongbang import proc
from gongbang.errors import ExitCode, GongbangError
from gongbang.files import ROOM_MIB
from gongbang.model import Cluster, Node
from gongbang.remote import ADMIN
from gongbang.sweep import driver, nodes
from gongbang.sweep.driver import Run
from gongbang.sweep.moments import Moment


@dataclass(frozen=True)
class Scene:
    """Where and in which run something happens."""

    cluster: Cluster
    node: Node
    run: Run


Strike = Callable[[Scene], None]
HELM = f"helm --kubeconfig {ADMIN}"


def struck(cluster: Cluster, node: Node, moment: Moment, strike: Strike, *, freeze: bool) -> str:
    """Run `cluster.up`, strike when the moment has come, and see it end; how it ended, "" when the moment never came."""
    with Run(cluster) as run:
        watch: subprocess.Popen[str] | None = None
        try:
            while watch is None and run.wait(lambda: nodes.answers(cluster, node)):
                watch = nodes.watch(cluster, node, moment.script, moment.arguments(freeze=freeze))
            if watch is None or not run.wait(lambda: watch.poll() is not None):
                return ""
            if watch.returncode != 0:
                raise GongbangError(
                    "a moment cannot be watched", moment.name, f"is {node.name} there?", ExitCode.FAILED
                )
            strike(Scene(cluster, node, run))
            run.wait()
        finally:
            give_disk_back(cluster)
            if watch and watch.poll() is None:
                watch.kill()
    return "killed" if run.killed else ending(run)


def ending(run: Run) -> str:
    """How a run ended that was not killed, in a word."""
    return ExitCode(run.code).name.lower() if run.code in set(ExitCode) else f"exit code {run.code}"


def controller_dead(scene: Scene) -> None:
    """All processes of the run die; what runs on the node goes on."""
    scene.run.kill()


def power_cut(scene: Scene) -> None:
    """The node is dead and starts again; the controller sees it."""
    nodes.power_cut(scene.cluster, scene.node)


def containerd_killed(scene: Scene) -> None:
    """The container runtime dies by SIGKILL; systemd may start it again."""
    nodes.shell(scene.cluster, scene.node, "systemctl kill --signal=KILL containerd.service")


def cut_off(scene: Scene) -> None:
    """The node has no network until the run has ended."""
    nodes.cut_off(scene.cluster, scene.node)
    try:
        scene.run.wait()
    finally:
        nodes.back(scene.cluster, scene.node)


def all_cut_off(scene: Scene) -> None:
    """The controller reaches no node until the run has ended."""
    for node in scene.cluster.nodes:
        nodes.cut_off(scene.cluster, node)
    try:
        scene.run.wait()
    finally:
        for node in scene.cluster.nodes:
            nodes.back(scene.cluster, node)


def hangs(scene: Scene) -> None:
    """The node's processes stand still until the run has ended; its network does not say that it is gone."""
    name = nodes.container(scene.cluster, scene.node)
    proc.run(["docker", "pause", name])
    try:
        scene.run.wait()
    finally:
        proc.run(["docker", "unpause", name])


def disk_full(scene: Scene) -> None:
    """Nothing more can be written where the run keeps its record."""
    proc.run(["dd", "if=/dev/zero", f"of={driver.records(scene.cluster) / 'ballast'}", "bs=4k"], check=False)


def with_small_disk(cluster: Cluster) -> None:
    """The records of the next run go to a small file system: with just more room than a run wants to begin."""
    place = driver.records(cluster)
    place.mkdir(parents=True, exist_ok=True)
    proc.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM_MIB + 16}m", "gongbang-sweep", place])


def give_disk_back(cluster: Cluster) -> None:
    """The records' folder is an ordinary one again."""
    if driver.records(cluster).is_mount():
        proc.run(["umount", driver.records(cluster)])


def without_release(cluster: Cluster) -> None:
    """A cluster without the release `web`."""
    nodes.standing(cluster)
    nodes.shell(cluster, nodes.head(cluster), f"{HELM} uninstall web --namespace web --wait")


def with_other_release(cluster: Cluster) -> None:
    """A cluster whose release `web` has other values, as an upgrade by hand leaves it."""
    nodes.standing(cluster)
    chart = "/var/lib/gongbang/helm/web"
    script = (
        f"{HELM} upgrade web {chart}.tgz --namespace web --values {chart}.yml --set preStopSeconds=6 --wait"
    )
    if not nodes.shell(cluster, nodes.head(cluster), script):
        raise GongbangError("helm printed nothing", script, "see the release on the node", ExitCode.FAILED)
