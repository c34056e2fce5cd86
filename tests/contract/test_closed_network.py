"""The blocks of inventories/onprem with other sources: upstream's as the role has them, the bundle's as it publishes them."""

from __future__ import annotations

from typing import Any

import yaml

from gongbang import schema
from gongbang.bundle import reading
from gongbang.paths import ROOT
from tests.contract.conftest import load

SOURCES = ROOT / "inventories/onprem/group_vars/all/sources.yml"
LAB = ROOT / "inventories/lab/group_vars/all"


def block() -> dict[str, Any]:
    """The block for a closed network without its marks."""
    return unmarked(SOURCES.read_text().split("cluster_registry_mirrors: []\n")[1])


def unmarked(text: str) -> dict[str, Any]:
    content = yaml.safe_load(
        "\n".join(line.removeprefix("#").removeprefix(" ") for line in text.splitlines())
    )
    assert isinstance(content, dict)
    return content


def test_upstreams_repositories_are_shown_as_the_role_has_them() -> None:
    text = SOURCES.read_text().split("\n\n")[0]
    shown = unmarked(text[text.index("# cluster_package_repositories:") :])
    role = load(ROOT / "roles/package_repository/defaults/main.yml")
    assert shown == {"cluster_package_repositories": role["package_repository_upstream"]}


def test_it_names_known_variables_only() -> None:
    assert set(block()) <= schema.load().names


def test_it_is_the_labs_repositories_and_mirrors() -> None:
    lab = yaml.safe_dump(load(LAB / "sources.yml")["bundle_repositories"])
    lab = lab.replace("{{ lab_debian }}", "{{ package_repository_release }}")
    assert block()["cluster_package_repositories"] == yaml.safe_load(lab)
    assert block()["cluster_registry_mirrors"] == load(LAB / "sources.yml")["bundle_mirrors"]


def test_it_has_a_mirror_for_each_registry_of_the_bundle() -> None:
    registries = {image.name.split("/")[0] for image in reading.load().images}
    assert {mirror["registry"] for mirror in block()["cluster_registry_mirrors"]} == registries


def test_its_docker_packages_are_in_the_bundle() -> None:
    carried = {name for release in reading.load().debian for packages in release.sets for name in packages}
    assert {package["name"] for package in block()["docker_packages"]} <= carried
