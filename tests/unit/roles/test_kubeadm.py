"""What a node's state says of files with credentials."""

from __future__ import annotations

from tests.unit.roles.conftest import plugin


def test_readable_credentials_are_named() -> None:
    state = {"open /etc/kubernetes/admin.conf": "644", "admin": "1"}
    assert plugin("kubeadm").readable(state) == ["/etc/kubernetes/admin.conf"]
