"""Docker Engine beside the cluster's runtime: it builds and runs a container without any registry."""

from __future__ import annotations

import json
from typing import Any

import pytest

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
    check(code == 0 and text, "docker run failed", f"exit code {code}: {text[-400:]}", "journalctl -u docker")


def has_package(node: Node, expected: Expected, *names: str) -> bool:
    """Whether one of these packages is declared for the node."""
    return any(package["name"] in names for package in expected.get(node, "docker_packages", []))


def test_docker_has_buildx(node: Node, docker: Facts, expected: Expected) -> None:
    if not has_package(node, expected, "docker-buildx", "docker-buildx-plugin"):
        pytest.skip("docker_packages declares no buildx for this node")
    code, text = docker["buildx"]
    check(code == 0, "docker buildx is not there", text[-300:], "docker_packages in the inventory")


def test_docker_compose_runs_a_service(node: Node, docker: Facts, expected: Expected) -> None:
    if not has_package(node, expected, "docker-compose", "docker-compose-plugin"):
        pytest.skip("docker_packages declares no compose for this node")
    code, text = docker["composed"]
    check(code == 0, "docker compose up failed", text[-400:], "docker compose version")


def test_docker_cleans_up(docker: Facts) -> None:
    code, text = docker["left"]
    check(code == 0 and not text, "the checks' image is still there", text, "docker image prune")


def test_docker_configuration_is_the_declared_one(node: Node, expected: Expected, facts: Facts) -> None:
    wanted = expected.get(node, "docker_daemon", {})
    real = json.loads(facts["docker_config"] or "{}")
    wrong = differences(wanted, real)
    check(not wrong, "/etc/docker/daemon.json is not as declared", wrong, "./inv cluster.up")
