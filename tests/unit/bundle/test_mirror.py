from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gongbang import proc
from gongbang.bundle import mirror, toolchain
from gongbang.errors import GongbangError

KNOWN = """\
Debian|Debian|http://mirror.example/debian/|Packages
Debian|Debian|http://mirror.example/debian/|Translations
Debian|Debian-Security|http://mirror.example/debian-security/|Packages
Somebody|Somebody|http://other.example/apt/|Packages
"""
UNKNOWN = KNOWN.replace("Debian|Debian-Security", "$(ORIGIN)|$(LABEL)").replace(
    "Debian|Debian", "$(ORIGIN)|$(LABEL)"
)


def pretend(monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    for name in ("GONGBANG_DEBIAN_MIRROR", "GONGBANG_DEBIAN_SECURITY_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    done = subprocess.CompletedProcess([], 0, output, "")
    monkeypatch.setattr(proc, "run", lambda *_, **__: done)


@pytest.mark.parametrize("output", [KNOWN, UNKNOWN], ids=["with package lists", "without"])
def test_the_mirror_is_the_one_of_this_machine(monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    pretend(monkeypatch, output)
    assert mirror.uris() == ("http://mirror.example/debian/", "http://mirror.example/debian-security/")


def test_every_source_is_signed_by_debian(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, KNOWN)
    lines = mirror.sources("trixie")
    assert [line.split()[3] for line in lines] == ["trixie", "trixie-updates", "trixie-security"]
    assert all(f"signed-by={mirror.KEYRING}" in line for line in lines)


def test_without_any_the_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "Somebody|Somebody|http://other.example/apt/|Packages\n")
    with pytest.raises(GongbangError) as caught:
        mirror.uris()
    assert "GONGBANG_DEBIAN_MIRROR" in caught.value.fix


def test_a_given_mirror_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "")
    monkeypatch.setenv("GONGBANG_DEBIAN_MIRROR", "http://near.example/debian/")
    assert mirror.uris() == ("http://near.example/debian/", "http://near.example/debian-security")


def test_the_newest_go_that_a_module_asks_for(tmp_path: Path) -> None:
    for name, version in (("a", "1.9"), ("b", "1.26.0"), ("c", "1.25")):
        (tmp_path / name).write_text(f"module {name}\n\ngo {version}\n")
    assert toolchain.newest_needed(tmp_path.iterdir()) == "1.26.0"
