"""A misspelt field is refused on the node, before kubeadm runs: init and join would take it for none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gongbang import runner
from gongbang.errors import ExitCode
from gongbang.results import RunResult

KUBEADM = """#!/bin/sh
[ "$*" = 'config validate --config /dev/stdin' ] || exit 9
field=$(grep -o -w -e maxPodz -e taintz -) || exit 0
echo "error: unknown field $field" >&2
echo 'To see the stack trace of this error execute with --v=5 or higher' >&2
exit 1
"""
VARIABLES = {
    "cluster_name": "lab",
    "cluster_kubernetes_version": "1.36.3",
    "cluster_endpoint_name": "api.lab",
    "cluster_endpoint_port": 6443,
    "cluster_endpoint_address": "192.0.2.1",
    "cluster_node_address": "192.0.2.1",
    "cluster_pod_network": "10.244.0.0/16",
    "cluster_service_network": "10.96.0.0/16",
    "cluster_dns_domain": "cluster.local",
    "cluster_control_plane_hosts": ["here"],
    "ansible_become": False,
}


def validated(inventory: Path, folder: Path, **declared: Any) -> RunResult:
    (folder / "kubeadm").write_text(KUBEADM)
    (folder / "kubeadm").chmod(0o755)
    variables = VARIABLES | {"programs": str(folder)} | declared
    return runner.run(
        "tests/unit/playbooks/typo.yml", inventory, command="try", cluster="lab", extra_vars=variables
    )


def test_what_kubeadm_takes_is_not_refused(local_inventory: Path, tmp_path: Path) -> None:
    assert validated(local_inventory, tmp_path).code is ExitCode.DONE


def test_a_misspelt_field_is_bad_input(
    local_inventory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {"kubeadm_kubelet_configuration": {"maxPodz": 1}, "kubeadm_join_configuration": {"taintz": []}}
    assert validated(local_inventory, tmp_path, **wrong).code is ExitCode.BAD_INPUT
    said = capsys.readouterr().err
    for host, field in (("here", "maxPodz"), ("there", "taintz")):
        assert f"{host}: kubeadm does not take the declared configuration" in said
        assert f"error: unknown field {field}\n" in said
    for name in wrong:
        assert name in said
