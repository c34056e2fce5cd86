"""Two runs side by side: what they were made from, what they changed, how long each role took."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gongbang.cli import print_json
from gongbang.errors import ExitCode
from gongbang.model import Cluster
from gongbang.runs import changes, found, listing
from gongbang.runs.found import Run

FIELDS = ("revision", "inventory", "inventory_hash", "endpoint", "cni")


def show(cluster: Cluster, first: str, second: str, *, json: bool = False) -> ExitCode:
    """Print how two runs differ; the words as found.named() takes them."""
    one, two = found.named(cluster.name, first), found.named(cluster.name, second)
    found_ = compare(one, two)
    if json:
        print_json(found_)
    else:
        print("\n".join(lines(found_)))
    return ExitCode.DONE


def compare(one: Run, two: Run) -> dict[str, Any]:
    """The differences as data: `facts` {name: [a, b]}, `roles` [{name, a, b (seconds), changed: [a, b]}], `changes`."""
    before, after = (set(_changes(run)) for run in (one, two))
    return {
        "a": one.name,
        "b": two.name,
        "facts": dict(facts(one, two)),
        "roles": list(roles(one, two)),
        "changes": {
            "only_a": [name for name in _changes(one) if name not in after],
            "only_b": [name for name in _changes(two) if name not in before],
        },
    }


def facts(one: Run, two: Run) -> Iterator[tuple[str, list[Any]]]:
    """What is not the same of result, code, inventory, versions and nodes; the duration always."""
    for name, a, b in pairs(one, two):
        if a != b or name == "seconds":
            yield name, [a, b]


def pairs(one: Run, two: Run) -> Iterator[tuple[str, Any, Any]]:
    """Everything that is compared, beside each other."""
    for name in ("command", "status", "changed", "duration_s"):
        yield name.replace("duration_s", "seconds"), one.summary.get(name), two.summary.get(name)
    for name in FIELDS:
        yield name, one.about.get(name, ""), two.about.get(name, "")
    for name in ("versions", "networks"):
        a, b = one.about.get(name, {}), two.about.get(name, {})
        for key in dict.fromkeys([*a, *b]):
            yield f"{name}: {key}", a.get(key, ""), b.get(key, "")
    a, b = ({node["name"]: node for node in run.about.get("nodes", [])} for run in (one, two))
    for key in dict.fromkeys([*a, *b]):
        yield f"node: {key}", _node(a.get(key)), _node(b.get(key))
    yield "failure", one.where, two.where


def _node(node: dict[str, str] | None) -> str:
    return " ".join([node["role"], node["address"], node["kind"]]) if node else ""


def roles(one: Run, two: Run) -> Iterator[dict[str, Any]]:
    """Seconds and changes of each role in both; None where a run had no such role."""
    a, b = ({role["name"]: role for role in run.summary.get("roles", [])} for run in (one, two))
    for name in dict.fromkeys([*a, *b]):
        sides = [side.get(name) or {} for side in (a, b)]
        yield {
            "name": name,
            "seconds": [side.get("duration_s") for side in sides],
            "changed": [side.get("changed") for side in sides],
        }


def _changes(run: Run) -> list[str]:
    return [
        f"{change.role or '-'}: {change.task}  ({', '.join(change.hosts)})"
        for change in changes.of(found.events(run.folder))
    ]


def lines(data: dict[str, Any]) -> Iterator[str]:
    """The differences as text."""
    yield f"a  {data['a']}"
    yield f"b  {data['b']}"
    rows = [(name, shown(a), shown(b)) for name, (a, b) in data["facts"].items()]
    names, width = (max([len(row[column]) for row in rows], default=0) for column in (0, 1))
    yield from (f"{name:<{names}}  {a:<{width}}  ->  {b}" for name, a, b in rows)
    yield from listing.table(
        ("ROLE", "SECONDS a", "b", "CHANGED a", "b"),
        [
            (role["name"], *map(shown, role["seconds"]), *map(shown, role["changed"]))
            for role in data["roles"]
        ],
    )
    for side in ("a", "b"):
        yield from (f"changed only in {side}  {name}" for name in data["changes"][f"only_{side}"])


def shown(value: object) -> str:
    """A value for people: `-` for none; hashes cut."""
    text = "-" if value in (None, "") else str(value)
    return text[:12] if len(text) == 64 and " " not in text else text
