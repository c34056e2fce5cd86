"""The bill of materials, of all that the recipes name and of small Debian packages that dpkg-deb made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gongbang import proc
from gongbang.bundle import debian_facts, layers, manifest, planning, reading
from gongbang.bundle.manifest import Component
from gongbang.bundle.steps import Plan, Step
from gongbang.bundle.store import Store
from gongbang.bundle.toolchain import Toolchain

RECIPES = reading.load()
DEP5 = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: somebody
License: MPL-2.0

Files: debian/*
License: GPL-2+ or Artistic
 Its text follows here.

License: Artistic
 A text.
"""


def deb(into: Path, name: str, copyright_: str = "", link: str = "", source: str = "") -> None:
    """Make a package; its copyright file is a text, or its documentation a link to another package's."""
    root = into / "root"
    (root / "DEBIAN").mkdir(parents=True)
    control = (
        f"Package: {name}\nVersion: 1:2.0+deb13u1\nArchitecture: all\nMaintainer: none\nDescription: one\n"
    )
    (root / "DEBIAN/control").write_text(control + (f"Source: {source} (1.9)\n" if source else ""))
    docs = root / "usr/share/doc"
    docs.mkdir(parents=True)
    if link:
        (docs / name).symlink_to(link)
    else:
        (docs / name).mkdir()
        (docs / name / "copyright").write_text(copyright_)
    proc.run(["dpkg-deb", "--build", "--root-owner-group", root, into / f"{name}_2.0+deb13u1_all.deb"])
    proc.run(["rm", "-r", root])


def debs(into: Path) -> None:
    deb(into, "ca-certificates", DEP5)
    deb(into, "kmod", link="libkmod2", source="kmod-of-debian")
    deb(into, "libkmod2", link="ca-certificates")
    deb(into, "old", "It may be copied freely.\nLicense: of its own\n")


@pytest.fixture
def plan() -> Plan:
    tools = Toolchain(Path("go"), "go1.26.8", "cc 1")
    return planning.plan(RECIPES, RECIPES.kubernetes_versions(), tools, "")


@pytest.fixture
def bill(plan: Plan, tmp_path: Path) -> Path:
    """The bill of that plan; of each artefact there is no more than the manifest reads."""
    store = Store(tmp_path / "store")
    store.root.mkdir()

    def fill(into: Path, step: Step) -> None:
        kind, name = step.id
        if kind in ("image", "chart"):
            (into / "index.json").write_text(json.dumps({"manifests": [{"digest": "sha256:" + "a" * 64}]}))
        elif kind == "debian":
            debs(into)
        else:
            (into / (layers.BLOB if kind == "layer" else name)).write_text(name)

    folders = {
        step.id: store.make(*step.id, step.key, lambda into, step=step: fill(into, step))  # type: ignore[misc]
        for step in plan.steps.values()
    }
    manifest.write(plan, folders, tmp_path / "manifest.json")
    return tmp_path / "manifest.json"


def named(bill: Path, name: str) -> Component:
    return next(component for component in manifest.read(bill) if component["name"] == name)


def licences(component: Component) -> list[str]:
    return [str(next(iter(item["license"].values()))) for item in component["licenses"]]


def lacking(components: list[Component]) -> Iterator[str]:
    """What a component does not say."""
    for component in components:
        for key in ("name", "version", "purl"):
            if not component.get(key):
                yield f"{component['bom-ref']}: no {key}"
        if "@" not in component["purl"] or component["purl"].endswith(("@", "@v")):
            yield f"{component['bom-ref']}: no version in {component['purl']}"
        if len(component["hashes"][0]["content"]) != 64:
            yield f"{component['bom-ref']}: no SHA-256"
        if not all(licences(component)) or not licences(component):
            yield f"{component['bom-ref']}: no licence"


def test_every_component_has_version_source_licence_and_checksum(plan: Plan, bill: Path) -> None:
    components = manifest.read(bill)
    assert {component["properties"][0]["value"] for component in components} == {
        kind for kind, _ in plan.steps
    }
    assert list(lacking(components)) == []
    assert len({component["bom-ref"] for component in components}) == len(components)


def test_a_debian_package_tells_its_own_version_source_and_licences(bill: Path) -> None:
    assert licences(named(bill, "ca-certificates")) == ["GPL-2+ or Artistic", "MPL-2.0"]
    assert licences(named(bill, "kmod")) == ["GPL-2+ or Artistic", "MPL-2.0"], "two links away"
    assert licences(named(bill, "old")) == ["see /usr/share/doc/old/copyright in the package"]
    kmod = named(bill, "kmod")
    assert kmod["version"] == "1:2.0+deb13u1"
    assert kmod["purl"] == "pkg:deb/debian/kmod@1%3A2.0%2Bdeb13u1?distro=bookworm"
    assert kmod["properties"][1]["value"] == "kmod-of-debian"


def test_a_layer_tells_its_packages_and_their_licences(bill: Path) -> None:
    layer = named(bill, "certificates")
    assert "ca-certificates of Debian trixie" in layer["description"]
    assert licences(layer) == ["GPL-2+ or Artistic", "MPL-2.0"]


def test_an_image_tells_the_version_that_its_program_has(bill: Path) -> None:
    """The plugin's tag is upstream's present one, its program an older one from another module."""
    image = next(item for item in manifest.read(bill) if "flannel-cni-plugin_" in item["name"])
    program = next(item for item in RECIPES.programs if item.name == "flannel-cni-plugin")
    assert image["purl"] == f"pkg:golang/{program.module}@v{program.version}"
    assert program.version not in image["version"]


def test_an_older_form_is_told_from_this_one(bill: Path, tmp_path: Path) -> None:
    assert manifest.is_of_this_form(bill)
    old = tmp_path / "old.json"
    old.write_text(json.dumps({"metadata": {"properties": [{"name": "gongbang:go", "value": "go1"}]}}))
    assert not manifest.is_of_this_form(old)


def test_what_is_read_once_is_kept_beside_the_packages(tmp_path: Path) -> None:
    debs(tmp_path)
    first = debian_facts.of(tmp_path)
    for path in tmp_path.glob("*.deb"):
        path.unlink()
    assert debian_facts.of(tmp_path) == first
    assert len(first) == 4
