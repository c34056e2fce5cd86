"""Bad input that only a node can show: each is refused with an exit code, what, the value seen and a fix; no node is touched."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gongbang.errors import ExitCode
from gongbang.model import Cluster
from tests.nodes.refused.conftest import groups_of
from tests.nodes.refused.faults import Fault, made

Site = Callable[[dict[str, Any]], Path]
Up = Callable[..., subprocess.CompletedProcess[str]]
OnNode = Callable[[str, str], str]

FRESH = "-o IdentitiesOnly=yes -o UserKnownHostsFile={{ lab_state_dir }}/known_hosts -o ControlPath=none"
X = {"name": "x", "namespace": "x"}
REFUSED: dict[str, tuple[dict[str, Any], ExitCode, tuple[str, ...]]] = {
    "a key that the node refuses": (
        {"ansible_ssh_private_key_file": "{{ lab_state_dir }}/no_such_key", "ansible_ssh_common_args": FRESH},
        ExitCode.UNREACHABLE,
        ("Permission denied", "cp1"),
    ),
}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("case", REFUSED)
def test_is_refused_before_any_node_is_touched(case: str, site: Site, up: Up) -> None:
    values, code, words = REFUSED[case]
    done = up(site(values))
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    for word in words:
        assert word in said, said


@pytest.mark.usefixtures("untouched")
def test_a_node_that_does_not_answer(site: Site, up: Up) -> None:
    path = site({})
    hosts = path / "hosts.yml"
    hosts.write_text(hosts.read_text().replace("172.30.46.21", "172.30.46.99"))
    done = up(path)
    assert done.returncode == ExitCode.UNREACHABLE, done.stdout + done.stderr
    assert "w1" in done.stdout + done.stderr


@pytest.mark.usefixtures("untouched")
def test_a_node_that_does_not_answer_hides_no_problem_of_another(site: Site, up: Up) -> None:
    path = site({"host_min_memory_mib": 999999})
    hosts = path / "hosts.yml"
    hosts.write_text(hosts.read_text().replace("172.30.46.21", "172.30.46.99"))
    done = up(path)
    said = done.stdout + done.stderr
    assert done.returncode == ExitCode.BAD_INPUT, said
    for words in ("no answer of w1", "cp1: too little memory", "w2: too little memory"):
        assert words in said, said


@pytest.mark.usefixtures("untouched")
def test_a_changed_host_key_is_told_with_both_fingerprints(
    lab: Cluster, site: Site, up: Up, tmp_path: Path
) -> None:
    known = Path(str(lab.vars["lab_state_dir"])) / "known_hosts"
    other = tmp_path / "known_hosts"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    key = " ".join((tmp_path / "key.pub").read_text().split()[:2])
    lines = [f"172.30.46.21 {key}\n" if "172.30.46.21" in line else line for line in known.open()]
    other.write_text("".join(lines))
    options = f"-o IdentitiesOnly=yes -o UserKnownHostsFile={other} -o ControlPath=none"
    done = up(site({"ansible_ssh_common_args": options}))
    said = done.stdout + done.stderr
    assert done.returncode == ExitCode.UNREACHABLE, said
    assert len(set(re.findall(r"SHA256:[\w+/]{20,}", said))) == 2, said


@pytest.mark.usefixtures("untouched")
def test_users_without_sudo_or_without_a_terminal_for_it(site: Site, up: Up, on_node: OnNode) -> None:
    terminal = Fault("cp1", "echo Defaults requiretty > /etc/sudoers.d/tty", "rm /etc/sudoers.d/tty")
    none = Fault("w1", "mv /etc/sudoers.d /etc/sudoers.d.away", "mv /etc/sudoers.d.away /etc/sudoers.d")
    with made(on_node, (terminal, none)):
        done = up(site({}))
    said = done.stdout + done.stderr
    assert done.returncode == ExitCode.BAD_INPUT, said
    for words in ("problems: 2", "cp1: commands", "!requiretty", "w1: commands", "ansible_become_password"):
        assert words in said, said


def test_a_chart_that_its_registry_does_not_have_ends_before_kubeadm_runs(
    site: Site, up: Up, on_node: OnNode
) -> None:
    """The one that installs packages first: one node shows it as well as three."""
    chart = {"chart": "oci://{{ bundle_registry }}/charts/nowhere", "version": "1.0.0"}
    path = site({"helm_releases": [X | chart]})
    with groups_of(path) as groups:
        groups["workers"]["hosts"] = {}
    done = up(path)
    said = done.stdout + done.stderr
    assert done.returncode == ExitCode.BAD_INPUT, said
    assert "charts/nowhere" in said
    assert "helm_releases" in said
    assert on_node("cp1", "ls /etc/kubernetes/manifests 2>/dev/null || true") == ""
