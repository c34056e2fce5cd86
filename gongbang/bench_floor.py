"""What the floor script needs to know: the roles' own values, resolved by Ansible, and where the bundle is served."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from gongbang import proc, ssh
from gongbang.bundle import serve
from gongbang.model import CONTROL_PLANE, WORKERS, Cluster
from gongbang.paths import ROOT, TOOLS


@contextmanager
def settings(cluster: Cluster, folder: Path) -> Iterator[dict[str, str]]:
    """The environment of bench/floor.sh; the files that it names are written into `folder`."""
    served = serve.ensure_serving(str(cluster.vars["lab_gateway"]))
    values = roles_values(cluster, folder / "values.json")
    kubeadm = folder / "kubeadm.yaml"
    kubeadm.write_text(yaml.safe_dump_all(values["kubeadm"]))
    nodes = [*cluster.nodes_in(CONTROL_PLANE), *cluster.nodes_in(WORKERS)]
    with ssh.configuration(cluster) as config:
        yield {
            "SSH_CONFIG": str(config),
            "NODES": " ".join(f"{node.name}={node.address}" for node in nodes),
            "APT": served.apt_url,
            "APT_KEY": str(served.key_file),
            "REGISTRY": served.registry_url.removeprefix("https://").removesuffix("/v2"),
            "CA": str(served.ca_file),
            "VERSION": cluster.kubernetes_version,
            "ENDPOINT": cluster.endpoint,
            "DEBIAN": str(cluster.vars["lab_debian"]),
            "RESOLVER": values["resolver"],
            "CHARTS": str(ROOT / "charts"),
            "RELEASES": " ".join(release(item, folder) for item in values["releases"]),
            "KUBEADM": str(kubeadm),
            "PACKAGES": " ".join(values["packages"]),
            "SANDBOX": values["sandbox"],
        }


def roles_values(cluster: Cluster, path: Path) -> dict[str, Any]:
    """Packages, sandbox image, kubeadm documents, releases and resolver as cluster.up would use them on the first node."""
    playbook = ROOT / "bench" / "settings.yml"
    proc.run(
        [TOOLS / "ansible-playbook", "-i", cluster.inventory, playbook, "-e", f"settings_file={path}"],
        cwd=ROOT, env={"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
    )  # fmt: skip
    values: dict[str, Any] = json.loads(path.read_text())
    return values


def release(item: Mapping[str, Any], folder: Path) -> str:
    """One Helm release in the script's words; its values are written beside."""
    values = folder / f"{item['name']}.json"
    values.write_text(json.dumps(item.get("values", {})))
    return "|".join([item["name"], item["namespace"], Path(item["chart"]).name, str(values)])
