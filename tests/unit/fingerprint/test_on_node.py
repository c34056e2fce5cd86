from __future__ import annotations

import base64
from pathlib import Path

from gongbang.fingerprint import on_control_plane, on_node
from tests.unit.fingerprint.conftest import certificate


def test_plain_content_has_one_hash() -> None:
    assert set(on_node.content_state(b"version = 3\n")) == {"sha256"}


def test_a_kubeconfig_keeps_its_shape_and_certificates_but_no_key() -> None:
    def text(name: str) -> bytes:
        data = base64.b64encode(certificate(name).encode())
        return (
            b"users:\n- name: a\n  client-certificate-data: " + data + b"\n  token: abcdef.0123456789abcdef\n"
        )

    one, other = on_node.content_state(text("a")), on_node.content_state(text("b"))
    assert one["sha256"] != other["sha256"]
    assert one["shape"] == other["shape"]
    assert one["certificates"] == [certificate("a").strip()]
    assert "0123456789abcdef" not in str(one)


def test_a_key_file_has_the_shape_of_every_key_file() -> None:
    def key(body: str, kind: str = "") -> bytes:
        return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----\n".encode()

    states = [
        on_node.content_state(key(*of)) for of in (("aaaa",), ("bbbb",), ("cccc", "RSA "), ("dddd", "EC "))
    ]
    assert len({state["shape"] for state in states}) == 1
    assert len({state["sha256"] for state in states}) == 4
    assert all(state["certificates"] == [] for state in states)
    assert on_node.content_state(certificate("a").encode())["shape"] != states[0]["shape"]


def test_modules_and_sysctls_are_those_that_our_files_name(tmp_path: Path) -> None:
    file = tmp_path / "ours.conf"
    file.write_text("# made by us\nno_such_module\n")
    assert on_node.modules([str(file)]) == {"no_such_module": False}
    file.write_text("# made by us\nkernel.ostype = 1\nkernel.none = 2\n")
    assert on_node.sysctls([str(file)]) == {"kernel.ostype": "Linux"}


def test_a_secret_leaves_the_node_as_hashes() -> None:
    item = {
        "kind": "Secret",
        "metadata": {"name": "s", "uid": "1", "labels": {"a": "b"}, "managedFields": []},
        "data": {"token": "c2VjcmV0"},
    }
    state = on_control_plane.object_state(item)
    assert "c2VjcmV0" not in str(state)
    assert state["body"]["metadata"] == {"name": "s", "labels": {"a": "b"}}
