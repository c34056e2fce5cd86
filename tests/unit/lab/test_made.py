"""When a lab has to be looked at again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import StrictUndefined

from gongbang import engine, paths, runner, sysctls
from gongbang.errors import GongbangError
from gongbang.lab import keys, lifecycle, made, standing
from gongbang.model import Cluster

GIVEN = {"lab_node_images": {"container-trixie": "gongbang-node:trixie-1"}}
Make = Callable[..., Cluster]


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """What the engine says of the lab's running containers."""
    said = dict.fromkeys(("cp1", "w1", "w2"), "1234 2026-12-01T04:00:00Z")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(standing, "since", lambda _: dict(said))
    return said


def test_a_lab_that_nobody_has_looked_at(make_cluster: Make, running: dict[str, str]) -> None:
    assert not made.unchanged(make_cluster(), GIVEN)


def test_a_lab_is_unchanged_until_it_is_forgotten(make_cluster: Make, running: dict[str, str]) -> None:
    made.remember(make_cluster(), GIVEN)
    assert made.unchanged(make_cluster(), GIVEN)
    made.forget(make_cluster())
    assert not made.unchanged(make_cluster(), GIVEN)


def test_a_node_that_was_started_again(make_cluster: Make, running: dict[str, str]) -> None:
    made.remember(make_cluster(), GIVEN)
    running["w1"] = "1234 2026-12-01T04:01:00Z"
    assert not made.unchanged(make_cluster(), GIVEN)


def test_a_node_that_ended_during_the_look(make_cluster: Make, running: dict[str, str]) -> None:
    del running["w1"]
    made.remember(make_cluster(), GIVEN)
    assert not made.unchanged(make_cluster(), GIVEN)


def test_another_image_or_another_inventory(make_cluster: Make, running: dict[str, str]) -> None:
    cluster = make_cluster()
    made.remember(cluster, GIVEN)
    first, *others = cluster.nodes
    moved = replace(cluster, nodes=(replace(first, address="192.0.2.99"), *others))
    assert not made.unchanged(moved, GIVEN)
    assert not made.unchanged(replace(cluster, nodes=tuple(others)), GIVEN)
    assert not made.unchanged(make_cluster(lab_debian="bookworm"), GIVEN)
    assert not made.unchanged(cluster, {"lab_node_images": {}})


def test_another_role(
    make_cluster: Make, running: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.remember(make_cluster(), GIVEN)
    monkeypatch.setattr(made, "ROLE", tmp_path)
    assert not made.unchanged(make_cluster(), GIVEN)


def test_virtual_machines_and_nodes_of_an_upstream_lab(make_cluster: Make, running: dict[str, str]) -> None:
    cluster = make_cluster()
    first, *others = cluster.nodes
    machine = replace(cluster, nodes=(replace(first, kind="vm"), *others))
    upstream = replace(cluster, vars={**cluster.vars, "lab_source": "upstream"})
    for each in (machine, upstream):
        made.remember(each, GIVEN)
        assert not made.unchanged(each, GIVEN)


def test_what_only_ansible_can_work_out_does_no_harm(make_cluster: Make, running: dict[str, str]) -> None:
    cluster = make_cluster(mine=[StrictUndefined()], numbers={1: "a", "b": 2}, lab_mine=[StrictUndefined()])
    made.remember(cluster, GIVEN)
    assert made.unchanged(cluster, GIVEN)


def test_what_cannot_be_read_is_no_memory(make_cluster: Make, running: dict[str, str]) -> None:
    made.remember(make_cluster(), GIVEN)
    (paths.lab_state_dir("lab") / "made.json").write_text("{")
    assert not made.unchanged(make_cluster(), GIVEN)


def test_an_engine_that_cannot_tell_ends_no_run(
    make_cluster: Make, running: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_: str) -> dict[str, str]:
        raise GongbangError("docker did not end in 60 s")

    made.remember(make_cluster(), GIVEN)
    monkeypatch.setattr(standing, "since", silent)
    assert not made.unchanged(make_cluster(), GIVEN)
    made.remember(make_cluster(), GIVEN)


@pytest.fixture
def looks(running: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """How each look at the nodes is to end (True: well); it is taken away when the look has been."""
    to_come: list[bool] = []

    def run(*_: Any, **__: Any) -> SimpleNamespace:
        if not to_come.pop():
            raise GongbangError("w1 does not answer")
        return SimpleNamespace(require=lambda: None)

    for module, name in ((sysctls, "prepare"), (engine, "ensure")):
        monkeypatch.setattr(module, name, lambda: None)
    for module, name in ((lifecycle, "check_range"), (keys, "ensure")):
        monkeypatch.setattr(module, name, lambda _: None)
    monkeypatch.setattr(lifecycle, "prepared", lambda _: GIVEN)
    monkeypatch.setattr(runner, "run", run)
    return to_come


def test_only_a_look_that_ended_well_spares_the_next_one(make_cluster: Make, looks: list[bool]) -> None:
    for always, ends in (
        (False, [True]),
        (False, []),
        (True, [True]),
        (False, []),
        (True, [False]),
        (False, [True]),
    ):
        looks.extend(ends)
        with suppress(GongbangError):
            lifecycle.up(make_cluster(), always=always)
        assert looks == []
