"""Filter of the role kubeadm: what is on these nodes already and does not go with what is declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

CONTROL_PLANE = ("admin", "etcd", "version")
"""What only a control plane has."""
VARIABLES = (
    "kubeadm_node_registration", "kubeadm_init_configuration", "kubeadm_join_configuration",
    "kubeadm_cluster_configuration", "kubeadm_kubelet_configuration", "kubeadm_kube_proxy_configuration",
)  # fmt: skip
"""Where the inventory has a say in what kubeadm reads."""
UNCLEAR = ("running", "unfinished")
"""Steps that go on, or did not end well: the roles judge those."""

RESET = "/usr/local/lib/gongbang/kubeadm-reset"
"""What takes a node's part of a cluster away."""


def message(host: str, what: str, seen: object, fix: str) -> str:
    """The node and the three parts of a message."""
    return f"{host}: {what}\n    seen: {seen}\n    fix:  {fix}"


def of_node(host: str, state: Mapping[str, str], version: str, control_plane: bool) -> Iterator[str]:
    """What does not go with the declaration on one node."""
    if state.get("version", version) != version:
        what = "the cluster runs another version of Kubernetes, and this version of gongbang does not upgrade"
        fix = f"declare this one in group_vars/all/cluster.yml: {state['version']}"
        yield message(host, what, f"{state['version']} runs, {version} is declared", fix)
    has = [key for key in CONTROL_PLANE if key in state]
    if any(key in state for key in UNCLEAR):
        return
    if "member" in state:
        old = state["member"]
        what = f"this machine is node {old} of the cluster, and the inventory calls it {host}"
        fix = f"call it {old} again; or take {old} out (kubectl delete node {old}, then on the machine {RESET}) and run this again"
        yield message(host, what, f"its kubelet is {old}", fix)
    if has and not control_plane:
        what = "a worker of the inventory carries a control plane"
        fix = "put it into the group control_plane, or give its cluster up: ./inv cluster.reset with that cluster's inventory"
        yield message(host, what, f"there are {', '.join(has)} of a control plane", fix)
    if control_plane and "kubelet" in state and not has:
        what = "the control plane of the inventory is a worker of a cluster"
        fix = "put it into the group workers, or take it out of its cluster: ./inv cluster.reset with that cluster's inventory"
        yield message(host, what, "a kubelet.conf without a control plane", fix)


def apart(settings: Mapping[str, Mapping[str, Any]], first: str) -> Iterator[str]:
    """Nodes whose kubelet is declared otherwise than the control plane's: kubeadm has one configuration for all."""
    shared = settings.get(first, {})
    for host, own in settings.items():
        keys = sorted(key for key in {*own, *shared} if own.get(key) != shared.get(key))
        if keys:
            what = f"kubeadm_kubelet_configuration is another one than {first}'s, and kubelets share theirs"
            fix = (
                "declare it once, in group_vars/all; what one node needs goes into its kubeadm_node_registration "
                "(kubeletExtraArgs), or into the patches of its kubeadm_join_configuration"
            )
            yield message(host, what, f"{', '.join(keys)} differ", fix)


def several(control_planes: Sequence[str]) -> Iterator[str]:
    """More than one control plane, as long as this version cannot make them: each would become a cluster of its own."""
    if len(control_planes) > 1:
        fix = "keep one host in the group control_plane, the others in workers"
        seen = ", ".join(control_planes)
        yield f"more than one control plane is not supported yet\n    seen: {seen}\n    fix:  {fix}"


def problems(
    states: Mapping[str, Mapping[str, str]],
    version: str,
    control_planes: Sequence[str],
    settings: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    """Every problem of every node; `states` holds those that could be asked, `settings` what they declare of kubelets."""
    found = [*several(control_planes), *apart(settings, control_planes[0])] if control_planes else []
    for host, state in states.items():
        found += of_node(host, state, version, host in control_planes)
    return found


def complaints(host: str, fixed: Sequence[str], asked: Mapping[str, Any]) -> list[str]:
    """What a control plane cannot be made to follow: `fixed` values, and what kubeadm said when it was asked."""
    found = []
    if fixed:
        fix = "declare what it has (group_vars/all/cluster.yml), or give the cluster up: ./inv cluster.reset"
        found.append(message(host, "a running cluster keeps what it was made with", "; ".join(fixed), fix))
    if asked.get("rc", 0) != 0:
        said = [*asked.get("stdout_lines", []), *asked.get("stderr_lines", [])]
        said = [line for line in said if line.startswith("error")] or said[-3:]
        fix = f"correct {', '.join(VARIABLES[:-1])} or {VARIABLES[-1]}"
        found.append(message(host, "kubeadm does not take the declared configuration", "; ".join(said), fix))
    return found


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        """The filters by name."""
        return {"kubeadm_problems": problems, "kubeadm_complaints": complaints}
