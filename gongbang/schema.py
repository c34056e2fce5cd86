"""Which variables there are: the roles' argument specs and one file for what all share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from gongbang.paths import ROOT

SHARED = ROOT / "gongbang/schema.yml"
PROGRAMS = ROOT / "bundle/programs"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Schema:
    """The known names, the prefixes that are ours alone, the versions that the bundle can build, the pod networks."""

    names: frozenset[str]
    prefixes: tuple[str, ...]
    versions: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; None when it is not there."""
    return yaml.load(path.read_text(), Loader=LOADER) if path.exists() else None


@cache
def load(root: Path = ROOT) -> Schema:
    """The schema of the repository at `root`."""
    shared: dict[str, dict[str, str]] = read_yaml(root / SHARED.relative_to(ROOT)) or {}
    roles = {
        path.name: frozenset(role_variables(path)) for path in sorted(root.glob("roles/*")) if path.is_dir()
    }
    names = frozenset(name for group in shared.values() for name in group).union(*roles.values())
    closed = {*shared, *(role for role, variables in roles.items() if variables)}
    prefixes = tuple(sorted(f"{name}_" for name in closed))
    return Schema(names, prefixes, frozenset(kubernetes_versions(root)), frozenset(pod_networks(root)))


def role_variables(role: Path) -> Iterator[str]:
    """The public variables of a role: of all its entry points, and its defaults."""
    specs = (read_yaml(role / "meta/argument_specs.yml") or {}).get("argument_specs", {})
    for entry in specs.values():
        yield from (entry or {}).get("options") or {}
    yield from read_yaml(role / "defaults/main.yml") or {}


def pod_networks(root: Path = ROOT) -> list[str]:
    """The values that cluster_cni may have: the choices of the role cni."""
    specs = read_yaml(root / "roles/cni/meta/argument_specs.yml") or {}
    found: list[str] = (
        specs.get("argument_specs", {}).get("main", {})["options"]["cni_provider"]["choices"] if specs else []
    )
    return found


def kubernetes_versions(root: Path = ROOT) -> Iterator[str]:
    """The Kubernetes versions that the bundle has a recipe for."""
    for path in sorted(root.glob(f"{PROGRAMS.relative_to(ROOT)}/*/recipe.yml")):
        recipe = read_yaml(path)
        if recipe["name"] == "kubernetes":
            yield recipe["version"]
