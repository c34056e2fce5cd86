"""Options, what is gathered once for all checks, and how checks are multiplied over nodes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest

from gongbang import inventory
from gongbang.model import CONTROL_PLANE, Cluster, Node
from tests.cluster import lists
from tests.cluster.api import Api
from tests.cluster.expect import Expected
from tests.cluster.gathered import Gathered
from tests.cluster.probe import Probe
from tests.cluster.ssh import NodeError, Nodes
from tests.cluster.suite import Watcher

CLUSTER = pytest.StashKey[Cluster]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--inventory", default="", help="the inventory of the cluster to check")
    parser.addoption("--slow", action="store_true", help="also the checks that change something for a while")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "slow: takes a minute or more and makes a release of its own; run with --slow"
    )
    given = next(
        (plugin.cluster for plugin in config.pluginmanager.get_plugins() if isinstance(plugin, Watcher)), None
    )
    config.stash[CLUSTER] = given or inventory.load(inventory.path_of(config.getoption("--inventory")))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="needs --slow"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A check that asks for `node`, `control_plane`, `pair`... is made once for each of them."""
    cluster = metafunc.config.stash[CLUSTER]
    names = [node.name for node in cluster.nodes]
    values: dict[str, list[Any]] = {
        "node": [pytest.param(node, id=node.name) for node in cluster.nodes],
        "control_plane": [pytest.param(node, id=node.name) for node in cluster.nodes_in(CONTROL_PLANE)],
        "pair": [pytest.param(pair, id="-".join(pair)) for pair in permutations(names, 2)],
        **{
            name: [pytest.param(value, id=text) for text, value in found]
            for name, found in lists.of(cluster).items()
        },
    }
    for name in metafunc.fixturenames:
        if name in values:
            metafunc.parametrize(name, values[name])


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Cluster:
    return pytestconfig.stash[CLUSTER]


@pytest.fixture(scope="session")
def expected(cluster: Cluster) -> Expected:
    return Expected(cluster)


@pytest.fixture(scope="session")
def first(cluster: Cluster) -> str:
    """The control plane that is asked about the API."""
    return cluster.nodes_in(CONTROL_PLANE)[0].name


@pytest.fixture(scope="session")
def nodes(cluster: Cluster) -> Iterator[Nodes]:
    reached = Nodes(cluster)
    yield reached
    reached.close()


@pytest.fixture(scope="session")
def gathered(request: pytest.FixtureRequest, cluster: Cluster, nodes: Nodes) -> Iterator[Gathered]:
    """What the chosen checks need to know, gathered in the background."""
    chosen = [item for item in request.session.items if not item.get_closest_marker("skip")]
    wanted = {name for item in chosen for name in getattr(item, "fixturenames", ())}
    everything = Gathered(cluster, nodes, wanted)
    yield everything
    everything.close()


@pytest.fixture(scope="session")
def all_facts(gathered: Gathered) -> dict[str, Any]:
    return gathered.facts()


@pytest.fixture
def facts(all_facts: dict[str, Any], node: Node) -> dict[str, Any]:
    """What is true on the node of this check."""
    return answered(all_facts[node.name], node)


@pytest.fixture
def docker(gathered: Gathered, node: Node) -> dict[str, Any]:
    """What Docker did on the node of this check."""
    return answered(gathered.docker()[node.name], node)


@pytest.fixture(scope="session")
def api(gathered: Gathered) -> Api:
    """The cluster as its API tells it."""
    return gathered.api()


@pytest.fixture(scope="session")
def probe(gathered: Gathered) -> Probe:
    """Pods of ours on each node, and what they saw."""
    found = gathered.probe()
    if found is None:
        pytest.skip(
            "no image for probe pods: name one in cluster_probe_image (the bundle has registry.gongbang.internal/web)"
        )
    return found


def answered(found: Any, node: Node) -> dict[str, Any]:
    """The facts of a node; fails the check when the node gave none."""
    if isinstance(found, NodeError):
        raise AssertionError(
            f"node {node.name} could not be asked\n  seen: {found}\n  fix:  ssh to {node.address} as ansible_user with sudo"
        )
    return dict(found)
