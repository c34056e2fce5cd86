"""What differs between declared and deployed releases, and what a chart refuses before any node is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.roles.conftest import plugin


@pytest.fixture
def root(tmp_path: Path) -> Path:
    chart = tmp_path / "charts/web"
    chart.mkdir(parents=True)
    (chart / "Chart.yaml").write_text("name: web\nversion: 0.1.0\n")
    (chart / "values.yaml").write_text("replicas: 2\nimage: {tag: a}\n")
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"replicas": {"type": "integer"}, "image": {"type": "object"}},
    }
    (chart / "values.schema.json").write_text(json.dumps(schema))
    return tmp_path


RELEASE = {"name": "web", "namespace": "web", "chart": "charts/web", "values": {"replicas": 3}}


def line(**changes: object) -> str:
    state = {
        "revision": 1,
        "status": "deployed",
        "chart": "web-0.1.0",
        "description": "gongbang:x",
        **changes,
    }
    return f"web\t{json.dumps([state])}"


def test_a_release_that_stands_is_not_touched(root: Path) -> None:
    entries = plugin("helm").declared([RELEASE], str(root))
    assert plugin("helm").plan(entries, [line(description=f"gongbang:{entries[0]['digest']}")]) == []


@pytest.mark.parametrize(
    ("changes", "before"),
    [
        ({"description": "Upgrade complete", "revision": 2}, ""),
        ({"status": "pending-install"}, "uninstall"),
        ({"status": "failed"}, "uninstall"),
        ({"status": "pending-upgrade", "revision": 3}, "rollback"),
        ({"status": "failed", "revision": 3}, ""),
        ({"status": "uninstalling", "revision": 3}, "uninstall"),
    ],
)
def test_what_was_left_in_the_middle_is_mended(root: Path, changes: dict[str, object], before: str) -> None:
    [found] = plugin("helm").plan(plugin("helm").declared([RELEASE], str(root)), [line(**changes)])
    assert found["before"] == before
    assert found["why"]


def test_values_and_files_of_the_chart_make_the_digest(root: Path) -> None:
    first = plugin("helm").declared([RELEASE], str(root))[0]
    assert plugin("helm").declared([RELEASE], str(root))[0] == first
    other = plugin("helm").declared([{**RELEASE, "values": {"replicas": 4}}], str(root))[0]
    assert other["digest"] != first["digest"]
    assert other["archive"] == first["archive"]


def test_a_chart_that_is_not_there_is_refused(root: Path) -> None:
    [text] = plugin("helm").problems([{**RELEASE, "chart": "charts/wep"}], str(root))
    assert "does not exist" in text
    assert "web" in text


def test_values_that_the_schema_refuses_are_told(root: Path) -> None:
    assert plugin("helm").problems([RELEASE], str(root)) == []
    [text] = plugin("helm").problems([{**RELEASE, "values": {"replicas": "many"}}], str(root))
    assert "replicas" in text
    [text] = plugin("helm").problems([{**RELEASE, "values": {"replica": 1}}], str(root))
    assert "'replica' was unexpected" in text


def test_a_release_that_is_switched_off_is_not_there(root: Path) -> None:
    off = {**RELEASE, "chart": "charts/wep", "enabled": False}
    assert plugin("helm").problems([off], str(root)) == []
    assert [item["name"] for item in plugin("helm").declared([off, RELEASE], str(root))] == ["web"]


def test_remote_charts_are_left_to_helm(root: Path) -> None:
    assert (
        plugin("helm").problems([{**RELEASE, "chart": "oci://registry.example/charts/web"}], str(root)) == []
    )
    assert (
        plugin("helm").problems([{**RELEASE, "chart": "cilium", "repository": "https://example"}], str(root))
        == []
    )


def test_workloads_that_are_not_ready_are_told_and_no_reason_to_deploy(root: Path) -> None:
    [entry] = plugin("helm").declared([RELEASE], str(root))
    text = line(description=f"gongbang:{entry['digest']}")
    lines = [f"{text}\t\tDeployment web 1/2;DaemonSet agent 0/3", "\t[]"]
    assert plugin("helm").unready(lines) == ["release web: Deployment web 1/2;DaemonSet agent 0/3"]
    assert plugin("helm").plan([entry], lines) == []
    assert plugin("helm").unready([f"{text}\t\t", text, "\t[]"]) == []


def test_a_release_whose_objects_are_gone_is_deployed_again(root: Path) -> None:
    [entry] = plugin("helm").declared([RELEASE], str(root))
    text = line(description=f"gongbang:{entry['digest']}")
    [found] = plugin("helm").plan([entry], [f'{text}\troles "x"', "\t[]"])
    assert plugin("helm").in_words(found) == f'release {entry["name"]}: gone are roles "x" -> deployed'
    assert plugin("helm").plan([entry], [text + "\t", "\t[]"]) == []


def test_releases_that_nobody_declares_are_told() -> None:
    lines = ["web\t", '\t[{"name": "web", "namespace": "web"}, {"name": "old", "namespace": "x"}]']
    assert plugin("helm").strangers(lines, ["web"]) == [
        "release old in namespace x is not declared; helm uninstall old --namespace x"
    ]
    assert plugin("helm").strangers([], []) == plugin("helm").strangers(["\t"], []) == []
