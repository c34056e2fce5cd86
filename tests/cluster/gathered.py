"""Everything that the checks look at, gathered in the background; each check then waits for its part only."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from gongbang.model import CONTROL_PLANE, Cluster
from tests.cluster import api as api_module
from tests.cluster import lists
from tests.cluster import probe as probe_module
from tests.cluster.api import Api
from tests.cluster.expect import Expected
from tests.cluster.probe import Probe
from tests.cluster.ssh import Nodes

PARTS = {"facts": "all_facts", "api": "api", "docker": "docker", "probe": "probe"}
"""Each part and the fixture by which a check asks for it."""


class Gathered:
    """The parts that are wanted, on their way; probe pods are gone again after close()."""

    def __init__(self, cluster: Cluster, nodes: Nodes, wanted: AbstractSet[str]) -> None:
        self.cluster, self.nodes, self.expected = cluster, nodes, Expected(cluster)
        self.first = cluster.nodes_in(CONTROL_PLANE)[0].name
        self._probe: Probe | None = None
        # slow nodes that are asked for all parts at once answer none of them in time
        self._pool = ThreadPoolExecutor(math.ceil(len(PARTS) / nodes.patience))
        self._parts: dict[str, Future[Any]] = {
            part: self._pool.submit(getattr(self, f"_{part}_now"))
            for part, name in PARTS.items()
            if name in wanted
        }

    def facts(self) -> dict[str, Any]:
        """What is true on each node; a NodeError for one that does not answer."""
        return dict(self._parts["facts"].result())

    def docker(self) -> dict[str, Any]:
        """What Docker did on each node."""
        return dict(self._parts["docker"].result())

    def api(self) -> Api:
        """The cluster as its API tells it."""
        found: Api = self._parts["api"].result()
        return found

    def probe(self) -> Probe | None:
        """What the probe pods saw; None when there is no image for them."""
        found: Probe | None = self._parts["probe"].result()
        return found

    def _facts_now(self) -> dict[str, Any]:
        begun = time.monotonic()
        answers = self.nodes.call_all("node", **lists.asked(self.cluster, self.expected))
        took = {"answered_within": time.monotonic() - begun}
        return {
            name: answer | took if isinstance(answer, dict) else answer for name, answer in answers.items()
        }

    def _docker_now(self) -> dict[str, Any]:
        return self.nodes.call_all("docker", name=f"gongbang-verify-{secrets.token_hex(3)}")

    def _api_now(self) -> Api:
        return api_module.gather(self.nodes, self.first, lists.questions(self.cluster))

    def _probe_now(self) -> Probe | None:
        image = lists.probe_image(self.cluster, self.expected)
        if not image:
            return None
        self._probe = probe_module.named()
        probe_module.start(self._probe, self.nodes, self.first, image)
        if self._probe.pods:
            addresses = {node.name: node.address for node in self.cluster.nodes}
            domain = str(self.expected.get(self.first, "cluster_dns_domain", "cluster.local"))
            probe_module.ask(self.nodes, self.first, self._probe, addresses, domain)
        return self._probe

    def close(self) -> None:
        """Wait for what is on its way, then take the probe pods away."""
        self._pool.shutdown(wait=True)
        if self._probe:
            probe_module.stop(self.nodes, self.first, self._probe)
