"""kubeadm-configure on a node of folders: what does not become healthy, or was cut off, is as it was before."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gongbang.paths import ROOT

SCRIPT = ROOT / "roles/kubeadm/files/kubeadm-configure"
PLACES = ("/etc/kubernetes", "/var/lib/kubelet", "/var/lib/gongbang")
SECONDS = "1"
BAD = "a configuration that is bad\n"
FAKES = {
    "kubeadm": """case $* in
*'etcd local'*) to=$MANIFESTS/etcd.yaml ;;
*control-plane*) to=$MANIFESTS/kube-$4.yaml ;;
*kubelet-start* | *kubelet-config*) to=$NODE/var/lib/kubelet/config.yaml ;;
*print-manifest*) echo '        image: r/coredns:v1'; exit 0 ;;
*'addon coredns'*) [ ! -e "$NODE/declared/bad-coredns" ]; exit ;;
*certs*) [ -e "$NODE/declared/apiserver.crt" ] || exit 1; to=$NODE/etc/kubernetes/pki/apiserver.crt ;;
*) exit 0 ;;
esac
cat "$NODE/declared/${to##*/}" >"$to" """,
    "kubectl": """case $* in
*readyz*) ! grep -q bad "$MANIFESTS/kube-apiserver.yaml" "$MANIFESTS/etcd.yaml" "$NODE/var/lib/kubelet/config.yaml" ;;
*'get pod'*)
    pod=${*#*get pod }
    file=$MANIFESTS/${pod%%-cp1 *}.yaml
    if grep -q bad "$file"; then printf 'False '; else printf 'True %s' "$(date --utc --reference "$file" +%FT%TZ)"; fi
    ;;
*'get node'*)
    if grep -q bad "$NODE/var/lib/kubelet/config.yaml"; then printf 'False x'; else printf 'True %s' "$(date --utc +%FT%TZ)"; fi
    ;;
*'get configmap'* | *'get deployment'* | *'get daemonset'*)
    [ ! -e "$NODE/declared/silent" ] || exit 1
    printf '{\\n  "resourceVersion": "1",\\n  "data": "old"\\n}\\n'
    ;;
*replace*) cat "${*#*--filename }" ;;
esac""",
    "crictl": "true",
    "systemctl": "true",
    "journalctl": "true",
}


class Node:
    """Folders that stand for a control plane's, and programs that stand for kubeadm and the others."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "log"
        self.manifests = folder / "etc/kubernetes/manifests"
        self.kept = folder / "var/lib/gongbang/kept"
        self.config = folder / "var/lib/kubelet/config.yaml"
        self.flags = ""
        self.certificate = folder / "etc/kubernetes/pki/apiserver.crt"
        for path in (
            "bin",
            "declared",
            "etc/kubernetes/manifests",
            "etc/kubernetes/pki",
            "var/lib/kubelet",
            "var/lib/gongbang",
        ):
            (folder / path).mkdir(parents=True)
        for name in ("etcd", "kube-apiserver", "kube-scheduler"):
            (self.manifests / f"{name}.yaml").write_text("old\n")
            self.declare(f"{name}.yaml", "new\n")
        for file in (self.config, self.certificate, folder / "etc/kubernetes/admin.conf"):
            file.write_text("old\n")
        self.declare("config.yaml", "new\n")
        for name, text in FAKES.items():
            program = folder / "bin" / name
            program.write_text(f'#!/bin/sh\necho "{name} $*" >>"$NODE/log"\n{text}\n')
            program.chmod(0o755)
        text = SCRIPT.read_text()
        for place in PLACES:
            text = text.replace(place, f"{folder}{place}")
        (folder / "script").write_text(text)

    def declare(self, name: str, text: str) -> None:
        (self.folder / "declared" / name).write_text(text)

    def start(self, *steps: str) -> subprocess.Popen[str]:
        env = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "NODE": str(self.folder),
            "MANIFESTS": str(self.manifests),
        }
        argv = ["sh", str(self.folder / "script"), "cp1", "/c.yml", SECONDS, "", self.flags, *steps]
        return subprocess.Popen(argv, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, *steps: str) -> tuple[int, str]:
        child = self.start(*steps)
        out = child.communicate(timeout=60)[0]
        return child.returncode, out

    def has(self, name: str) -> str:
        return (self.manifests / f"{name}.yaml").read_text()


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_what_becomes_ready_stays_and_nothing_is_left(node: Node) -> None:
    code, out = node.run(
        "certificates", "etcd", "kube-apiserver", "kube-scheduler", "cluster", "kubelets", "kubelet"
    )
    assert (code, "failed" in out) == (1, True), "no certificate is declared"
    node.declare("apiserver.crt", "new\n")
    code, out = node.run(
        "certificates", "etcd", "kube-apiserver", "kube-scheduler", "cluster", "kubelets", "kubelet"
    )
    assert code == 0, out
    assert [node.has(name) for name in ("etcd", "kube-apiserver", "kube-scheduler")] == ["new\n"] * 3
    assert (node.config.read_text(), node.certificate.read_text()) == ("new\n", "new\n")
    assert not node.kept.exists()


@pytest.mark.parametrize("name", ["etcd", "kube-apiserver", "kube-scheduler"])
def test_what_does_not_become_ready_is_put_back(node: Node, name: str) -> None:
    node.declare(f"{name}.yaml", BAD)
    code, out = node.run(name)
    assert code == 1
    assert f"step {name} failed" in out
    assert node.has(name) == "old\n"
    assert not node.kept.exists()
    assert sorted(path.name for path in node.manifests.iterdir()) == [
        "etcd.yaml", "kube-apiserver.yaml", "kube-scheduler.yaml",
    ]  # fmt: skip


def test_an_api_that_is_down_comes_back_whatever_is_broken(node: Node) -> None:
    for name in ("etcd", "kube-apiserver"):
        (node.manifests / f"{name}.yaml").write_text(BAD)
    code, out = node.run("etcd", "kube-apiserver")
    assert code == 0, out
    assert (node.has("etcd"), node.has("kube-apiserver")) == ("new\n", "new\n")


def test_a_kubelet_that_the_api_waits_for_is_made_without_it(node: Node) -> None:
    (node.manifests / "kube-apiserver.yaml").write_text(BAD)
    node.config.write_text(BAD)
    code, out = node.run("kubelet", "kube-apiserver")
    assert code == 0, out
    assert (node.config.read_text(), node.has("kube-apiserver")) == ("new\n", "new\n")
    assert "kubelet-start" in node.log.read_text()
    assert "kubelet-config" not in node.log.read_text()


def test_a_step_that_was_cut_off_is_put_back_to_what_was_there_before_it(node: Node) -> None:
    child = node.start("kube-scheduler")
    node.declare("kube-scheduler.yaml", BAD)
    wait_for(lambda: (node.kept / "kube-scheduler").exists())
    child.kill()
    child.communicate()
    (node.manifests / "kube-scheduler.yaml").write_text("half-wr")
    assert node.run("kube-scheduler")[0] == 1
    assert node.has("kube-scheduler") == "old\n"


def test_a_step_that_is_repeated_needs_no_other_start(node: Node) -> None:
    """The kubelet does not start again what has not changed."""
    (node.manifests / "kube-scheduler.yaml").write_text("new\n")
    os.utime(node.manifests / "kube-scheduler.yaml", (1e9, 1e9))
    assert node.run("kube-scheduler")[0] == 0
    assert node.manifests.joinpath("kube-scheduler.yaml").stat().st_mtime == 1e9


def test_a_time_limit_puts_back(node: Node) -> None:
    node.declare("kube-scheduler.yaml", BAD)
    child = node.start("kube-scheduler")
    wait_for(lambda: node.has("kube-scheduler") == BAD)
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 1
    assert node.has("kube-scheduler") == "old\n"


def test_a_kubelet_that_fails_gives_the_clusters_configuration_back_too(node: Node) -> None:
    node.declare("config.yaml", BAD)
    code, out = node.run("kubelets", "kubelet")
    assert code == 1
    assert node.config.read_text() == "old\n"
    assert '"data": "old"' in out
    assert "resourceVersion" not in out


def test_a_workers_flags_are_written_with_its_configuration(node: Node) -> None:
    (node.folder / "etc/kubernetes/admin.conf").unlink()
    file = node.config.with_name("kubeadm-flags.env")
    file.write_text("old\n")
    node.flags = base64.b64encode(b'KUBELET_KUBEADM_ARGS="--v=1"\n').decode()
    code, out = node.run("kubelet")
    assert code == 0, out
    assert file.read_text() == 'KUBELET_KUBEADM_ARGS="--v=1"\n'
    assert sorted(path.name for path in file.parent.iterdir()) == ["config.yaml", "kubeadm-flags.env"]


def test_flags_with_which_a_kubelet_does_not_become_ready_are_put_back(node: Node) -> None:
    (node.folder / "etc/kubernetes/admin.conf").unlink()
    file = node.config.with_name("kubeadm-flags.env")
    file.write_text("old\n")
    node.declare("config.yaml", BAD)
    node.flags = base64.b64encode(b"new\n").decode()
    assert node.run("kubelet")[0] == 1
    assert (file.read_text(), node.config.read_text()) == ("old\n", "old\n")


def test_an_addon_is_made_and_waited_for(node: Node) -> None:
    code, out = node.run("kube-proxy", "coredns")
    assert code == 0, out
    log = node.log.read_text()
    assert "rollout restart daemonset/kube-proxy" in log
    assert "set image deployment/coredns coredns=r/coredns:v1" in log
    assert "rollout status deployment/coredns" in log
    assert not node.kept.exists()


def test_an_addon_that_fails_is_put_back(node: Node) -> None:
    node.declare("bad-coredns", "")
    code, out = node.run("coredns")
    assert code == 1
    assert '"data": "old"' in out
    assert "deployment.json" in node.log.read_text()


def test_what_cannot_be_kept_is_not_replaced(node: Node) -> None:
    node.declare("silent", "")
    assert node.run("coredns")[0] == 1
    assert "set image" not in node.log.read_text()
    assert "addon coredns" not in node.log.read_text()


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
