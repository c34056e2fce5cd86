"""What a node should be like: the inventory's word, else the roles' own defaults; and how a check says no."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from gongbang.model import Cluster, Node
from gongbang.paths import ROOT
from gongbang.templates import Resolver


def check(good: Any, problem: str, seen: Any, fix: str) -> None:
    """Fail the running check in three parts when `good` is not true."""
    __tracebackhide__ = True
    if not good:
        raise AssertionError(f"{problem}\n  seen: {seen}\n  fix:  {fix}")


@cache
def role_defaults() -> dict[str, Any]:
    """The defaults of all roles together; their names cannot clash, each role has its prefix."""
    found: dict[str, Any] = {}
    for path in sorted(ROOT.glob("roles/*/defaults/main.yml")):
        found.update(yaml.safe_load(path.read_text()) or {})
    return found


class Expected:
    """The variables as a role sees them: defaults below, the inventory's above, templates resolved."""

    def __init__(self, cluster: Cluster) -> None:
        self._vars = {node.name: {**role_defaults(), **node.vars} for node in cluster.nodes}
        groups = {group: list(names) for group, names in cluster.groups.items()}
        self._resolver = Resolver(self._vars, groups)

    def get(self, node: Node | str, name: str, standard: Any = None) -> Any:
        """The value of one variable on one node, or `standard` when it is set nowhere."""
        host = node if isinstance(node, str) else node.name
        return self._resolver[host][name] if name in self._vars[host] else standard

    def resolve(self, node: Node | str, value: Any) -> Any:
        """A value with the templates in it resolved, as far as they are plain ones."""
        return self._resolver.value(node if isinstance(node, str) else node.name, value)


def differences(wanted: Any, real: Any, path: str = "") -> list[str]:
    """Where `real` lacks or contradicts what is wanted; what it has besides does not matter."""
    if isinstance(wanted, Mapping) and isinstance(real, Mapping):
        return [
            line
            for key, value in wanted.items()
            for line in differences(value, real.get(key), f"{path}.{key}")
        ]
    return [] if wanted == real else [f"{path.lstrip('.')}: {real!r} instead of {wanted!r}"]


def pods_of(objects: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The pods of the cluster without those that checks themselves made."""
    return [pod for pod in objects["Pod"] if "gongbang/verify" not in pod["metadata"].get("labels", {})]


def condition(item: Mapping[str, Any], kind: str) -> str:
    """The status of one condition of an API object: True, False, Unknown, or missing."""
    found: dict[str, str] = {
        entry["type"]: entry["status"] for entry in item.get("status", {}).get("conditions", [])
    }
    return found.get(kind, "missing")
