"""The block of inventories/onprem for a closed network: whole, and as the bundle publishes it."""

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
    """The block without its marks."""
    text = SOURCES.read_text().split("cluster_registry_mirrors: []\n")[1]
    content = yaml.safe_load(
        "\n".join(line.removeprefix("#").removeprefix(" ") for line in text.splitlines())
    )
    assert isinstance(content, dict)
    return content


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
