"""Inventories read through Ansible, templates resolved by ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from gongbang import inventory
from gongbang.errors import ExitCode, GongbangError
from gongbang.templates import Resolver

HOSTS = """
all:
  vars:
    cluster_name: shop
    cluster_kubernetes_version: "1.36.3"
    cluster_endpoint_name: "api.{{ cluster_name }}.internal"
    cluster_node_address: "{{ ansible_host }}"
    cluster_endpoint_address: "{{ hostvars[groups['control_plane'][0]].cluster_node_address }}"
    cluster_pod_network: 10.244.0.0/16
    untouched: "{{ something_unknown | to_nice_yaml }}"
  children:
    control_plane:
      hosts:
        cp1: {ansible_host: 10.0.0.1}
    workers:
      children:
        racks:
          hosts:
            w1: {ansible_host: 10.0.0.2}
    others:
      hosts:
        bastion: {ansible_host: 10.0.0.3}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "hosts.yml"
    file.write_text(HOSTS)
    return file


def test_nodes_are_the_hosts_of_our_groups(path: Path) -> None:
    cluster = inventory.load(path)
    assert [(node.name, node.address) for node in cluster.nodes] == [("cp1", "10.0.0.1"), ("w1", "10.0.0.2")]
    assert cluster.nodes_in("workers")[0].groups >= {"racks", "workers"}
    assert not cluster.is_lab


def test_templates_are_resolved_across_hosts(path: Path) -> None:
    cluster = inventory.load(path)
    assert cluster.endpoint == "api.shop.internal"
    assert cluster.nodes[1].vars["cluster_endpoint_address"] == "10.0.0.1"
    assert cluster.kubernetes_version == "1.36.3"


def test_what_only_ansible_knows_stays_as_written(path: Path) -> None:
    assert inventory.load(path).vars["untouched"] == "{{ something_unknown | to_nice_yaml }}"


def test_broken_yaml_is_bad_input(tmp_path: Path) -> None:
    file = tmp_path / "hosts.yml"
    file.write_text("all: [\n")
    with pytest.raises(GongbangError) as caught:
        inventory.load(file)
    assert caught.value.code is ExitCode.BAD_INPUT
    assert "hosts.yml" in str(caught.value)


def test_unknown_path_lists_what_there_is() -> None:
    with pytest.raises(GongbangError, match="not there") as caught:
        inventory.path_of("inventories/nowhere")
    assert "inventories/lab" in caught.value.fix
    assert caught.value.seen == "inventories/nowhere"


def test_the_default_comes_from_the_environment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGBANG_INVENTORY", str(path))
    assert inventory.path_of() == path
    assert inventory.path_of("inventories/lab").name == "lab"


def test_a_template_that_hangs_on_itself_ends() -> None:
    resolver = Resolver({"a": {"one": "{{ two }}", "two": "{{ one }}"}}, {})
    assert "{{" in resolver["a"]["one"]


def test_types_survive() -> None:
    resolver = Resolver(
        {"a": {"port": 6443, "same": "{{ port }}", "text": "v{{ port }}", "list": ["{{ port }}"]}}, {}
    )
    assert (resolver["a"]["same"], resolver["a"]["text"], resolver["a"]["list"]) == (6443, "v6443", [6443])


def test_the_environment_can_be_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_HOME", "/somewhere")
    resolver = Resolver({"a": {"dir": "{{ lookup('env', 'SOME_HOME') or 'x' }}/lab"}}, {})
    assert resolver["a"]["dir"] == "/somewhere/lab"


def test_the_older_name_of_an_address_counts_too(tmp_path: Path) -> None:
    file = tmp_path / "hosts.ini"
    file.write_text("[control_plane]\ncp1 ansible_ssh_host=10.0.0.9\n")
    assert [node.address for node in inventory.load(file).nodes] == ["10.0.0.9"]
