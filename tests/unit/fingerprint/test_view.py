from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from gongbang.fingerprint import content, differences
from tests.unit.fingerprint.conftest import certificate


def thing(kind: str, body: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    body = {"kind": kind, "metadata": {"labels": {"a": "b"}}, **(body or {})}
    return {"uid": "1", "generation": 1, "owners": [], "body": body, **more}


def pem(name: str) -> dict[str, Any]:
    found = certificate(name)
    return {
        "mode": "0o600",
        "owner": "root:root",
        "mtime": 1,
        "sha256": found,
        "shape": "s",
        "certificates": [found],
    }


def one() -> dict[str, Any]:
    objects = {
        "Node /w1": thing("Node", {"spec": {"podCIDR": "10.0.1.0/24", "taints": []}}),
        "Service web/web": thing("Service", {"spec": {"clusterIP": "10.96.3.4", "ports": [80]}}),
        "Service web/headless": thing("Service", {"spec": {"clusterIP": "None"}}),
        "Secret kube-system/bootstrap-token-abcdef": thing("Secret", {"data": {"token-id": "x"}}),
        "Secret web/sh.helm.release.v1.web.v1": thing("Secret", {"type": "helm.sh/release.v1"}),
        "ReplicaSet web/web-1": thing("ReplicaSet"),
        "Pod web/web-1-aaaaa": thing("Pod", owners=["ReplicaSet/web-1"], phase="Running"),
        "Pod kube-system/etcd-cp1": thing("Pod", owners=["Node/cp1"], phase="Running"),
        "ConfigMap kube-public/cluster-info": thing(
            "ConfigMap",
            {"data": {"jws-kubeconfig-abcdef": "x", "kubeconfig": "certificate-authority-data: AA"}},
        ),
    }
    return {
        "cp1": {
            "files": {
                "/etc/a": {"mode": "0o644", "owner": "root:root", "mtime": 1, "sha256": "a"},
                "/pki/kubelet-client-2026-11-21-13-00-01.pem": pem("a"),
            },
            "units": {
                "kubelet.service": {"ActiveState": "active", "ExecMainStartTimestamp": "x", "NRestarts": "0"}
            },
            "objects": objects,
            "releases": {
                "web/web": {"status": "deployed", "revision": "1", "updated": "x", "values": {"a": 1}}
            },
        }
    }


def other() -> dict[str, Any]:
    """The same cluster, made another time."""
    made = deepcopy(one())
    state = made["cp1"]
    state["files"] = {
        "/etc/a": {**state["files"]["/etc/a"], "mtime": 2},
        "/pki/kubelet-client-2027-01-01-00-00-00.pem": {**pem("a"), "sha256": "z", "mtime": 2},
    }
    state["units"]["kubelet.service"] |= {"ExecMainStartTimestamp": "y", "NRestarts": "3"}
    objects = state["objects"]
    for value in objects.values():
        value |= {"uid": "2", "generation": 7}
    objects["Node /w1"]["body"]["spec"]["podCIDR"] = "10.0.2.0/24"
    objects["Service web/web"]["body"]["spec"]["clusterIP"] = "10.96.7.7"
    objects["Secret kube-system/bootstrap-token-zzzzzz"] = objects.pop(
        "Secret kube-system/bootstrap-token-abcdef"
    )
    objects["Secret web/sh.helm.release.v1.web.v2"] = objects.pop("Secret web/sh.helm.release.v1.web.v1")
    objects["ReplicaSet web/web-2"] = objects.pop("ReplicaSet web/web-1")
    objects["Pod web/web-2-bbbbb"] = {**objects.pop("Pod web/web-1-aaaaa"), "owners": ["ReplicaSet/web-2"]}
    objects["ConfigMap kube-public/cluster-info"]["body"]["data"] = {
        "kubeconfig": "certificate-authority-data: BB"
    }
    state["releases"]["web/web"] |= {"revision": "2", "updated": "y"}
    return made


def test_two_clusters_of_one_inventory_are_equal_in_content_and_not_in_identity() -> None:
    assert differences(content(one()), content(other())) == []
    assert len(differences(one(), other())) > 20


def broken(path: str, value: Any) -> dict[str, Any]:
    made = other()
    *parts, last = path.split(">")
    place = made["cp1"]
    for part in parts:
        place = place[part]
    place[last] = value
    return made


BROKEN = [
    ("files>/etc/a>sha256", "b", "cp1 > files > /etc/a > sha256: a -> b"),
    ("files>/etc/a>mode", "0o600", "cp1 > files > /etc/a > mode: 0o644 -> 0o600"),
    ("units>kubelet.service>ActiveState", "failed", "active -> failed"),
    ("objects>Node /w1>body>spec>taints", ["x"], "Node /w1 > spec > taints: [] -> ['x']"),
    ("objects>Service web/headless>body>spec>clusterIP", "10.96.9.9", "clusterIP: None -> (allocated)"),
    ("objects>Pod web/web-2-ccccc", thing("Pod", owners=["ReplicaSet/web-2"], phase="Failed"), "Failed: absent -> 1"),
    ("objects>Secret kube-system/bootstrap-token-zzzzzz>body>data", {}, "data: ['token-id'] -> []"),
    ("releases>web/web>status", "pending-upgrade", "status: deployed -> pending-upgrade"),
    ("releases>web/web>values", {"a": 2}, "values > a: 1 -> 2"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "line"), BROKEN, ids=[path for path, _, _ in BROKEN])
def test_what_is_different_is_told(path: str, value: Any, line: str) -> None:
    (found,) = differences(content(one()), content(broken(path, value)))
    assert line in found


def test_a_certificate_for_another_name_is_told() -> None:
    made = other()
    files = made["cp1"]["files"]
    files["/pki/kubelet-client-2027-01-01-00-00-00.pem"]["certificates"] = [certificate("a", "stranger")]
    (found,) = differences(content(one()), content(made))
    assert "names node" in found
    made["cp1"]["files"]["/pki/kubelet-client-2027-01-01-00-00-00.pem"]["certificates"] = [
        certificate("a", days=30)
    ]
    (found,) = differences(content(one()), content(made))
    assert "365 days" in found
