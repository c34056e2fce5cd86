"""Three real nodes, and inventories that are wrong in one way each."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from gongbang import fingerprint
from gongbang.model import Cluster
from tests.nodes.conftest import inv, made_new

BASE = Path(__file__).parent / "inventory"

Values = dict[str, Any]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def lab() -> Iterator[Cluster]:
    """The nodes, made new."""
    with made_new(BASE) as cluster:
        yield cluster


@pytest.fixture
def site(lab: Cluster, tmp_path: Path) -> Callable[[Values], Path]:
    """Makes an inventory of the same nodes as a real site's (not made by us), with values of its own."""

    def make(values: Values) -> Path:
        folder = tmp_path / "site"
        shutil.copytree(BASE, folder)
        shared = folder / "group_vars" / "all"
        text = (shared / "lab" / "lab.yml").read_text()
        (shared / "lab" / "lab.yml").write_text(without(text, "lab_network"))
        (shared / "lab" / "helm.yml").unlink()
        mine = {"cluster_name": lab.name, "lab_gateway": lab.vars["lab_gateway"], "helm_releases": []}
        (shared / "zz_scenario.yml").write_text(yaml.safe_dump(mine | values))
        return folder

    return make


@contextmanager
def groups_of(site: Path) -> Iterator[Values]:
    """The groups in an inventory's hosts.yml, to be changed: they are written back."""
    hosts = site / "hosts.yml"
    content = yaml.safe_load(hosts.read_text())
    yield content["all"]["children"]
    hosts.write_text(yaml.safe_dump(content))


def without(text: str, name: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(f"{name}:"))


@pytest.fixture(scope="module")
def before(lab: Cluster) -> Values:
    """The nodes as they were before a file's tests."""
    return hosts_only(lab)


@pytest.fixture
def untouched(lab: Cluster, before: Values) -> Iterator[None]:
    """Fails the test when a node is not as it was `before`; every test mends what it breaks."""
    yield
    assert fingerprint.differences(before, hosts_only(lab)) == []


def hosts_only(cluster: Cluster) -> Values:
    return fingerprint.capture(cluster, with_cluster=False)


@pytest.fixture
def up() -> Command:
    """Runs cluster.up over an inventory; what it printed and its exit code."""
    return partial(inv, "cluster.up")
