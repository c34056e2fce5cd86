"""Each pod network is a data file: a release that Helm can deploy, what ready means, and its name among the choices."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gongbang import schema
from gongbang.paths import ROOT
from tests.contract.conftest import load

FOLDER = ROOT / "roles/cni/vars"
NETWORKS = sorted(path for path in FOLDER.glob("*.yml") if path.name != "main.yml")


def test_files_and_choices_are_the_same() -> None:
    assert {path.stem for path in NETWORKS} == schema.load().networks


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_the_release_is_one_and_pinned(path: Path) -> None:
    release = load(path)["__cni_release"]
    assert {"name", "namespace", "chart", "values"} <= set(release)
    if not (ROOT / release["chart"] / "Chart.yaml").is_file():
        assert release["version"]
        assert release.get("repository") or release["chart"].startswith("oci://")


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_ready_names_workloads_and_an_agent_of_each_node(path: Path) -> None:
    ready = load(path)["__cni_ready"]
    assert all(re.fullmatch(r"([a-z0-9-]+/)?(daemonset|deployment)/[a-z0-9-]+", text) for text in ready)
    assert any("daemonset/" in text for text in ready)


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_it_reads_the_roles_variables_only(path: Path) -> None:
    used = set(re.findall(r"\{\{ *(\w+)", path.read_text()))
    assert used <= set(load(ROOT / "roles/cni/defaults/main.yml"))
    assert "cni_pod_network" in used


def test_an_operators_agent_is_looked_for_where_it_is_made() -> None:
    """Its release is elsewhere than what the operator makes."""
    assert load(FOLDER / "calico.yml")["__cni_ready"] == [
        "deployment/tigera-operator",
        "calico-system/daemonset/calico-node",
    ]
