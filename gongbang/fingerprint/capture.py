"""Captures the fingerprint of a cluster: one script per node and one for the API, over the inventory's own SSH settings."""

import json
import shlex
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from gongbang import ssh
from gongbang.errors import ExitCode, GongbangError
from gongbang.model import CONTROL_PLANE, Cluster

ON_NODE = Path(__file__).with_name("on_node.py")
ON_CONTROL_PLANE = Path(__file__).with_name("on_control_plane.py")
SECONDS = 600
"""Limit for one node; an emulated control plane with three releases needs two minutes."""

LOOK = {
    "paths": [
        "/etc/apt/keyrings/*",
        "/etc/apt/preferences.d/*",
        "/etc/apt/sources.list.d/*",
        "/etc/cni/net.d/*",
        "/etc/containerd/**/*",
        "/etc/crictl.yaml",
        "/etc/docker/**/*",
        "/etc/fstab",
        "/etc/gongbang/**/*",
        "/etc/hosts",
        "/etc/kubernetes/**/*",
        "/etc/modules-load.d/*",
        "/etc/sysctl.d/*",
        "/etc/systemd/system/**/*",
        "/opt/cni/bin/*",
        "/root/.kube/config",
        "/run/gongbang/**/*",
        "/usr/local/lib/gongbang/**/*",
        "/usr/local/sbin/*",
        "/var/lib/gongbang/**/*",
        "/var/lib/kubelet/*.yaml",
        "/var/lib/kubelet/kubeadm-flags.env",
        "/var/lib/kubelet/pki/*",
    ],
    "sysctl_files": ["/etc/sysctl.d/*gongbang*"],
    "module_files": ["/etc/modules-load.d/*gongbang*"],
    "units": [
        f"{name}.service" for name in ("chrony", "containerd", "docker", "gongbang-*", "kubelet", "ssh")
    ],
}


def capture(cluster: Cluster, *, with_cluster: bool = True) -> dict[str, Any]:
    """Return {node name: state}; the first control plane's state also holds API objects and Helm releases.

    Without `with_cluster` the API is not asked: for nodes that have none.

    Raises GongbangError with the node and the last line of its answer when one cannot be captured.
    """
    names = [node.name for node in cluster.nodes]
    heads = [node.name for node in cluster.nodes_in(CONTROL_PLANE)[:1]] if with_cluster else []
    with ssh.configuration(cluster) as config:
        hosts = _ask(config, names, ON_NODE, shlex.quote(json.dumps(LOOK)))
        held = _ask(config, heads, ON_CONTROL_PLANE)
    return {name: state | held.get(name, {}) for name, state in hosts.items()}


def _ask(config: Path, names: list[str], script: Path, argument: str = "") -> dict[str, dict[str, Any]]:
    answers = ssh.scripts(config, names, f"python3 - {argument}", script.read_text(), seconds=SECONDS)
    return {name: _state(name, answer) for name, answer in answers.items()}


def _state(name: str, answer: CompletedProcess[str]) -> dict[str, Any]:
    if answer.returncode != 0:
        last = (answer.stderr.strip().splitlines() or ["no output"])[-1]
        code = ExitCode.UNREACHABLE if answer.returncode == 255 else ExitCode.FAILED
        raise GongbangError(f"the state of {name} cannot be captured", last, f"./inv lab.ssh {name}", code)
    state: dict[str, Any] = json.loads(answer.stdout)
    return state
