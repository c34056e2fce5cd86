"""A lab from its inventory to nodes that answer, and back to a machine as it was before."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from gongbang import engine, paths, proc, runner, session, sysctls
from gongbang.errors import GongbangError
from gongbang.lab import accel, image, keys, machine, made, mirror, network, vm, vm_image
from gongbang.locks import exclusive
from gongbang.model import Cluster, Node

PLAYBOOK = "playbooks/lab.yml"
ENGINE_NEEDS = frozenset({"net.ipv4.ip_forward"})
"""Settings that an engine with containers of others goes on to need."""


def up(cluster: Cluster, *, always: bool = True) -> None:
    """Make every node of the inventory exist, run and answer; nodes that do are left alone.

    Without `always`, a lab that is as the last look left it is not looked at.
    """
    require_lab(cluster)
    with exclusive(_lock(cluster.name)):
        check_range(cluster)
        with exclusive(_lock("")):
            sysctls.prepare()
            paths.private_dir(paths.lab_state_dir(cluster.name))
            engine.ensure()
        keys.ensure(cluster)
        given = paths.lab_variables(cluster.name) | prepared(cluster)
        if not always and made.unchanged(cluster, given):
            session.note("lab: its nodes run as the last look left them")
            return
        made.forget(cluster)
        runner.run(
            PLAYBOOK,
            cluster.inventory,
            command="lab.up",
            extra_vars=given,
            hosts_expected=cluster.node_names,
            cluster=cluster.name,
        ).require()
        made.remember(cluster, given)


def down(cluster: Cluster) -> None:
    """Remove the lab's nodes, network, keys and services; with the last lab, all else that we changed."""
    require_lab(cluster)
    with exclusive(_lock(cluster.name)):
        folder = paths.lab_state_dir(cluster.name)
        _end_connections(folder / "cp")
        _stop_services(cluster)
        for machine_folder in folder.glob("vms/*"):
            vm.stop(machine_folder)
        if engine.answers():
            _remove_from_engine(cluster.name)
        shutil.rmtree(folder, ignore_errors=True)
        with exclusive(_lock("")):
            if not labs():
                engine.stop_if_ours()
                sysctls.put_back(but=ENGINE_NEEDS if engine.answers() else frozenset())


def labs() -> list[str]:
    """The names of the labs that this user has on this machine."""
    folder = paths.state_dir() / "labs"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def prepared(cluster: Cluster) -> dict[str, Any]:
    """What the role needs from this machine: images, what it can do, and its name servers."""
    wanted = sorted({(node.kind, release(node)) for node in cluster.nodes})
    containers = {f"{kind}-{name}": image.ensure_container(name) for kind, name in wanted if kind != "vm"}
    machines = {f"{kind}-{name}": vm_image.ensure(name) for kind, name in wanted if kind == "vm"}
    some = next(iter(machines.values()), None)
    found = {"lab_node_accelerator": accel.choose(some)} if some else {}
    return found | {
        "lab_node_images": containers | {name: str(one.folder) for name, one in machines.items()},
        "lab_node_dropped_capabilities": machine.dropped_capabilities(),
        "lab_node_nameservers": machine.nameservers(),
        **_upstream(cluster),
    }


def release(node: Node) -> str:
    """The Debian release of a node."""
    return str(node.vars["lab_debian"])


def require_lab(cluster: Cluster) -> None:
    """Raise GongbangError for an inventory of machines that we did not make."""
    if not cluster.is_lab:
        raise GongbangError(
            "this inventory is not a lab's: its machines were not made here and are never removed",
            str(cluster.inventory),
            "use an inventory with lab_network, for instance --inventory inventories/lab",
        )


def check_range(cluster: Cluster) -> None:
    """Refuse a range that is routed elsewhere; only a running engine can tell which bridge is ours."""
    try:
        network.check(cluster)
    except GongbangError:
        if engine.answers() or not _exists(cluster.name):
            raise
        engine.ensure()
        network.check(cluster)


def _upstream(cluster: Cluster) -> dict[str, Any]:
    """This machine's Debian mirror, for nodes that install from upstream."""
    if cluster.vars.get("lab_source") != "upstream":
        return {}
    source = mirror.of_this_machine()
    return {
        "lab_node_debian_sources": {release(node): source.lines(release(node)) for node in cluster.nodes},
        "lab_node_apt_options": list(source.options),
    }


def _exists(name: str) -> bool:
    return paths.lab_state_dir(name).is_dir()


def _lock(name: str) -> Path:
    return paths.state_dir() / "locks" / (f"lab-{name}" if name else "labs")


def _stop_services(cluster: Cluster) -> None:
    from gongbang.bundle import serve

    serve.stop(str(cluster.vars["lab_gateway"]))


def _end_connections(sockets: Path) -> None:
    for socket in sockets.glob("*") if sockets.is_dir() else ():
        proc.run(["ssh", "-O", "exit", "-o", f"ControlPath={socket}", "lab"], check=False, timeout=10)


def _remove_from_engine(name: str) -> None:
    mine = ["--filter", f"label=gongbang.cluster={name}", "--quiet"]
    containers = proc.run(["docker", "ps", "--all", *mine]).stdout.split()
    if containers:
        proc.run(["docker", "rm", "--force", "--volumes", *containers], timeout=300)
    networks = proc.run(["docker", "network", "ls", *mine]).stdout.split()
    if networks:
        proc.run(["docker", "network", "rm", *networks], timeout=60)
