"""Certificates that end: each is told with what renews this file on this node, and with nothing that does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gongbang.model import Cluster
from gongbang.status import on_node, renewal
from gongbang.status.problems import certificate_problems
from gongbang.status.report import CertificateStatus

PEM = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"
ALL = "kubeadm certs renew all"
AGAIN = "rm /etc/kubernetes/kubelet.conf; then ./inv cluster.up joins it again"
RESTART = "systemctl restart kubelet"
FOREIGN = "/etc/kubernetes/pki/mine.crt"


@pytest.mark.parametrize(
    ("node", "file", "days", "words"),
    [
        ("cp1", "/etc/kubernetes/pki/apiserver.crt", 3, (f"on cp1: {ALL}", "crictl stop")),
        ("cp1", "/etc/kubernetes/pki/etcd/peer.crt", -3, (f"on cp1: {ALL}", "./inv cluster.up")),
        ("cp1", "/etc/kubernetes/admin.conf", 3, (f"on cp1: {ALL}",)),
        ("cp1", renewal.CLIENT, 3, ("by itself", f"on cp1: {RESTART}")),
        ("cp1", renewal.CLIENT, -1, ("kubeadm init phase kubeconfig kubelet", RESTART, "kubelet-finalize")),
        ("cp1", renewal.KUBELET_CONF, 3, (f"on cp1: {RESTART}",)),
        ("w1", renewal.CLIENT, 0, (f"on w1: {RESTART}", "journalctl -u kubelet")),
        ("w1", renewal.CLIENT, -1, (f"on w1: {AGAIN}",)),
        ("w1", renewal.SERVER, -1, (f"on w1: {RESTART}", "kubectl get csr")),
        ("cp1", "/etc/kubernetes/pki/ca.crt", 3, ("by hand: https://", "./inv cluster.reset")),
        ("cp1", "/etc/kubernetes/pki/etcd/ca.crt", 3, ("by hand: https://",)),
        ("w1", "/etc/kubernetes/pki/ca.crt", 3, ("a copy of the control plane's", f"on w1: {AGAIN}")),
        ("cp1", FOREIGN, 3, ("does not renew this file", f"on cp1: rm {FOREIGN}")),
        ("w1", "/etc/kubernetes/admin.conf", 3, ("does not renew this file",)),
    ],
)
def test_the_fix_goes_with_the_file_and_the_node(
    make_cluster: Callable[..., Cluster], node: str, file: str, days: int, words: tuple[str, ...]
) -> None:
    (found,) = certificate_problems(make_cluster(), (CertificateStatus(node, file, days),))
    assert [text for text in words if text not in found.fix] == [], found.fix
    assert (ALL in found.fix) == any(ALL in text for text in words)


def test_both_certificates_of_a_kubelet_are_read_and_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubernetes, kubelet = tmp_path / "kubernetes", tmp_path / "kubelet"
    (kubernetes / "pki").mkdir(parents=True)
    kubelet.mkdir()
    (kubernetes / "pki" / "ca.crt").write_text(PEM.format("ca"))
    for name in ("client", "server"):
        (kubelet / f"kubelet-{name}-2030.pem").write_text(PEM.format(name) + "PRIVATE KEY")
        (kubelet / f"kubelet-{name}-current.pem").symlink_to(kubelet / f"kubelet-{name}-2030.pem")
    monkeypatch.setattr(on_node, "KUBERNETES", kubernetes)
    monkeypatch.setattr(on_node, "KUBELET_PKI", kubelet)
    found = {Path(path).name: text.splitlines()[1] for path, text in on_node.certificates().items()}
    assert found == {
        "ca.crt": "ca",
        "kubelet-client-current.pem": "client",
        "kubelet-server-current.pem": "server",
    }
    assert "KEY" not in "".join(on_node.certificates().values())
