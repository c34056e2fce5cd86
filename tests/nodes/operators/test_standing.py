"""A lab that is as it was left is not looked at again; a node that was stopped or restarted is noticed."""

from __future__ import annotations

from gongbang import paths
from gongbang.lab import lifecycle, made
from gongbang.model import Cluster
from tests.nodes.conftest import inv
from tests.nodes.operators.conftest import BASE, docker


def test_a_lab_is_unchanged_until_a_node_was_stopped_or_started(lab: Cluster) -> None:
    given = paths.lab_variables(lab.name) | lifecycle.prepared(lab)
    assert made.unchanged(lab, given)
    docker("pause", f"{lab.name}-w1")
    assert not made.unchanged(lab, given)
    docker("unpause", f"{lab.name}-w1")
    assert made.unchanged(lab, given)
    docker("restart", f"{lab.name}-w2")
    assert not made.unchanged(lab, given)
    again = inv("lab.up", BASE)
    assert again.returncode == 0, again.stdout + again.stderr
    assert made.unchanged(lab, given)
