"""Our own charts: every value has a place in the schema, and the data of sabotages names checks that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gongbang.paths import ROOT
from tests.cluster.sabotage import chosen
from tests.cluster.saboteur import load
from tests.contract.conftest import load as read
from tests.contract.conftest import module, tasks_of

CHARTS = sorted(path.parent for path in ROOT.glob("charts/*/Chart.yaml"))
CHECKS = re.compile(r"^def (test_\w+)\(", re.MULTILINE)


def unknown(
    values: dict[str, Any], schema: dict[str, Any], whole: dict[str, Any], path: str = ""
) -> list[str]:
    """The values that the schema does not know, at any depth of its closed objects."""
    schema = whole["definitions"][schema["$ref"].rsplit("/", maxsplit=1)[-1]] if "$ref" in schema else schema
    if schema.get("additionalProperties") is not False:
        return []
    known = schema["properties"]
    found = [f"{path}{key}" for key in values if key not in known]
    for key, value in values.items():
        if key in known and isinstance(value, dict):
            found += unknown(value, known[key], whole, f"{path}{key}.")
    return found


@pytest.mark.parametrize("chart", CHARTS, ids=lambda path: path.name)
def test_schema_is_closed_and_knows_every_value(chart: Path) -> None:
    schema = json.loads((chart / "values.schema.json").read_text())
    values = yaml.safe_load((chart / "values.yaml").read_text())
    assert schema["additionalProperties"] is False, "the schema accepts misspelt values"
    assert not unknown(values, schema, schema)


@pytest.mark.parametrize("chart", CHARTS, ids=lambda path: path.name)
def test_nothing_in_a_chart_is_insecure(chart: Path) -> None:
    text = "".join(path.read_text() for path in chart.rglob("*") if path.is_file())
    assert "insecure" not in text.lower()


def test_values_reach_a_node_by_stdin_or_in_files_of_root_alone() -> None:
    """Not as arguments, which every user of the node sees, nor through a module that logs them."""
    [task] = [
        task for task in tasks_of(read(ROOT / "roles/helm/tasks/check.yml")) if "check.sh.j2" in str(task)
    ]
    assert "check.sh.j2" in module(task, "command")["stdin"]
    assert "check.sh.j2" not in str(module(task, "command")["argv"])
    assert task["no_log"] is True
    [task] = [
        task for task in tasks_of(read(ROOT / "roles/helm/tasks/deploy.yml")) if "values.yml.j2" in str(task)
    ]
    assert "values.yml.j2" in task["owned_files"]["secret_files"]


def test_sabotages_name_checks_that_exist() -> None:
    checks = {
        name for path in ROOT.glob("tests/cluster/test_*.py") for name in CHECKS.findall(path.read_text())
    }
    named = {name.split("[")[0] for one in load() for name in one.fails}
    assert not named - checks
    patterns = {pattern.split("[")[0].split("*")[0] for one in load() for pattern in one.may}
    assert not [stem for stem in patterns if not any(check.startswith(stem) for check in checks)]


def test_there_are_enough_sabotages_and_checks() -> None:
    checks = [
        name for path in ROOT.glob("tests/cluster/test_*.py") for name in CHECKS.findall(path.read_text())
    ]
    assert len(checks) == len(set(checks))
    assert len(checks) >= 60
    assert len(load()) >= 12


def test_parts_hold_each_sabotage_once() -> None:
    whole = load()
    parts = [chosen(whole, "", f"{turn}/3") for turn in (1, 2, 3)]
    assert sorted(one.name for part in parts for one in part) == sorted(one.name for one in whole)
    assert chosen(whole, "", "auto/3") in parts
