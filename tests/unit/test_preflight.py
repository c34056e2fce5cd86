"""Every refusal of the preflight, each with the value seen and a fix; a good cluster has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gongbang import preflight
from gongbang.errors import ExitCode, GongbangError
from gongbang.model import Cluster
from gongbang.problem import Problem
from gongbang.schema import Schema

SCHEMA = Schema(
    names=frozenset({
        "cluster_name", "cluster_kubernetes_version", "cluster_pod_network", "cluster_service_network",
        "cluster_verify_patience", "lab_network", "lab_node_kind", "docker_daemon", "lab_source", "cluster_cni",
    }),
    prefixes=("cluster_", "docker_", "lab_"),
    versions=frozenset({"1.35.4", "1.36.3"}),
    networks=frozenset({"flannel", "calico"}),
)  # fmt: skip
Make = Callable[..., Cluster]


def only(cluster: Cluster) -> Problem:
    found = preflight.problems(cluster, SCHEMA)
    assert len(found) == 1, found
    assert found[0].seen
    assert found[0].fix
    return found[0]


def test_a_good_cluster_has_no_problem(make_cluster: Make) -> None:
    assert preflight.problems(make_cluster(), SCHEMA) == []


@pytest.mark.parametrize(
    ("change", "what", "seen", "fix"),
    [
        ({"cluster_pod_netwrk": "x"}, "not known", "cluster_pod_netwrk", "write cluster_pod_network"),
        ({"docker_deamon": {}}, "not known", "docker_deamon", "write docker_daemon"),
        ({"clustr_pod_network": "x"}, "not known", "clustr_pod_network", "write cluster_pod_network"),
        ({"mycluster_pod_network": "x"}, "not known", "mycluster_pod_network", "write cluster_pod_network"),
        ({"cluster_pod_network_old": "x"}, "not known", "cluster_pod_network_old", "cluster_pod_network"),
        ({"cluster_cni": "flanel"}, "pod network is not known", "cluster_cni: flanel", "use flannel"),
        ({"cluster_cni": "x"}, "pod network is not known", "cluster_cni: x", "use calico or flannel"),
        ({"lab_node_kind": "vmm"}, "kind", "vmm", "vm"),
        ({"cluster_pod_network": "10.96.0.0/12"}, "overlap", "10.96.0.0/12", "another"),
        ({"cluster_service_network": "172.30.0.0/16"}, None, "172.30.0.0/16", "another"),
        ({"cluster_pod_network": "10.244.0.0/23"}, "too small", "10.244.0.0/23", "larger"),
        ({"cluster_pod_network": "10.244.0.0/25"}, "too small", "holds 0", "larger"),
        ({"cluster_pod_network": "10.244.0.1/16"}, "not a network", "host bits", "10.244.0.0/16"),
        ({"cluster_service_network": ""}, "not a network", "''", "cluster_service_network"),
        ({"cluster_kubernetes_version": "1.99.0"}, "no recipe", "1.99.0", "1.35.4, 1.36.3"),
        ({"cluster_verify_patience": "x"}, "no factor", "'x'", "1 or more"),
        ({"ansible_host_key_checking": False}, "host keys", "ansible_host_key_checking: False", "remove it"),
        ({"ansible_ssh_host_key_checking": "no"}, "host keys", "of cp1", "known_hosts"),
        (
            {"ansible_ssh_common_args": "-o StrictHostKeyChecking=no"},
            "host keys",
            "StrictHostKeyChecking=no",
            "remove it",
        ),
        (
            {"ansible_ssh_extra_args": "-o 'UserKnownHostsFile /dev/null'"},
            "host keys",
            "/dev/null",
            "remove it",
        ),
        ({"cluster_kubernetes_version": "1.36"}, "full version", "1.36", "1.36.3"),
    ],
)
def test_a_bad_value_is_refused(
    make_cluster: Make, change: dict[str, Any], what: str | None, seen: str, fix: str
) -> None:
    found = preflight.problems(make_cluster(**change), SCHEMA)
    assert found
    assert all(seen in problem.seen for problem in found if what is None or what in problem.what)
    assert any(
        (what or "") in problem.what and seen in problem.seen and fix in problem.fix for problem in found
    )


def test_the_upstream_source_knows_other_versions(make_cluster: Make) -> None:
    cluster = make_cluster(cluster_kubernetes_version="1.99.0", lab_source="upstream")
    assert preflight.problems(cluster, SCHEMA) == []


def test_the_users_own_variables_stay_free(make_cluster: Make) -> None:
    own = {
        "my_variable": 1,
        "__cluster_pod_network": 1,
        "backup_hour": 3,
        "my_cluster_service_network": "10.0.0.0/8",
        "our_cluster_kubernetes_version": "1.35.4",
        "a_cluster_kubernetes_version_b": "1.35.4",
        "ansible_user": "ops",
        "ansible_host_key_checking": True,
    }
    assert preflight.problems(make_cluster(**own), SCHEMA) == []


def test_a_misspelt_group(make_cluster: Make) -> None:
    cluster = make_cluster()
    groups = {**cluster.groups, "worker": ("w9",), "storage": ("nas",)}
    assert only(replace(cluster, groups=groups)).fix == "call it workers"


def test_no_control_plane(make_cluster: Make) -> None:
    cluster = make_cluster()
    problem = only(replace(cluster, nodes=cluster.nodes[1:]))
    assert "no control plane" in problem.what


def test_more_than_one_control_plane(make_cluster: Make) -> None:
    cluster = make_cluster()
    second = replace(cluster.nodes[1], groups=frozenset({"all", "control_plane"}))
    problem = only(replace(cluster, nodes=(cluster.nodes[0], second)))
    assert (problem.seen, "not supported yet" in problem.what) == ("cp1, w1", True)


def test_two_hosts_with_one_address(make_cluster: Make) -> None:
    problem = only(make_cluster({"cp1": "172.30.36.11", "w1": "172.30.36.11"}))
    assert problem.seen == "172.30.36.11: cp1, w1"


@pytest.mark.parametrize("name", ["CP1", "w_1", "-w", "w" * 64, "ü", "a..b"])
def test_a_name_that_is_no_node_name(make_cluster: Make, name: str) -> None:
    assert only(make_cluster({name: "172.30.36.11"})).seen == name


def test_a_node_inside_the_pod_network(make_cluster: Make) -> None:
    problem = only(make_cluster({"cp1": "172.30.36.11", "w1": "10.244.3.1"}))
    assert "w1 10.244.3.1" in problem.seen


def test_everything_at_once_and_one_error(make_cluster: Make) -> None:
    cluster = make_cluster({"CP": "10.96.0.5"}, cluster_pod_netwrk=1, cluster_kubernetes_version="2")
    with pytest.raises(GongbangError) as caught:
        preflight.check(cluster, SCHEMA)
    assert caught.value.code is ExitCode.BAD_INPUT
    assert "has 4 problems; no node was touched" in caught.value.problem
