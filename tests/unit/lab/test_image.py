from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from gongbang.errors import GongbangError
from gongbang.lab import image


@pytest.fixture
def recipe(tmp_path: Path) -> image.Recipe:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/motd").write_text("hello\n")
    (tmp_path / "etc/off").symlink_to("/dev/null")
    return image.Recipe("trixie", "container", ("a", "b"), ("x.service",), (), (tmp_path,))


def test_digest_is_stable(recipe: image.Recipe) -> None:
    assert recipe.digest == replace(recipe).digest
    assert len(recipe.digest) == 12


def test_digest_follows_every_list(recipe: image.Recipe) -> None:
    others = [
        replace(recipe, release="bookworm"),
        replace(recipe, kind="vm"),
        replace(recipe, packages=("a",)),
        replace(recipe, masked_units=()),
        replace(recipe, enabled_units=("x.service",)),
    ]
    assert len({recipe.digest, *(other.digest for other in others)}) == len(others) + 1


def test_digest_follows_contents_modes_and_links(recipe: image.Recipe) -> None:
    seen = [recipe.digest]
    motd, off = (recipe.overlays[0] / "etc" / name for name in ("motd", "off"))
    motd.write_text("other\n")
    seen.append(recipe.digest)
    motd.chmod(0o755)
    seen.append(recipe.digest)
    off.unlink()
    off.symlink_to("/dev/zero")
    seen.append(recipe.digest)
    motd.rename(motd.with_name("issue"))
    seen.append(recipe.digest)
    assert len(set(seen)) == 5


def test_digest_does_not_follow_times(recipe: image.Recipe) -> None:
    before = recipe.digest
    (recipe.overlays[0] / "etc/motd").touch()
    assert recipe.digest == before


@pytest.mark.parametrize("kind", ["container", "vm"])
@pytest.mark.parametrize("release", yaml.safe_load(image.RECIPE.read_text())["releases"])
def test_every_release_and_kind_has_a_recipe(release: str, kind: str) -> None:
    found = image.recipe(release, kind)
    assert "openssh-server" in found.packages
    assert all(overlay.is_dir() for overlay in found.overlays)
    assert image.recipe(release, kind).digest == found.digest


def test_vm_has_a_kernel_and_a_container_has_none() -> None:
    assert any("linux-image" in name for name in image.recipe("trixie", "vm").packages)
    assert not any("linux-image" in name for name in image.recipe("trixie").packages)


def test_unknown_release_is_refused_with_those_there_are() -> None:
    with pytest.raises(GongbangError) as caught:
        image.recipe("potato")
    assert "trixie" in caught.value.fix
