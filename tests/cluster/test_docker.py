"""Docker Engine beside the cluster's runtime: it builds and runs a container without any registry."""

from __future__ import annotations

import json
from typing import Any

from gongbang.model import Node
from tests.cluster.expect import Expected, check, differences

Facts = dict[str, Any]


def test_docker_answers(docker: Facts) -> None:
    code, text = docker["info"]
    check(
        code == 0 and not json.loads(text).get("ServerErrors"),
        "Docker Engine does not answer",
        text[-300:],
        "systemctl status docker",
    )


def test_docker_builds_an_image(docker: Facts) -> None:
    code, text = docker["build"]
    check(code == 0, "docker build failed", text[-400:], "journalctl -u docker")


def test_docker_runs_a_container(docker: Facts) -> None:
    code, text = docker["run"]
    check(code == 0 and text, "docker run failed", text[-400:], "journalctl -u docker")


def test_docker_cleans_up(docker: Facts) -> None:
    code, text = docker["left"]
    check(code == 0 and not text, "the checks' image is still there", text, "docker image prune")


def test_docker_configuration_is_the_declared_one(node: Node, expected: Expected, facts: Facts) -> None:
    wanted = expected.get(node, "docker_daemon", {})
    real = json.loads(facts["docker_config"] or "{}")
    wrong = differences(wanted, real)
    check(not wrong, "/etc/docker/daemon.json is not as declared", wrong, "./inv cluster.up")
