from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gongbang.bundle import planning, reading, toolchain
from gongbang.bundle.recipes import DATA
from gongbang.errors import GongbangError

TOOLS = toolchain.Toolchain(Path("go"), "go1.26.8", "cc 12")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the repository's data that a test may spoil."""
    return Path(shutil.copytree(DATA, tmp_path / "bundle"))


def test_the_repository_has_all_that_a_cluster_needs() -> None:
    recipes = reading.load()
    version = recipes.kubernetes_versions()[-1]
    plan = planning.plan(recipes, [version], TOOLS, "")
    minor = version.rpartition(".")[0]
    packages = {name.split("_")[0] for _, name in plan.repositories[f"kubernetes/v{minor}"]}
    assert packages == {"kubeadm", "kubelet", "kubectl", "cri-tools", "kubernetes-cni"}
    assert ("registry.k8s.io/kube-apiserver", f"v{version}") in plan.images
    assert {"containerd", "helm", "debian-trixie", "debian-bookworm"} <= set(plan.repositories)


def test_two_minors_stand_side_by_side() -> None:
    plan = planning.plan(reading.load(), ["1.36.3", "1.37.1"], TOOLS, "")
    assert ("package", "kubeadm_1.36.3-1.1") in plan.repositories["kubernetes/v1.36"]
    assert ("package", "kubeadm_1.37.1-1.1") in plan.repositories["kubernetes/v1.37"]
    assert ("registry.k8s.io/kube-proxy", "v1.37.1") in plan.images
    assert ("registry.k8s.io/kube-proxy", "v1.36.3") in plan.images


def test_an_unknown_key_is_named(data: Path) -> None:
    recipe = data / "programs/helm/recipe.yml"
    recipe.write_text(recipe.read_text() + "verison: 1\n")
    with pytest.raises(GongbangError, match="does not fit") as caught:
        reading.load(data)
    assert "verison" in caught.value.seen
    assert "version" in caught.value.fix


def test_a_missing_key_is_named(data: Path) -> None:
    recipe = data / "programs/helm/recipe.yml"
    recipe.write_text("name: helm\n")
    with pytest.raises(GongbangError) as caught:
        reading.load(data)
    assert "version" in caught.value.seen


def test_a_program_without_recipe_for_a_version_is_refused() -> None:
    with pytest.raises(GongbangError) as caught:
        reading.load().program("kubernetes", "1.20.0")
    assert "kubernetes-1.36" in caught.value.seen


def test_packages_for_one_release_only() -> None:
    sets = {release.release: {name for s in release.sets for name in s} for release in reading.load().debian}
    assert "docker-compose" in sets["trixie"]
    assert "docker-compose" not in sets["bookworm"]
    assert "docker.io" in sets["bookworm"]


def test_every_program_has_a_licence_and_module_files() -> None:
    for program in reading.load().programs:
        assert program.licence, program.name
        assert (program.folder / "go.mod").exists(), program.name
        assert program.seconds > 0, program.name


def test_images_use_only_what_their_recipes_name() -> None:
    recipes = reading.load()
    layers = {layer.name for layer in recipes.layers}
    programs = {program.name: program for program in recipes.programs}
    for image in recipes.images:
        assert set(image.layers) <= layers, image.name
        for source in image.files.values():
            name, file = source.split("/")
            assert file in programs[name].programs, f"{image.name}: {source}"
