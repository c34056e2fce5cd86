"""The inventories we ship pass our own preflight, and the shared schema names what is used."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gongbang import inventory, preflight, schema
from gongbang.model import Cluster
from gongbang.paths import ROOT
from tests.contract.conftest import below, load, shown

FOLDERS = [
    pytest.param(path, id=shown(path))
    for path in sorted({*ROOT.glob("inventories/*"), *ROOT.glob("molecule/*/inventory")})
    if path.is_dir() and any(path.iterdir())
]


@cache
def cluster_of(path: Path) -> Cluster:
    return inventory.load(path)


@pytest.mark.parametrize("path", FOLDERS)
def test_inventory_knows_only_known_variables(path: Path) -> None:
    cluster = cluster_of(path)
    assert list(preflight.variable_names(cluster, schema.load())) == []
    assert cluster.name


@pytest.mark.parametrize("path", [item for item in FOLDERS if "inventories" in str(item.values[0])])
def test_inventory_has_no_problem(path: Path) -> None:
    assert preflight.problems(cluster_of(path), schema.load()) == []


def test_the_lab_is_as_others_rely_on() -> None:
    cluster = cluster_of(ROOT / "inventories/lab")
    assert cluster.name == "lab"
    assert {node.name: node.groups & {"control_plane", "workers"} for node in cluster.nodes} == {
        "cp1": {"control_plane"}, "w1": {"workers"}, "w2": {"workers"},
    }  # fmt: skip
    hosts = load(ROOT / "inventories/lab/hosts.yml")["all"]["children"]
    addresses = [host["ansible_host"] for group in hosts.values() for host in group["hosts"].values()]
    assert all(re.fullmatch(r"[\d.]+", address) for address in addresses), "literal addresses"
    everything = said_to_all(ROOT / "inventories/lab")
    assert "{" not in everything["cluster_pod_network"] + everything["cluster_kubernetes_version"], (
        "literally"
    )


def test_names_of_lab_clusters_and_networks_are_all_different() -> None:
    folders = [ROOT / "inventories/lab", *(path.parent for path in ROOT.glob("*/**/inventory/hosts.yml"))]
    labs = [said for said in map(said_to_all, folders) if "lab_network" in said]
    assert len(labs) > 6
    for name in ("cluster_name", "lab_network"):
        assert len({said[name] for said in labs}) == len(labs)


def said_to_all(folder: Path) -> dict[str, Any]:
    """The variables of the group `all`; of two files the later one counts, as in Ansible."""
    files = sorted(folder.glob("group_vars/all/*.yml"))
    return {name: value for path in files for name, value in (load(path) or {}).items()}


def test_shared_variables_that_are_used_are_in_the_schema() -> None:
    known = schema.load()
    of_roles = tuple(path.name for path in ROOT.glob("roles/*"))
    prefixes = tuple(f"{group}_" for group in load(ROOT / "gongbang/schema.yml"))
    for path in [*below("roles", "playbooks", suffix=".yml"), *below("roles", suffix=".j2")]:
        for name in set(
            re.findall(r"(?<![\w.'\"/-])(?:cluster|bundle|lab)_[a-z_]+(?![\w:(])", path.read_text())
        ):
            if name.startswith(prefixes) and not name.startswith(of_roles):
                assert name in known.names, f"{shown(path)} uses {name}: add it to gongbang/schema.yml"
