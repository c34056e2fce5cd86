"""The lab's SSH identities: our key, each node's host key, and the known_hosts that pins them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gongbang import paths, proc
from gongbang.files import write_atomically
from gongbang.model import Cluster, Node

USER_ID = 1000
"""The id of the image's user `ops`, its first one."""


@dataclass(frozen=True)
class File:
    """A file to be put on a node; `path` is relative to its root, `owner` is user and group."""

    path: str
    content: bytes
    mode: int
    owner: int = 0


def ensure(cluster: Cluster) -> None:
    """Make the lab's key, a host key for every node, and known_hosts; existing keys stay."""
    folder = paths.private_dir(paths.lab_state_dir(cluster.name))
    _key(folder / "id_ed25519", f"gongbang lab {cluster.name}")
    paths.private_dir(folder / "host_keys")
    for node in cluster.nodes:
        _key(host_key(cluster, node), f"lab node {cluster.name}-{node.name}")
    _write(folder / "known_hosts", known_hosts(cluster).encode())
    paths.private_dir(folder / "cp")
    for node in cluster.nodes:
        _write(identity_file(cluster, node), archive(identity(cluster, node)))


def host_key(cluster: Cluster, node: Node) -> Path:
    """The private host key that was made for a node."""
    return paths.lab_state_dir(cluster.name) / "host_keys" / node.name / "ssh_host_ed25519_key"


def identity_file(cluster: Cluster, node: Node) -> Path:
    """The archive of the files that make a node out of the image."""
    return host_key(cluster, node).with_name("identity.tar")


def known_hosts(cluster: Cluster) -> str:
    """One line for each node: its address, its name and its public host key."""
    lines = [f"{node.address} {_public(host_key(cluster, node))}" for node in cluster.nodes]
    return "".join(f"{line}\n" for line in lines)


def identity(cluster: Cluster, node: Node) -> tuple[File, ...]:
    """The files that make a node out of the image: its host key and who may enter."""
    private = host_key(cluster, node)
    ours = _public(paths.lab_state_dir(cluster.name) / "id_ed25519")
    return (
        File("etc/ssh/ssh_host_ed25519_key", private.read_bytes(), 0o600),
        File("etc/ssh/ssh_host_ed25519_key.pub", f"{_public(private)}\n".encode(), 0o644),
        File("home/ops/.ssh/authorized_keys", f"{ours}\n".encode(), 0o600, USER_ID),
    )


def archive(files: Iterable[File]) -> bytes:
    """A tar of the files, with the owners that they have on the node; equal files give equal bytes."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for file in files:
            entry = tarfile.TarInfo(file.path)
            entry.size, entry.mode, entry.uid, entry.gid = (
                len(file.content),
                file.mode,
                file.owner,
                file.owner,
            )
            tar.addfile(entry, io.BytesIO(file.content))
    return made.getvalue()


def _key(path: Path, comment: str) -> None:
    if path.exists():
        return
    paths.private_dir(path.parent)
    temporary = path.with_name(f".{path.name}.new")
    for left_over in (temporary, temporary.with_name(f"{temporary.name}.pub")):
        left_over.unlink(missing_ok=True)
    proc.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(temporary)])
    temporary.with_name(f"{temporary.name}.pub").replace(path.with_name(f"{path.name}.pub"))
    temporary.replace(path)


def _public(private: Path) -> str:
    return private.with_name(f"{private.name}.pub").read_text(encoding="utf-8").strip()


def _write(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        write_atomically(path, content)
