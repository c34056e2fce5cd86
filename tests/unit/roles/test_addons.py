"""What kubeadm itself prints is understood: its addons, and the kubelet's flags."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from gongbang.bundle import published
from gongbang.paths import ROOT
from tests.unit.roles.conftest import plugin

KUBEADM = sorted((published.root() / "store/program").glob("kubernetes-*/*/kubeadm"))
pytestmark = pytest.mark.skipif(not KUBEADM, reason="no kubeadm in the bundle's cache")
ARGUMENTS = [{"name": "node-ip", "value": "192.0.2.1"}, {"name": "v", "value": "2"}]
REGISTRATION = {"name": "a-name-of-its-own", "kubeletExtraArgs": ARGUMENTS}


@pytest.fixture(params=KUBEADM, ids=lambda path: path.parents[1].name)
def printed(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """What the script `configuration` would print of the addons and flags, by name."""
    program = str(request.param)
    version = run(program, tmp_path, "version", "--output", "short").strip()
    documents = [
        {
            "apiVersion": "kubeadm.k8s.io/v1beta4",
            "kind": "InitConfiguration",
            "nodeRegistration": REGISTRATION,
        },
        {
            "apiVersion": "kubeadm.k8s.io/v1beta4",
            "kind": "ClusterConfiguration",
            "kubernetesVersion": version,
            "imageRepository": "registry.lab",
            "controlPlaneEndpoint": "api.lab:6443",
        },
    ]
    (tmp_path / "c.yml").write_text(yaml.safe_dump_all(documents))
    config = ("--config", str(tmp_path / "c.yml"))
    run(program, tmp_path, "init", "phase", "kubelet-start", "--dry-run", *config)
    texts = {
        name: run(program, tmp_path, "init", "phase", "addon", name, "--print-manifest", *config)
        for name in ("kube-proxy", "coredns")
    }
    return {**texts, "kubeadm-flags.env": (tmp_path / "kubeadm-flags.env").read_text()}


def run(program: str, folder: Path, *arguments: str) -> str:
    env = {**os.environ, "KUBEADM_INIT_DRYRUN_DIR": str(folder)}
    return subprocess.run(
        [program, *arguments], env=env, text=True, capture_output=True, timeout=60, check=True
    ).stdout


def live(printed: dict[str, str]) -> dict[tuple[str, str], Any]:
    """The objects of an undisturbed cluster, as kubectl gives them."""
    items = [one for name in ("kube-proxy", "coredns") for one in yaml.safe_load_all(printed[name]) if one]
    found: dict[tuple[str, str], Any] = plugin("kubeadm").answered(json.dumps({"items": items}))
    return found


def words(objects: dict[tuple[str, str], Any], printed: dict[str, str]) -> dict[str, list[str]]:
    found = plugin("kubeadm").in_cluster(objects, printed)
    return {name: texts for name, texts in found.items() if texts}


def container(objects: dict[tuple[str, str], Any], *key: str) -> dict[str, Any]:
    found: dict[str, Any] = objects[key]["spec"]["template"]["spec"]["containers"][0]  # type: ignore[index]
    return found


def test_addons_of_an_undisturbed_cluster_do_not_differ(printed: dict[str, str]) -> None:
    objects = live(printed)
    assert container(objects, "DaemonSet", "kube-proxy")["image"].startswith("registry.lab/kube-proxy:v1.")
    assert container(objects, "Deployment", "coredns")["image"].startswith("registry.lab/coredns:v1.")
    assert words(objects, printed) == {}
    assert list(plugin("kubeadm").edited(objects, printed)) == []


def test_another_image_and_other_arguments_are_told(printed: dict[str, str]) -> None:
    objects = live(printed)
    container(objects, "DaemonSet", "kube-proxy")["image"] = "elsewhere/kube-proxy:v1"
    container(objects, "Deployment", "coredns")["args"].append("-quiet")
    container(objects, "Deployment", "coredns")["terminationMessagePath"] = "/what/the/api/fills/in"
    assert list(words(objects, printed)) == ["kube-proxy", "coredns"]
    assert words(objects, printed)["kube-proxy"][0].startswith(
        "kube-proxy: image: elsewhere/kube-proxy:v1 -> registry"
    )
    assert words(objects, printed)["coredns"] == ["coredns: args: -quiet -> gone"]


def test_an_addon_that_is_gone_is_made(printed: dict[str, str]) -> None:
    objects = live(printed)
    del objects["ConfigMap", "coredns"]
    assert words(objects, printed) == {"coredns": ["coredns: Corefile: missing -> kubeadm's"]}
    del objects["Deployment", "coredns"]
    assert len(words(objects, printed)["coredns"]) == 3


def test_an_edited_corefile_is_told_and_stays(printed: dict[str, str]) -> None:
    objects = live(printed)
    objects["ConfigMap", "coredns"]["data"]["Corefile"] += "lab:53 { }\n"
    assert words(objects, printed) == {}
    assert len(list(plugin("kubeadm").edited(objects, printed))) == 1


@pytest.mark.parametrize(
    "wanted",
    [
        {"skipped": "show-join-command\naddon/coredns\n"},
        {"skipped": "addon"},
        {"cluster": "dns: {disabled: true}"},
    ],
)
def test_an_addon_that_is_not_kubeadms_is_left_alone(printed: dict[str, str], wanted: dict[str, str]) -> None:
    objects = live(printed)
    del objects["ConfigMap", "coredns"]
    del objects["Deployment", "coredns"]
    assert "coredns" not in words(objects, {**printed, **wanted})


def test_a_workers_flags_are_those_that_kubeadm_writes(printed: dict[str, str]) -> None:
    """The line that a worker gets is compared with the one of kubeadm, which knows of the name that is not the host's."""
    kubeadm, line = plugin("kubeadm"), printed["kubeadm-flags.env"]
    declared = kubeadm.declared(ARGUMENTS)
    state = {"kubelet_flags": base64.b64encode(line.encode()).decode()}
    assert kubeadm.flags(line) == ["--hostname-override=a-name-of-its-own", *declared]
    assert kubeadm.flags_line(state, declared, "any") == line
    assert kubeadm.flags_line({}, declared, "a-name-of-its-own") == line


@pytest.mark.parametrize("program", KUBEADM, ids=lambda path: path.parents[1].name)
def test_what_kubeadm_says_of_patches_is_no_manifest(program: Path, tmp_path: Path) -> None:
    """The node's script with the real kubeadm; kubectl gets only a part, in time."""
    (tmp_path / "kubectl").write_text("""#!/bin/sh\necho '{"items": []}'\nexit 1\n""")
    (tmp_path / "kubectl").chmod(0o755)
    (tmp_path / "etcd+strategic.yaml").write_text("spec: {priority: 7}\n")
    version = run(str(program), tmp_path, "version", "--output", "short").strip()
    api = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: "
    done = subprocess.run(
        ["sh", "-c", (ROOT / "roles/kubeadm/files/configuration").read_text(), "configuration", version],
        env={"PATH": f"{tmp_path}:{program.parent}:{os.environ['PATH']}"},
        input=f"{api}InitConfiguration\npatches:\n  directory: {tmp_path}\n---\n{api}ClusterConfiguration\n"
        f"kubernetesVersion: {version}\ncontrolPlaneEndpoint: api.lab:6443\n",
        text=True, capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    texts = plugin("kubeadm").unpacked(done.stdout.splitlines())["wanted"]
    assert container(live(texts), "Deployment", "coredns")["image"].startswith("registry.k8s.io/coredns/")
    assert yaml.safe_load(texts["etcd"])["spec"]["priority"] == 7
    told = plugin("kubeadm").configuration(done.stdout.splitlines())
    assert not any("kubeadm-config" in text for text in told["words"]), "what was not seen is not missing"
