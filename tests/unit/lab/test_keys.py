from __future__ import annotations

import io
import stat
import tarfile
from pathlib import Path

import pytest

from gongbang import paths
from gongbang.lab import keys
from gongbang.model import Cluster, Node


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    nodes = tuple(Node(name, f"172.30.36.{i}", frozenset(), "container") for i, name in enumerate("ab"))
    made = Cluster("t", nodes, Path("x"))
    keys.ensure(made)
    return made


def test_every_node_has_a_host_key_of_its_own(cluster: Cluster) -> None:
    lines = keys.known_hosts(cluster).splitlines()
    assert [line.split()[0] for line in lines] == ["172.30.36.0", "172.30.36.1"]
    assert len({line.split()[2] for line in lines}) == 2


def test_second_time_changes_nothing(cluster: Cluster) -> None:
    folder = paths.lab_state_dir("t")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    keys.ensure(cluster)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == before


def test_nobody_else_can_read(cluster: Cluster) -> None:
    for path in paths.lab_state_dir("t").rglob("*"):
        if path.suffix != ".pub":
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_identity_has_owners_and_modes(cluster: Cluster) -> None:
    with tarfile.open(fileobj=io.BytesIO(keys.archive(keys.identity(cluster, cluster.nodes[0])))) as tar:
        found = {entry.name: (entry.mode, entry.uid) for entry in tar.getmembers()}
    assert found["etc/ssh/ssh_host_ed25519_key"] == (0o600, 0)
    assert found["home/ops/.ssh/authorized_keys"] == (0o600, keys.USER_ID)


def test_half_made_key_is_made_again(cluster: Cluster) -> None:
    key = keys.host_key(cluster, cluster.nodes[0])
    key.unlink()
    (key.parent / f".{key.name}.new").write_text("torn")
    keys.ensure(cluster)
    assert key.read_text().startswith("-----BEGIN OPENSSH PRIVATE KEY-----")


def test_a_full_disk_leaves_no_part_of_a_file(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = keys.identity_file(cluster, cluster.nodes[0])
    identity.unlink()
    before = set(identity.parent.iterdir())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        keys.ensure(cluster)
    assert set(identity.parent.iterdir()) == before
