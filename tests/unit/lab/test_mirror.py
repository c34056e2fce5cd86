from __future__ import annotations

import subprocess

import pytest

from gongbang import proc
from gongbang.errors import GongbangError
from gongbang.lab import mirror

DEBIAN = "Debian|Debian|http://mirror.test/debian/|Packages\n"
SECURITY = "Debian|Debian-Security|http://mirror.test/security/|Packages\n"
UBUNTU = "Ubuntu|Ubuntu|http://archive.test/ubuntu/|Packages\n"
CONFIG = """\
Acquire::Check-Valid-Until "false";
Acquire::http::Proxy "http://proxy.test:3128";
Acquire::Languages "";
Dir::Cache "var/cache/apt";
"""


def pretend(monkeypatch: pytest.MonkeyPatch, targets: str, config: str = "") -> None:
    """A machine whose apt knows these index targets and has this configuration."""
    for name in ("GONGBANG_DEBIAN_MIRROR", "GONGBANG_DEBIAN_SECURITY_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    said = {"apt-get": targets, "apt-config": config}
    monkeypatch.setattr(proc, "run", lambda argv, **_: subprocess.CompletedProcess([], 0, said[argv[0]], ""))


def test_mirror_is_the_one_of_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, DEBIAN + SECURITY)
    found = mirror.of_this_machine()
    assert (found.main, found.security) == ("http://mirror.test/debian", "http://mirror.test/security")


def test_lines_name_the_release_wanted() -> None:
    found = mirror.Mirror("http://mirror.test/debian", "http://mirror.test/security")
    assert found.lines("trixie") == [
        "deb http://mirror.test/debian trixie main",
        "deb http://mirror.test/debian trixie-updates main",
        "deb http://mirror.test/security trixie-security main",
    ]
    assert found.lines("trixie", "[x=y]")[0] == "deb [x=y] http://mirror.test/debian trixie main"


def test_without_a_security_archive_the_usual_neighbour_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, DEBIAN)
    assert mirror.of_this_machine().security == "http://mirror.test/debian-security"


def test_only_options_that_matter_elsewhere_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, DEBIAN, CONFIG)
    assert mirror.of_this_machine().options == tuple(CONFIG.splitlines()[:2])


def test_a_machine_without_debian_is_told_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, UBUNTU)
    with pytest.raises(GongbangError) as caught:
        mirror.of_this_machine()
    assert "archive.test" in caught.value.seen
    assert "GONGBANG_DEBIAN_MIRROR" in caught.value.fix


def test_a_machine_without_debian_takes_the_given_mirrors(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, UBUNTU)
    monkeypatch.setenv("GONGBANG_DEBIAN_MIRROR", "http://near.test/debian/")
    assert mirror.of_this_machine().security == "http://near.test/debian-security"
    monkeypatch.setenv("GONGBANG_DEBIAN_SECURITY_MIRROR", "http://near.test/security/")
    found = mirror.of_this_machine()
    assert (found.main, found.security) == ("http://near.test/debian", "http://near.test/security")
