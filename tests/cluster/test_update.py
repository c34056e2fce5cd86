"""An update of the sample application loses no request; and the same update without care does, so the eye is not blind."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from gongbang.model import Cluster
from tests.cluster import lists
from tests.cluster.expect import Expected, check
from tests.cluster.pack import packed
from tests.cluster.ssh import Nodes

pytestmark = pytest.mark.slow

OLD, NEW = "0.1.0", "0.2.0"
RATE = 60
CARELESS = {
    "readiness": False,
    "preStopSeconds": 0,
    "env": {"WEB_START_DELAY": "3s", "WEB_DRAIN": "false"},
}


def drill(
    nodes: Nodes, first: str, image: str, versions: list[str], after: int, **values: Any
) -> dict[str, Any]:
    """Update a release of our own from version to version under load; what became of the requests."""
    repository = image.rsplit(":", maxsplit=1)[0]
    given = {"image.repository": repository, "autoscaling.enabled": False, "replicas": 2, **values}
    answer: dict[str, Any] = nodes.call(
        first,
        "update",
        seconds=300,
        name=f"gongbang-verify-{secrets.token_hex(3)}",
        chart=packed("web"),
        versions=versions,
        values=given,
        rate=RATE,
        before=5,
        after=after,
    )
    return answer


@pytest.fixture(scope="module")
def image(cluster: Cluster, expected: Expected) -> str:
    found = lists.probe_image(cluster, expected)
    if not found.startswith(lists.PROBE_REGISTRY):
        pytest.skip("the sample application's two versions are not there: serve the bundle")
    return found


def test_update_and_back_lose_no_request(
    nodes: Nodes, first: str, image: str, record_property: Callable[[str, object], None]
) -> None:
    seen = drill(nodes, first, image, [OLD, NEW, OLD], after=30)
    record_property("load", seen)
    check(
        set(seen["versions"]) == {OLD, NEW},
        "the load did not see both versions",
        seen,
        "is web:0.2.0 in the registry?",
    )
    enough = seen["sent"] / seen["seconds"] >= 50 and seen["late"] < 2
    check(enough, "the load was lighter than 50 requests a second", seen, "the node is too busy to measure")
    check(
        seen["failed"] == 0,
        "requests were lost during the update",
        seen,
        "charts/web: readiness, preStopSeconds, maxUnavailable 0",
    )


def test_update_without_care_loses_requests(nodes: Nodes, first: str, image: str) -> None:
    seen = drill(nodes, first, image, [OLD, NEW], after=5, **CARELESS)
    check(
        seen["failed"] > 0,
        "the check is blind: even a careless update lost nothing",
        seen,
        "remote/update.py",
    )
