"""What a node's state means: a live cluster is never taken for an unfinished one."""

from __future__ import annotations

from typing import Any

import pytest

from gongbang.doctor import nodes
from tests.unit.roles.conftest import plugin

LIVE = {
    "admin": "1",
    "kubelet": "1",
    "config": "1",
    "etcd": "1",
    "version": "1.36.3",
    "ready": "1",
    "uploaded": "1",
    "node": "True",
}
SILENT = {
    "admin": "1",
    "kubelet": "1",
    "config": "1",
    "etcd": "1",
    "version": "1.36.3",
    "silent": "connection refused",
}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"package": ""}, "none"),
        (LIVE, "done"),
        ({**LIVE, "node": "False"}, "done"),
        ({**LIVE, "node": "absent"}, "unregistered"),
        (SILENT, "silent"),
        ({**SILENT, "unfinished": "init"}, "unfinished"),
        ({**LIVE, "unfinished": "init", "nodes": "1"}, "unfinished"),
        ({**LIVE, "unfinished": "init", "nodes": "3"}, "done"),
        ({**SILENT, "unfinished": "init", "running": "init"}, "busy"),
        ({**LIVE, "running": "configure"}, "busy"),
        ({"package": "1.36.3-1.1", "etcd": "1"}, "silent"),
    ],
)
def test_control_plane(state: dict[str, str], expected: str) -> None:
    assert plugin("control_plane").case(state) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"package": ""}, "none"),
        ({"config": "1"}, "unfinished"),
        ({"kubelet": "1", "config": "1", "node": "True"}, "done"),
        ({"kubelet": "1", "config": "1", "node": "Unknown"}, "done"),
        ({"kubelet": "1", "config": "1", "node": "absent"}, "unfinished"),
        ({"kubelet": "1", "config": "1", "silent": "certificate signed by unknown authority"}, "silent"),
        ({"kubelet": "1", "config": "1", "node": "True", "unfinished": "join"}, "unfinished"),
    ],
)
def test_worker(state: dict[str, str], expected: str) -> None:
    assert plugin("worker").case(state) == expected


def node(labels: dict[str, str], taints: list[dict[str, str]], declared: str = "") -> dict[str, object]:
    annotations = {"gongbang/declared": declared} if declared else {}
    return {
        "items": [
            {
                "metadata": {"name": "w1", "labels": labels, "annotations": annotations},
                "spec": {"taints": taints},
            }
        ]
    }


def test_labels_and_taints_that_stand_are_left_alone() -> None:
    live = node(
        {"a": "1"},
        [{"key": "k", "value": "v", "effect": "NoSchedule"}],
        '{"labels":["a"],"taints":["k=v:NoSchedule"]}',
    )
    wanted = [{"name": "w1", "labels": {"a": 1}, "taints": ["k=v:NoSchedule"]}]
    assert plugin("control_plane").commands(live, wanted) == []


def test_what_the_inventory_takes_back_goes() -> None:
    live = node(
        {"a": "1", "theirs": "x"},
        [{"key": "k", "effect": "NoSchedule"}],
        '{"labels":["a"],"taints":["k:NoSchedule"]}',
    )
    found = plugin("control_plane").commands(live, [{"name": "w1", "labels": {}, "taints": []}])
    assert ["label", "node", "w1", "--overwrite", "a-"] in found
    assert ["taint", "node", "w1", "--overwrite", "k:NoSchedule-"] in found
    assert not any("theirs" in word for command in found for word in command)


def test_a_node_without_declaration_gets_no_annotation() -> None:
    assert plugin("control_plane").commands(node({}, []), [{"name": "w1", "labels": {}, "taints": []}]) == []


@pytest.mark.parametrize(
    ("host", "state", "words"),
    [
        ("cp1", LIVE, ""),
        ("cp1", {**LIVE, "version": "1.35.4"}, "1.35.4 runs, 1.36.3 is declared"),
        ("w1", LIVE, "a worker of the inventory carries a control plane"),
        ("w1", {"kubelet": "1", "config": "1", "node": "True"}, ""),
        ("cp1", {"kubelet": "1", "config": "1", "node": "True"}, "is a worker of a cluster"),
        ("cp1", {"kubelet": "1", "config": "1", "unfinished": "init"}, ""),
        ("w1", {"package": ""}, ""),
        (
            "w1",
            {"kubelet": "1", "config": "1", "silent": "forbidden", "member": "old1"},
            "this machine is node old1 of the cluster, and the inventory calls it w1",
        ),
    ],
)
def test_what_is_there_and_was_not_declared(host: str, state: dict[str, str], words: str) -> None:
    found = plugin("kubeadm", "kubeadm_problems").problems({host: state}, "1.36.3", ["cp1"], {})
    assert bool(found) == bool(words)
    assert all(words in text and text.startswith(f"{host}: ") and "fix:" in text for text in found)


def test_kubelets_share_one_configuration() -> None:
    def problems(**settings: dict[str, Any]) -> list[str]:
        found: list[str] = plugin("kubeadm", "kubeadm_problems").problems({}, "1.36.3", ["cp1"], settings)
        return found

    assert problems(cp1={"maxPods": 9}, w1={"maxPods": 9}) == []
    assert problems(cp1={"maxPods": 9}) == []
    found = problems(cp1={"maxPods": 9, "x": 1}, w1={"maxPods": 8, "x": 1})
    assert len(found) == 1
    assert found[0].startswith("w1: kubeadm_kubelet_configuration is another one than cp1's")
    assert "maxPods differ" in found[0]
    assert len(problems(w1={"maxPods": 8})) == 1


def test_what_cannot_be_followed_is_told_in_the_words_that_the_doctor_reads() -> None:
    asked = {"rc": 1, "stdout_lines": ['error: unknown field "maxPodz"', "error: b"], "stderr_lines": []}
    found = plugin("kubeadm", "kubeadm_problems").complaints(
        "cp1", ["clusterName: a -> b", "x: 1 -> 2"], asked
    )
    assert nodes.ONE.findall("problems: 2\n  " + "\n  ".join(found)) == [
        (
            "cp1: a running cluster keeps what it was made with",
            "clusterName: a -> b; x: 1 -> 2",
            "declare what it has (group_vars/all/cluster.yml), or give the cluster up: ./inv cluster.reset",
        ),
        (
            "cp1: kubeadm does not take the declared configuration",
            'error: unknown field "maxPodz"; error: b',
            "correct kubeadm_node_registration, kubeadm_init_configuration, kubeadm_join_configuration, "
            "kubeadm_cluster_configuration, kubeadm_kubelet_configuration or kubeadm_kube_proxy_configuration",
        ),
    ]
    assert plugin("kubeadm", "kubeadm_problems").complaints("cp1", [], {}) == []
    assert plugin("kubeadm", "kubeadm_problems").complaints("cp1", [], {"rc": 0, "stdout_lines": ["x"]}) == []


def test_odd_nodes_are_told() -> None:
    live: Any = node({}, [])
    live["items"][0]["spec"]["unschedulable"] = True
    notes = plugin("control_plane").notes
    assert notes(live, [{"name": "w1"}]) == ["node w1 is cordoned; kubectl uncordon w1"]
    assert notes(live, []) == [
        "node w1 is in the cluster and not in the inventory, and left alone; add it there, or: kubectl delete node w1"
    ]


def test_commands_for_nodes_in_words() -> None:
    words = plugin("control_plane").in_words
    assert words(["label", "node", "w1", "--overwrite", "a=b", "c-"]) == "node w1: label a=b, c taken away"
    assert "remembers" in words(["annotate", "node", "w1", "--overwrite", "x=y"])


def test_a_second_control_plane_is_refused_without_the_command_too() -> None:
    problems = plugin("kubeadm", "kubeadm_problems").problems
    [text] = problems({}, "1.36.3", ["cp1", "cp2"], {})
    assert "seen: cp1, cp2" in text
    assert problems({}, "1.36.3", ["cp1"], {}) == problems({}, "1.36.3", [], {}) == []
