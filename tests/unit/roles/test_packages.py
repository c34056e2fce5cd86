"""Which packages differ, and whose key a file holds."""

from __future__ import annotations

import base64
import hashlib

from tests.unit.roles.conftest import plugin

DPKG = "kubelet\t1.36.3-1.1\tinstalled\thold\nhelm\t4.3.1-1\tinstalled\tinstall\ngone\t1\tconfig-files\tdeinstall\n"
INDEX = "Package: kubelet\nArchitecture: amd64\nVersion: 1.36.3-1.1\nSize: 1\n\nPackage: kubelet\nVersion: 1.36.4-1.1\n\nPackage: helm\nVersion: 4.3.1-1\n"


def armored(body: bytes) -> str:
    packet = bytes([0x80 | (6 << 2) | 1]) + len(body).to_bytes(2, "big") + body
    text = base64.b64encode(packet).decode()
    return f"-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: x\n\n{text}\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n"


def test_fingerprint_is_that_of_the_key_packet() -> None:
    body = b"\x04" + b"\x00" * 4 + b"\x01" + b"key material"
    expected = hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body).hexdigest().upper()
    assert plugin("package_repository").fingerprints(armored(body)) == [expected]


def test_a_second_key_in_the_file_is_seen() -> None:
    first, second = b"\x04" + b"a" * 20, b"\x04" + b"b" * 20
    text = armored(first) + armored(second)
    source = {"name": "x", "key_url": "u", "fingerprint": plugin("package_repository").fingerprint(first)}
    [found] = plugin("package_repository").trust([source], [{"item": "u", "content": text}])
    assert len(found["seen"]) == 2
    assert found["seen"] != found["pinned"]


def test_what_is_no_key_has_no_fingerprint() -> None:
    assert plugin("package_repository").fingerprints("<html>not found</html>") == []


def test_missing_and_other_versions_differ() -> None:
    wanted = [{"name": "kubelet", "version": "1.36.4-*"}, {"name": "helm"}, {"name": "gone"}]
    found = plugin("package_repository").differing(wanted, DPKG)
    assert [entry["spec"] for entry in found] == ["kubelet=1.36.4-*", "gone"]
    assert plugin("package_repository").differing([{"name": "kubelet", "version": "1.36.3-*"}], DPKG) == []


def test_only_packages_that_are_not_held_are_named() -> None:
    wanted = [{"name": "kubelet", "hold": True}, {"name": "helm", "hold": True}, {"name": "gone"}]
    assert plugin("package_repository").unheld(wanted, DPKG) == ["helm"]


def test_a_held_package_that_apt_changes_is_held_again() -> None:
    wanted = [{"name": "kubelet", "version": "1.36.9-*", "hold": True}]
    assert plugin("package_repository").unheld(wanted, DPKG) == ["kubelet"]


def test_a_version_that_nobody_has_is_told_with_those_there_are() -> None:
    [text] = plugin("package_repository").nowhere([{"name": "kubelet", "version": "1.36.9-*"}], [INDEX])
    assert "1.36.3-1.1, 1.36.4-1.1" in text
    assert plugin("package_repository").nowhere([{"name": "kubelet", "version": "1.36.3-*"}], [INDEX]) == []


def test_a_repository_that_is_nowhere_is_told_and_one_with_a_compressed_list_is_not() -> None:
    def answer(name: str, file: str, status: int) -> dict[str, object]:
        return {"item": [{"name": name, "uris": f"https://example/{name}/"}, file], "status": status}

    answers = [answer(name, file, status) for name, file, status in (
        ("v1.99", "InRelease", 403), ("v1.99", "Release", 403), ("old", "InRelease", 404), ("old", "Release", 200),
    )]  # fmt: skip
    [text] = plugin("package_repository").absent(answers)
    assert "https://example/v1.99/: neither" in text
    assert "(HTTP 403)" in text
    assert plugin("package_repository").absent([]) == []


def test_a_repository_that_has_trouble_is_not_said_to_be_silent() -> None:
    source = {"name": "helm", "uris": "https://example/helm/"}
    troubled, silent = plugin("package_repository").silent(
        [
            {"item": source, "status": 502, "msg": "HTTP Error 502"},
            {"item": source, "status": -1, "msg": "refused"},
        ]
    )
    assert "helm answers with an error" in troubled
    assert "helm does not answer" in silent
    assert (
        plugin("package_repository").silent([{"item": source, "status": code} for code in (200, 403, 404)])
        == []
    )


def test_spoilt_files_are_restored_unless_their_package_is_changed_anyway() -> None:
    answer = (
        DPKG
        + "spoilt\tkubelet\tusr/lib/systemd/x.conf\nspoilt\thelm\tusr/bin/helm\nspoilt\tgone\tusr/bin/gone\n"
    )
    wanted = [{"name": "kubelet"}, {"name": "helm", "version": "9.*"}, {"name": "gone"}]
    assert plugin("package_repository").spoilt(wanted, answer) == [
        {
            "spec": "kubelet=1.36.3-1.1",
            "paths": ["usr/lib/systemd/x.conf"],
            "change": ["file /usr/lib/systemd/x.conf: not as package kubelet delivers it -> restored"],
        }
    ]
