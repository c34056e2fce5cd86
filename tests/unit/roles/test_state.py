"""What the script says of a node on which steps go on, or were cut off."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

import pytest

from gongbang.paths import ROOT

SCRIPT = ROOT / "roles/kubeadm/files/state"
SYSTEMCTL = """#!/bin/sh
case $* in *is-active*) for unit in $ACTIVE; do case $* in *"$unit.service") exit 0 ;; esac; done; exit 3 ;; *show*) echo "@$STARTED" ;; esac
"""


def said(folder: Path, active: str, started: str = "", answer: str = "", found: str = "") -> dict[str, str]:
    """The script's lines on a node whose files are in this folder, where only these units are active.

    kubectl writes `answer` as what it mentions, and fails unless it has `found` something.
    """
    for name, text in (
        ("systemctl", SYSTEMCTL),
        ("dpkg-query", "#!/bin/sh\n"),
        ("kubectl", f"#!/bin/sh\ncat >&2 <<'E'\n{answer}\nE\n[ -n '{found}' ] && printf '%s' '{found}'\n"),
    ):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    script = SCRIPT.read_text()
    for place in ("/etc/kubernetes", "/var/lib/"):
        script = script.replace(place, f"{folder}{place}")
    done = subprocess.run(
        ["sh", "-c", script, "state", "cp1", "0", "0", "192.0.2.1:6443", "api.lab"],
        env={"PATH": f"{folder}:{os.environ['PATH']}", "ACTIVE": active, "STARTED": started},
        text=True, capture_output=True, timeout=30, check=True,
    )  # fmt: skip
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


@pytest.fixture
def node(tmp_path: Path) -> Path:
    (tmp_path / "etc/kubernetes").mkdir(parents=True)
    (tmp_path / "etc/kubernetes/kubelet.conf").touch()
    return tmp_path


def test_a_configuration_that_goes_on_is_told(node: Path) -> None:
    assert said(node, "gongbang-kubeadm-configure kubelet")["running"] == "configure"
    assert "running" not in said(node, "kubelet")


def test_steps_that_were_cut_off_are_told(node: Path) -> None:
    for step in ("etcd", "kubelet"):
        (node / "var/lib/gongbang/kept" / step).mkdir(parents=True)
    assert said(node, "kubelet")["kept"] == "etcd kubelet"


def test_a_kubelet_that_is_down_is_told_where_there_is_one(node: Path) -> None:
    assert "kubelet_down" in said(node, "")
    assert "kubelet_down" not in said(node, "kubelet")
    (node / "etc/kubernetes/kubelet.conf").unlink()
    assert "kubelet_down" not in said(node, "")


def test_flags_are_told_and_whether_the_kubelet_runs_with_them(node: Path) -> None:
    folder = node / "var/lib/kubelet"
    folder.mkdir(parents=True)
    assert "kubelet_flags" not in said(node, "kubelet")
    for name in ("config.yaml", "kubeadm-flags.env"):
        (folder / name).write_text("x\n")
    written = int((folder / "kubeadm-flags.env").stat().st_ctime)
    assert said(node, "kubelet", str(written))["kubelet_flags"] == "eAo="
    assert "kubelet_stale" not in said(node, "kubelet", str(written))
    (folder / "config.yaml").unlink()
    assert said(node, "kubelet", str(written - 1))["kubelet_stale"] == "1"


@pytest.mark.parametrize(
    ("answer", "etcd", "member"),
    [
        ("connection refused", "w1", None),
        ('Error from server (NotFound): nodes "cp1" not found', "cp1", None),
        ('Error from server (NotFound): nodes "cp1" not found', "old1", "old1"),
        ('nodes "cp1" is forbidden: User "system:node:cp1" cannot get resource "nodes"', "cp1", None),
        (
            'Error from server (Forbidden): nodes "cp1" is forbidden: User "system:node:old1" cannot get resource "nodes" '
            "in API group \"\" at the cluster scope: node 'old1' cannot read 'cp1', only its own Node object",
            "",
            "old1",
        ),
    ],
)
def test_a_node_with_another_name_in_its_cluster_is_told(
    node: Path, answer: str, etcd: str, member: str | None
) -> None:
    manifest = node / "etc/kubernetes/manifests/etcd.yaml"
    manifest.parent.mkdir()
    manifest.write_text(f"    - etcd\n    - --name={etcd}\n" if etcd else "")
    state = said(node, "kubelet", answer=answer)
    assert state.get("member") == member
    assert ("silent" in state) == ("NotFound" not in answer), "nothing is taken for unfinished"


def test_what_kubectl_mentions_is_no_answer(node: Path) -> None:
    slow = 'E1129 23:21:07 memcache.go:265] "Unhandled Error" err="the server was unable to return a response in time"'
    (node / "etc/kubernetes/admin.conf").touch()
    state = said(node, "kubelet", answer=slow, found="True")
    assert state["node"] == "True"
    assert state["cluster_configuration"] == base64.b64encode(b"True").decode()
    assert "tokens" not in state
