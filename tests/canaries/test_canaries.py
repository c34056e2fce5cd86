"""A cluster is made with canaries for secrets; afterwards they are looked for in everything that the run wrote or started.

The inventory is the one that GONGBANG_INVENTORY names, a lab's whose nodes carry no cluster yet.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from gongbang import inventory, paths
from gongbang.errors import ExitCode
from gongbang.model import CONTROL_PLANE, Cluster
from gongbang.paths import ROOT, TOOLS
from gongbang.redact import HIDDEN, spellings
from tests.canaries.watch import Watch

CANARIES = {
    "canary_registry_password": "canary-registry-pass-31",
    "canary_chart_value": "canary-chart-value-72",
    "canary_remote_value": "canary-remote-value-58",
}
SECONDS = 900
PLACES = "/etc /home /root /opt /run /srv /tmp /usr/local /var/cache /var/lib/gongbang /var/lib/kubelet /var/log /var/tmp"
ALLOWED = ("/etc/containerd/certs.d/", "/var/lib/gongbang/helm/")
"""Where the roles have to keep a secret on a node: in files that only root reads."""
OF_PODS = ("/run/containerd/", "/var/lib/kubelet/pods/")
"""What containerd and the kubelet keep of running pods, whose environment may hold a chart's secret."""


class Made(NamedTuple):
    """How the cluster was made."""

    cluster: Cluster
    site: Path
    env: dict[str, str]
    artifacts: Path
    output: str
    returncode: int
    watch: Watch

    @property
    def words(self) -> list[str]:
        """Everything to look for, in all spellings."""
        return sorted(word for value in [*CANARIES.values(), *self.watch.tokens] for word in spellings(value))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The cluster, made by cluster.up with a vaulted password for the registry and a vaulted value of a chart."""
    base = tmp_path_factory.mktemp("run")
    site = base / "inventory"
    shutil.copytree(inventory.path_of(), site)
    password = base / "vault-password"
    password.write_text("a password of the vault\n")
    (site / "group_vars/all/zzz_canaries.yml").write_text(variables(password))
    cluster = inventory.load(inventory.path_of())
    nodes = containers(cluster)
    env = (
        os.environ
        | folders(base)
        | {
            "ANSIBLE_VAULT_PASSWORD_FILE": str(password),
            "GONGBANG_ARTIFACTS": str(base / "artifacts"),
            "CANARY_IN_THE_ENVIRONMENT": "canary-environment-5",
        }
    )
    argv = [str(ROOT / "inv"), "cluster.up", "--verify", "--inventory", str(site)]
    with Watch(nodes[0], CANARIES.values()) as watch:
        done = subprocess.run(
            argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS,
            check=False,
        )  # fmt: skip
    report = [str(ROOT / "inv"), "runs.report", "--inventory", str(site)]
    subprocess.run(report, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, check=True)
    return Made(cluster, site, env, base / "artifacts", done.stdout, done.returncode, watch)


def folders(base: Path) -> dict[str, str]:
    """A home and a place for temporary files of their own, so that all that is written there can be searched."""
    ours = {"cache": paths.cache_dir(), "data": paths.data_dir(), "state": paths.state_dir()}
    kept = {f"XDG_{name.upper()}_HOME": str(path.parent) for name, path in ours.items()}
    for name in ("home", "tmp"):
        (base / name).mkdir(mode=0o700)
    return kept | {"HOME": str(base / "home"), "TMPDIR": str(base / "tmp")}


def variables(password: Path) -> str:
    mirrors = [
        {"registry": name, "url": f"https://{{{{ bundle_registry }}}}/v2/{name}", "ca": "{{ bundle_ca }}",
         "username": "canary-user", "password": "{{ canary_registry_password }}"}
        for name in ("registry.k8s.io", "ghcr.io", "registry.gongbang.internal")
    ]  # fmt: skip
    texts = [yaml.safe_dump({"cluster_registry_mirrors": mirrors})]
    for name, value in CANARIES.items():
        argv = [str(TOOLS / "ansible-vault"), "encrypt_string", "--stdin-name", name]
        env = os.environ | {"ANSIBLE_VAULT_PASSWORD_FILE": str(password)}
        done = subprocess.run(argv, env=env, input=value, capture_output=True, text=True, check=True)
        texts.append(done.stdout + "\n")
    return "".join(texts) + releases()


def releases() -> str:
    """The inventory's own releases with secrets: in web's environment, and in a value of metrics-server, whose chart is remote."""
    found = [
        dict(item)
        for item in yaml.safe_load((ROOT / "inventories/lab/group_vars/all/helm.yml").read_text())[
            "helm_releases"
        ]
    ]
    for item in found:
        if item["name"] == "web":
            item["values"] = item["values"] | {"env": {"GREETING": "{{ canary_chart_value }}"}}
        if item["name"] == "metrics-server":
            item["values"] = {"global": {"note": "{{ canary_remote_value }}"}}
    return yaml.safe_dump({"helm_releases": found})


def containers(cluster: Cluster) -> list[str]:
    """The nodes' containers, a control plane first."""
    nodes = sorted(cluster.nodes, key=lambda node: CONTROL_PLANE not in node.groups)
    return [f"{cluster.name}-{node.name}" for node in nodes]


def on_node(node: str, script: str) -> str:
    argv = ["docker", "exec", node, "sh", "-c", script]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False).stdout


def test_the_cluster_was_made_with_the_canaries(made: Made) -> None:
    assert made.returncode == 0, made.output
    assert made.watch.tokens, "no join token was seen: this test is blind"
    assert made.watch.seen > 1000
    held = on_node(
        containers(made.cluster)[0],
        "cat /etc/containerd/certs.d/*/hosts.toml /var/lib/gongbang/helm/web.yml /var/lib/gongbang/helm/metrics-server.yml",
    )
    assert any(word in held for word in spellings(f"canary-user:{CANARIES['canary_registry_password']}"))
    assert CANARIES["canary_chart_value"] in held
    assert CANARIES["canary_remote_value"] in held


def test_nothing_that_the_controller_wrote_holds_a_secret(made: Made) -> None:
    files = [path for path in made.artifacts.parent.rglob("*") if path.is_file() and not path.is_symlink()]
    records = [path for path in files if path.is_relative_to(made.artifacts)]
    assert len(records) > 5
    assert [path for path in records if path.suffix == ".html"], "no report was made"
    words = [*made.words, "canary-environment-5"]
    found = {
        f"{path.name}: {word}"
        for path in files
        for word in words
        if word in path.read_bytes().decode(errors="replace")
    }
    assert found == set()
    assert not [word for word in words if word in made.output]
    assert {path.stat().st_mode & 0o777 for path in records} == {0o600}


def test_no_command_line_told_a_secret(made: Made) -> None:
    assert made.watch.told == set()


def test_nodes_keep_secrets_only_where_they_are_needed_and_only_for_root(made: Made) -> None:
    patterns = " ".join(f"-e {shlex.quote(word)}" for word in made.words)
    for node in containers(made.cluster):
        found = on_node(node, f"grep -rlIF --devices=skip {patterns} {PLACES} 2>/dev/null").split()
        kept = [path for path in found if path.startswith(ALLOWED)]
        assert kept, f"{node}: this test is blind"
        assert [path for path in found if not path.startswith((*ALLOWED, *OF_PODS))] == [], node
        assert set(on_node(node, f"stat -c '%U %a' {' '.join(kept)}").splitlines()) == {"root 600"}


def test_nodes_logs_and_shell_histories_hold_no_secret(made: Made) -> None:
    patterns = " ".join(f"-e {shlex.quote(word)}" for word in made.words)
    for node in containers(made.cluster):
        assert int(on_node(node, "journalctl --no-pager | wc -l")) > 100, f"{node}: this test is blind"
        assert on_node(node, f"journalctl --no-pager | grep -F {patterns}") == ""
        assert on_node(node, f"cat /root/.*history /home/*/.*history 2>/dev/null | grep -F {patterns}") == ""


def test_join_tokens_are_gone(made: Made) -> None:
    script = "kubectl --kubeconfig=/etc/kubernetes/admin.conf -n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token -o name"
    assert on_node(containers(made.cluster)[0], script) == ""


def test_a_plan_with_differences_tells_no_secret(made: Made) -> None:
    """Secrets are in what was changed by hand, and in a file that is declared anew and is no secret itself."""
    head = containers(made.cluster)[0]
    on_node(head, "rm /etc/containerd/certs.d/ghcr.io/hosts.toml")
    on_node(
        head,
        "helm --kubeconfig=/etc/kubernetes/admin.conf -n web upgrade web /var/lib/gongbang/helm/web.tgz --reuse-values --set replicas=3",
    )
    labelled = {"docker_daemon": {"labels": [f"{name}={{{{ {name} }}}}" for name in CANARIES]}}
    (made.site / "group_vars/all/zzzz_labelled.yml").write_text(yaml.safe_dump(labelled))
    argv = [str(ROOT / "inv"), "cluster.plan", "--diff", "--json", "--inventory", str(made.site)]
    done = subprocess.run(
        argv, cwd=ROOT, env=made.env, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == ExitCode.CHANGES, done.stderr
    planned = json.loads(done.stdout)["plan"]
    assert {"container_runtime", "docker", "helm"} <= {row["role"] for row in planned}, "this test is blind"
    assert [row for row in planned if row["role"] == "docker" and HIDDEN in row.get("diff", "")], done.stdout
    record = (made.artifacts / made.cluster.name / "latest").resolve()
    assert record.name.endswith("-cluster.plan")
    written = [path.read_bytes().decode(errors="replace") for path in record.iterdir()]
    found = {word for text in (done.stdout, done.stderr, *written) for word in made.words if word in text}
    assert found == set()
