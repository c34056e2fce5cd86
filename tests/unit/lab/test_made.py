"""When a lab has to be looked at again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gongbang import paths
from gongbang.lab import made, standing
from gongbang.model import Cluster

GIVEN = {"lab_node_images": {"container-trixie": "gongbang-node:trixie-1"}}
Make = Callable[..., Cluster]


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What the engine says of the lab's containers."""
    said = ["/lab-cp1 1 running 2026-12-01T04:00:00Z"]
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(standing, "since", lambda _: list(said))
    return said


def test_a_lab_that_no_run_has_left_does_not_stand(make_cluster: Make, running: list[str]) -> None:
    assert not made.stands(make_cluster(), GIVEN)


def test_a_lab_stands_as_it_was_left_until_the_next_run_begins(
    make_cluster: Make, running: list[str]
) -> None:
    made.remember(make_cluster(), GIVEN)
    assert made.stands(make_cluster(), GIVEN)
    made.forget(make_cluster())
    assert not made.stands(make_cluster(), GIVEN)


def test_a_node_that_was_started_again_is_looked_at(make_cluster: Make, running: list[str]) -> None:
    made.remember(make_cluster(), GIVEN)
    running[0] = running[0].replace("04:00", "04:01")
    assert not made.stands(make_cluster(), GIVEN)


def test_another_image_or_another_inventory_is_looked_at(make_cluster: Make, running: list[str]) -> None:
    cluster = make_cluster()
    made.remember(cluster, GIVEN)
    first, *others = cluster.nodes
    moved = replace(cluster, nodes=(replace(first, address="192.0.2.99"), *others))
    assert not made.stands(moved, GIVEN)
    assert not made.stands(replace(cluster, nodes=tuple(others)), GIVEN)
    assert not made.stands(cluster, {"lab_node_images": {}})


def test_another_role_is_looked_at(
    make_cluster: Make, running: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.remember(make_cluster(), GIVEN)
    monkeypatch.setattr(made, "ROLE", tmp_path)
    assert not made.stands(make_cluster(), GIVEN)


def test_virtual_machines_and_nodes_of_an_upstream_lab_are_looked_at(
    make_cluster: Make, running: list[str]
) -> None:
    cluster = make_cluster()
    first, *others = cluster.nodes
    machine = replace(cluster, nodes=(replace(first, kind="vm"), *others))
    upstream = replace(cluster, vars={**cluster.vars, "lab_source": "upstream"})
    for each in (machine, upstream):
        made.remember(each, GIVEN)
        assert not made.stands(each, GIVEN)


def test_what_cannot_be_read_is_no_memory(make_cluster: Make, running: list[str]) -> None:
    made.remember(make_cluster(), GIVEN)
    (paths.lab_state_dir("lab") / "made.json").write_text("{")
    assert not made.stands(make_cluster(), GIVEN)
