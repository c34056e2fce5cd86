"""What the inventories deploy can be had where their nodes look: no image of the bundle's own without its mirror."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from gongbang import inventory
from gongbang.model import CONTROL_PLANE, Cluster
from gongbang.paths import ROOT
from tests.cluster import lists
from tests.cluster.expect import Expected
from tests.contract.conftest import load
from tests.unit.roles.conftest import plugin

OURS = "registry.gongbang.internal/"


def declared(name: str, folder: Path, text: str = "") -> Cluster:
    """The cluster of one of our inventories, with some variables more."""
    copy = folder / "inventory"
    shutil.copytree(ROOT / "inventories" / name, copy)
    (copy / "group_vars/all/zz_more.yml").write_text(f"---\n{text}")
    return inventory.load(copy)


def images(values: Any) -> list[dict[str, str]]:
    """The images that a chart's values name, at any depth."""
    if not isinstance(values, dict):
        return []
    own = [values] if "repository" in values else []
    return own + [image for value in values.values() for image in images(value)]


def unreachable(cluster: Cluster) -> list[str]:
    """What the releases need and only a bundle has, although the nodes know none."""
    expected, first = Expected(cluster), cluster.nodes_in(CONTROL_PLANE)[0]
    mirrors = {mirror["registry"] for mirror in expected.get(first, "cluster_registry_mirrors", [])}
    found = []
    for release in lists.releases(cluster):
        values = release.get("values") or {}
        if plugin("helm").is_folder(release["chart"]):
            values = lists.merged(load(ROOT / release["chart"] / "values.yaml"), values)
        elif not release.get("repository") and OURS.rstrip("/") not in mirrors:
            found.append(f"{release['name']}: {release['chart']}")
        if release["name"] == lists.APPROVER and values["nodeAddresses"]:
            found += [
                f"{image['repository']} knows no nodeAddresses"
                for image in images(values)
                if OURS not in image["repository"]
            ]
        found += [
            f"{release['name']}: {image['repository']}"
            for image in images(values)
            if image["repository"].startswith(OURS) and OURS.rstrip("/") not in mirrors
        ]
    return found


MIRROR = "cluster_registry_mirrors: [{registry: registry.gongbang.internal, url: 'https://192.0.2.1/v2/x'}]"


@pytest.mark.parametrize(
    ("name", "text", "releases"),
    [
        ("onprem", "", ["flannel", "kubelet-csr-approver", "metrics-server"]),
        ("onprem", MIRROR, ["flannel", "kubelet-csr-approver", "metrics-server"]),
        ("lab", "", ["flannel", "kubelet-csr-approver", "metrics-server", "web"]),
        ("lab", "lab_source: upstream", ["flannel", "kubelet-csr-approver", "metrics-server"]),
    ],
)
def test_all_that_is_deployed_can_be_had(name: str, text: str, releases: list[str], tmp_path: Path) -> None:
    cluster = declared(name, tmp_path, text)
    assert [release["name"] for release in lists.releases(cluster)] == releases
    assert unreachable(cluster) == []
    ours = OURS.rstrip("/") in str(cluster.vars["cluster_registry_mirrors"])
    assert lists.knows_addresses(cluster) is ours


def test_the_networks_of_the_nodes_are_their_addresses(tmp_path: Path) -> None:
    cluster = declared("onprem", tmp_path)
    approver = next(item for item in lists.releases(cluster) if item["name"] == lists.APPROVER)
    assert approver["values"]["nodeNetworks"] == [f"{node.address}/32" for node in cluster.nodes]


def test_images_of_ours_are_in_the_bundle() -> None:
    built = {
        (image["name"], image["tag"].format(version=recipe["version"]))
        for image in load(ROOT / "bundle/images.yml")
        if image["name"].startswith(OURS)
        for recipe in [load(ROOT / "bundle/programs" / image["program"] / "recipe.yml")]
    }
    for name in ("lab", "onprem"):
        text = (ROOT / "inventories" / name / "group_vars/all/helm.yml").read_text()
        assert any(f"'{repository}', 'tag': '{tag}'" in text for repository, tag in built), name
