"""A version stands in one place; where two must say the same, they do."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

from gongbang.paths import ROOT
from gongbang.schema import kubernetes_versions
from tests.contract.conftest import below, load, shown

LITERAL = re.compile(r"(?<![\w./:-])v?\d+\.\d+\.\d+(?:[-+][\w.]+)?(?![\w.])")
ADDRESS = re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b")
CODE = [
    *below("gongbang", "playbooks", suffix=".py"),
    *below("playbooks", suffix=".yml"),
    *(path for path in below("roles") if path.parent.name in ("tasks", "handlers", "templates")),
]
ALLOWED = {
    "gongbang/__init__.py": "the project's own version",
    "gongbang/bundle/images.py": "the version of the OCI image layout",
}


def code_of(path: Path) -> str:
    """The file without comments, docstrings' examples and addresses."""
    text = re.sub(r'"""[\s\S]*?"""', "", path.read_text()) if path.suffix == ".py" else path.read_text()
    return ADDRESS.sub("", re.sub(r"(?m)(^|\s)#.*$", "", text))


@pytest.mark.parametrize("path", [pytest.param(path, id=shown(path)) for path in CODE])
def test_code_names_no_version(path: Path) -> None:
    found = [text for text in LITERAL.findall(code_of(path)) if "write it like" not in text]
    examples = re.findall(r"like (\d+\.\d+\.\d+)", code_of(path))
    left = [text for text in found if text not in examples]
    assert not left or shown(path) in ALLOWED, f"{left}: versions stand in inventories, defaults and recipes"


def test_each_inventory_names_the_kubernetes_version_once() -> None:
    for folder in sorted((ROOT / "inventories").iterdir()):
        named = [
            shown(path)
            for path in below(f"inventories/{folder.name}", suffix=".yml")
            if "cluster_kubernetes_version" in (load(path) or {})
        ]
        assert len(named) == 1, f"{folder.name}: {named}"


def test_the_lab_runs_a_version_that_the_bundle_builds() -> None:
    named = [load(path) or {} for path in below("inventories/lab/group_vars", suffix=".yml")]
    version = next(
        content["cluster_kubernetes_version"] for content in named if "cluster_kubernetes_version" in content
    )
    assert version in set(kubernetes_versions())


def test_a_debian_release_is_named_wherever_it_has_to_be() -> None:
    releases = set(load(ROOT / "lab/image.yml")["releases"])
    choices = load(ROOT / "roles/lab_node/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    named = {"lab_node_debian": choices["lab_node_debian"]["choices"]}
    named["bundle/debian.yml"] = load(ROOT / "bundle/debian.yml")["releases"]
    for path in sorted(ROOT.glob("roles/*/meta/main.yml")):
        platforms = load(path)["galaxy_info"]["platforms"]
        named[shown(path)] = next(one["versions"] for one in platforms if one["name"] == "Debian")
    assert {name: set(found) for name, found in named.items()} == dict.fromkeys(named, releases)
    supported = load(ROOT / "roles/host/defaults/main.yml")["host_supported"]["debian"]
    assert len(supported) == len(releases), "host_supported has the numbers of the same releases"


def test_no_role_names_a_kubernetes_version() -> None:
    versions = set(kubernetes_versions())
    for path in below("roles", "playbooks"):
        found = [version for version in versions if version in path.read_text()]
        assert not found, f"{shown(path)} names {found}: it comes from cluster_kubernetes_version"


def test_requirements_yml_says_what_the_python_package_carries() -> None:
    spec = importlib.util.find_spec("ansible_collections")
    assert spec
    assert spec.submodule_search_locations
    carried = Path(next(iter(spec.submodule_search_locations)))
    for entry in load(ROOT / "requirements.yml")["collections"]:
        manifest = carried / entry["name"].replace(".", "/") / "MANIFEST.json"
        version = json.loads(manifest.read_text())["collection_info"]["version"]
        assert entry["version"] == version, entry["name"]


def test_every_collection_that_is_used_is_listed() -> None:
    listed = {entry["name"] for entry in load(ROOT / "requirements.yml")["collections"]} | {"ansible.builtin"}
    used = set()
    for path in below("roles", "playbooks", "molecule", suffix=".yml"):
        used.update(re.findall(r"^\s*(?:- )?([a-z_]+\.[a-z_]+)\.[a-z_0-9]+:", path.read_text(), re.MULTILINE))
        used.update(re.findall(r"(?:lookup|query)\('([a-z_]+\.[a-z_]+)\.", path.read_text()))
    collections = {name for name in used if (_carried() / name.replace(".", "/")).is_dir()}
    assert collections <= listed


def _carried() -> Path:
    spec = importlib.util.find_spec("ansible_collections")
    return Path(next(iter(spec.submodule_search_locations or ()))) if spec else Path()


def test_the_lock_holds_what_is_asked_for() -> None:
    lock = (ROOT / "requirements.txt").read_text()
    for line in (ROOT / "requirements.in").read_text().split():
        pattern = rf"(?im)^{re.escape(line)}( |$)" if "==" in line else rf"(?im)^{re.escape(line)}=="
        assert re.search(pattern, lock), f"{line} is not in requirements.txt: renew the lock"
    assert all("--hash=sha256:" in part for part in re.split(r"(?m)^(?=[A-Za-z])", lock)[1:])
