"""Certificates and who may read what."""

from __future__ import annotations

import posixpath
import stat
from typing import Any

from gongbang.model import Cluster, Node
from gongbang.paths import artifacts_dir
from tests.cluster import certificates
from tests.cluster.certificates import Certificate
from tests.cluster.conftest import answered
from tests.cluster.expect import Expected, check
from tests.cluster.lists import CERTIFICATES, OPTIONAL, PKI

Facts = dict[str, Any]
DAYS = 30


def loaded(facts: Facts, name: str) -> Certificate:
    path = posixpath.normpath(PKI + name)
    found = facts["certificates"].get(path)
    check(
        found, f"certificate {path} is missing", sorted(facts["certificates"]), "kubeadm init phase certs all"
    )
    return certificates.read(found[0])


def wrong_modes(found: dict[str, Any], pattern: str, allowed: int) -> dict[str, Any]:
    """The files of a pattern that more may be done with than allowed, or that are not root's."""
    stem = pattern.split("*", maxsplit=1)[0]
    ours = {
        path: seen
        for path, seen in found.items()
        if path == pattern
        or ("*" in pattern and path.startswith(stem) and "/" not in path.removeprefix(stem))
    }
    ours = {path: seen for path, seen in ours.items() if path.endswith(pattern.rsplit("*", maxsplit=1)[-1])}
    return {
        path: seen
        for path, seen in ours.items()
        if seen is None or int(seen["mode"], 8) & ~allowed or seen["owner"].split(":")[0] != "0"
    }


def test_certificate_has_days_left(control_plane: Node, certificate: str, all_facts: dict[str, Any]) -> None:
    seen = loaded(answered(all_facts[control_plane.name], control_plane), certificate)
    check(
        seen.days_left > DAYS,
        f"{certificate} ends soon",
        f"{seen.days_left:.0f} days left",
        "kubeadm certs renew all",
    )


def test_certificate_is_signed_by_its_authority(
    control_plane: Node, certificate: str, all_facts: dict[str, Any]
) -> None:
    facts = answered(all_facts[control_plane.name], control_plane)
    authority = CERTIFICATES[certificate]
    good = loaded(facts, certificate).signed_by(loaded(facts, authority))
    check(good, f"{certificate} is not signed by {authority}", good, "kubeadm certs renew all")


def test_api_certificate_has_the_endpoints_name(
    control_plane: Node, expected: Expected, all_facts: dict[str, Any]
) -> None:
    seen = loaded(answered(all_facts[control_plane.name], control_plane), "apiserver.crt")
    wanted = str(expected.get(control_plane, "cluster_endpoint_name"))
    check(
        wanted in seen.names,
        f"the API server's certificate is not for {wanted}",
        sorted(seen.names),
        "certSANs in the kubeadm configuration",
    )


def test_kubelet_serves_the_clusters_certificate(
    node: Node, facts: Facts, first: str, all_facts: dict[str, Any]
) -> None:
    check(
        facts["kubelet_served"],
        "the kubelet serves no certificate",
        facts["kubelet_served"],
        "journalctl -u kubelet",
    )
    authority = loaded(answered(all_facts[first], node), "ca.crt")
    seen = certificates.read(facts["kubelet_served"])
    check(
        seen.signed_by(authority),
        "the kubelet's serving certificate is not signed by the cluster",
        seen.subject,
        "kubectl get csr; kubectl -n kube-system logs deployment/kubelet-csr-approver",
    )


def test_kubelet_certificate_names_this_node(node: Node, facts: Facts) -> None:
    check(
        facts["kubelet_served"],
        "the kubelet serves no certificate",
        facts["kubelet_served"],
        "journalctl -u kubelet",
    )
    seen = certificates.read(facts["kubelet_served"])
    check(
        {node.name, node.address} <= seen.names,
        "the kubelet's certificate is not this node's",
        sorted(seen.names),
        "kubectl get csr",
    )


def test_kubelet_certificates_have_days_left(facts: Facts) -> None:
    own = {path: pems for path, pems in facts["certificates"].items() if path.endswith("-current.pem")}
    left = {path: round(certificates.read(pems[0]).days_left) for path, pems in own.items() if pems}
    # The kubelet renews them itself when a fifth of their life is left: what is below a month was not renewed.
    check(
        left and min(left.values()) > DAYS,
        "a kubelet certificate ends soon",
        left,
        "systemctl restart kubelet; kubectl get csr",
    )


def test_control_plane_file_is_guarded(
    control_plane: Node, guarded: tuple[str, int], all_facts: dict[str, Any]
) -> None:
    facts = answered(all_facts[control_plane.name], control_plane)
    pattern, allowed = guarded
    wrong = wrong_modes(facts["modes"], pattern, allowed)
    wrong = {path: seen for path, seen in wrong.items() if seen or posixpath.basename(path) not in OPTIONAL}
    check(
        not wrong,
        f"{pattern} may be read or written by too many",
        wrong,
        f"chown root {pattern}; chmod {allowed:04o} {pattern}",
    )


def test_node_file_is_guarded(file: tuple[str, int], facts: Facts) -> None:
    pattern, allowed = file
    wrong = wrong_modes(facts["modes"], pattern, allowed)
    check(
        not wrong,
        f"{pattern} may be read or written by too many",
        wrong,
        f"chown root {pattern}; chmod {allowed:04o} {pattern}",
    )


def test_kubeconfig_on_the_controller_is_private(cluster: Cluster) -> None:
    path = artifacts_dir(cluster.name) / "kubeconfig"
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
    check(
        mode == 0o600,
        "the kubeconfig on the controller is missing or not private",
        f"{path}: {mode and oct(mode)}",
        "./inv cluster.up",
    )


def test_kubeconfig_on_the_controller_verifies_the_server(cluster: Cluster) -> None:
    path = artifacts_dir(cluster.name) / "kubeconfig"
    text = path.read_text() if path.exists() else ""
    check(
        "certificate-authority-data" in text and "insecure" not in text,
        "the kubeconfig does not verify the API server",
        path,
        "./inv cluster.up",
    )
