"""A live cluster's configuration: what it cannot follow is refused at once, what broke it is planned and mended."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import yaml

from gongbang import doctor, fingerprint, inventory, proc
from gongbang.errors import ExitCode
from gongbang.model import CONTROL_PLANE, WORKERS, Cluster
from gongbang.paths import ROOT, TOOLS
from gongbang.runs import folders
from tests.cluster import turns
from tests.cluster.drift import inv
from tests.cluster.expect import Expected

OnNode = Callable[..., str]

KUBECTL = "kubectl --kubeconfig /etc/kubernetes/admin.conf"
MANIFESTS = "/etc/kubernetes/manifests"
POD_NETWORK = "10.83.0.0/16"
EDIT_SCHEDULER = f"sed -i 's/^    - --leader-elect=true/&\\n    - --v=1/' {MANIFESTS}/kube-scheduler.yaml"
SCHEDULER = r"static pod kube-scheduler: spec.containers.command: --v=1 -> gone"
API_IS_DOWN = (
    f"for i in $(seq 90); do {KUBECTL} get --raw /readyz >/dev/null 2>&1 || exit 0; sleep 1; done; exit 1"
)
BROKEN = {
    "what the API runs on": (
        f"""sed -i 's/^    - --allow-privileged=true/&\\n    - --no-such-flag=1/' {MANIFESTS}/kube-apiserver.yaml
truncate --size 300 {MANIFESTS}/etcd.yaml
rm /etc/kubernetes/pki/apiserver.crt
{API_IS_DOWN}""",
        (
            r"static pod kube-apiserver: spec.containers.command: --no-such-flag=1 -> gone",
            r"static pod etcd: .*",
            r"certificate apiserver.crt: missing",
        ),
    ),
    "the kubelet that static pods wait for": (
        f"""{EDIT_SCHEDULER}
echo 'maxPods: many' >>/var/lib/kubelet/config.yaml; systemctl restart kubelet || true""",
        (SCHEDULER, r"kubelet configuration: maxPods: many -> .*"),
    ),
    "the node's place in the cluster": (
        f"{EDIT_SCHEDULER}; {KUBECTL} delete node FIRST",
        (SCHEDULER, r"node .*: not in the cluster -> registered again.*"),
    ),
}


@pytest.fixture
def first(cluster: Cluster) -> str:
    """The control plane."""
    return cluster.nodes_in(CONTROL_PLANE)[0].name


def test_what_a_cluster_cannot_follow_is_refused_in_one_list(
    cluster: Cluster, first: str, tmp_path: Path
) -> None:
    path = tmp_path / "inventory"
    shutil.copytree(cluster.inventory, path)
    kubelets = Expected(cluster).get(first, "kubeadm_kubelet_configuration", {})
    wrong = {"cluster_pod_network": POD_NETWORK, "kubeadm_kubelet_configuration": kubelets | {"maxPodz": 1}}
    (path / "group_vars" / "all" / "zzz_wrong.yml").write_text(yaml.safe_dump(wrong))
    before = fingerprint.capture(cluster)
    said = inv("cluster.up", path, ExitCode.BAD_INPUT)["failure"]["message"]
    kept = f"networking.podSubnet: {cluster.vars['cluster_pod_network']} -> {POD_NETWORK}"
    for text in (f"{first}: a running cluster keeps what it was made with", kept, "maxPodz"):
        assert text in said
    assert fingerprint.differences(before, fingerprint.capture(cluster)) == []
    found = [one.what for one in doctor.nodes.problems(inventory.load(path), sorted(cluster.node_names))]
    assert found == [
        f"{first}: a running cluster keeps what it was made with",
        f"{first}: kubeadm does not take the declared configuration",
    ]


def test_a_node_of_another_name_is_refused_before_it_is_taken_for_a_new_one(
    cluster: Cluster, tmp_path: Path
) -> None:
    path, old = tmp_path / "inventory", cluster.nodes_in(WORKERS)[-1].name
    shutil.copytree(cluster.inventory, path)
    hosts = path / "hosts.yml"
    hosts.write_text(re.sub(rf"^( +){old}:", r"\1renamed:", hosts.read_text(), flags=re.MULTILINE))
    before = fingerprint.capture(cluster)
    done = site(path)
    assert done.returncode == 2, done.stdout
    assert f"renamed: this machine is node {old} of the cluster" in done.stdout
    assert fingerprint.differences(before, fingerprint.capture(cluster)) == []


def test_a_node_that_left_the_inventory_is_told_and_left_alone(
    cluster: Cluster, first: str, on_node: OnNode, tmp_path: Path
) -> None:
    path, old = tmp_path / "inventory", cluster.nodes_in(WORKERS)[-1].name
    shutil.copytree(cluster.inventory, path)
    hosts = path / "hosts.yml"
    groups = yaml.safe_load(hosts.read_text())
    del groups["all"]["children"]["workers"]["hosts"][old]
    hosts.write_text(yaml.safe_dump(groups))
    inv("cluster.up", path, ExitCode.DONE)
    notes = inv("cluster.plan", path, ExitCode.DONE)["notes"]
    assert [note for note in notes if f"node {old} is in the cluster and not in the inventory" in note], notes
    assert " Ready " in on_node(first, f"{KUBECTL} get node {old} --no-headers")
    inv("cluster.up", cluster.inventory, ExitCode.DONE)


def test_kubelets_are_changed_one_after_the_other(cluster: Cluster, tmp_path: Path) -> None:
    path, name = tmp_path / "inventory", cluster.nodes_in(WORKERS)[0].name
    shutil.copytree(cluster.inventory, path)
    kubelets = Expected(cluster).get(name, "kubeadm_kubelet_configuration", {})
    anew = {"kubeadm_kubelet_configuration": kubelets | {"maxPods": 97}}
    (path / "group_vars" / "all" / "zzz_anew.yml").write_text(yaml.safe_dump(anew))
    inv("cluster.up", path, ExitCode.DONE)
    assert turns.problems(folders.of_cluster(cluster.name)[-1], len(cluster.nodes_in(WORKERS))) == []
    inv("cluster.up", cluster.inventory, ExitCode.DONE)


def test_a_limited_run_tells_what_it_cannot_compare(cluster: Cluster) -> None:
    name = cluster.nodes_in(WORKERS)[0].name
    done = site(cluster.inventory, "--limit", name)
    assert done.returncode == 0, done.stdout
    assert "configuration was not compared" in done.stdout
    assert re.search(rf"^{name} .*changed=0 ", done.stdout, re.MULTILINE), done.stdout


def site(inventory: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The main job by plain ansible-playbook, as people who know Ansible run it."""
    argv = [str(TOOLS / "ansible-playbook"), "-i", str(inventory), "playbooks/site.yml", *more]
    return proc.run(
        argv,
        cwd=ROOT,
        env={"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_FORCE_COLOR": "false"},
        timeout=600,
        check=False,
    )


@pytest.mark.parametrize(("broken", "names"), BROKEN.values(), ids=BROKEN)
def test_what_broke_the_control_plane_is_planned_and_mended(
    cluster: Cluster, first: str, on_node: OnNode, broken: str, names: Sequence[str]
) -> None:
    on_node(first, broken.replace("FIRST", first))
    plan = [
        row
        for row in inv("cluster.plan", cluster.inventory, ExitCode.CHANGES)["plan"]
        if row["host"] == first
    ]
    for name in names:
        assert [row for row in plan if re.fullmatch(name, row["change"])], (name, plan)
    inv("cluster.up", cluster.inventory, ExitCode.DONE)
    assert inv("cluster.plan", cluster.inventory, ExitCode.DONE)["plan"] == []
    assert on_node(first, "ls /var/lib/gongbang/kept 2>/dev/null || true") == ""
