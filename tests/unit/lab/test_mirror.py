from __future__ import annotations

import pytest

from gongbang.errors import GongbangError
from gongbang.lab import mirror

TARGETS = [
    "http://mirror.test/debian/|Debian|Debian",
    "http://mirror.test/debian/|Debian|Debian",
    "http://mirror.test/security/|Debian|Debian-Security",
    "https://vendor.test/apt/|Vendor|Vendor",
]


def test_mirror_is_the_one_of_apt() -> None:
    found = mirror.from_apt(TARGETS, [])
    assert (found.main, found.security) == ("http://mirror.test/debian", "http://mirror.test/security")


def test_lines_name_the_release_wanted() -> None:
    assert mirror.from_apt(TARGETS, []).lines("trixie") == [
        "deb http://mirror.test/debian trixie main",
        "deb http://mirror.test/debian trixie-updates main",
        "deb http://mirror.test/security trixie-security main",
    ]


def test_without_a_security_archive_the_usual_neighbour_is_taken() -> None:
    assert mirror.from_apt(TARGETS[:1], []).security == "http://mirror.test/debian-security"


def test_only_options_that_matter_elsewhere_are_passed_on() -> None:
    config = [
        'Acquire::Check-Valid-Until "false";',
        'Acquire::http::Proxy "http://proxy.test:3128";',
        'Acquire::Languages "";',
        'Dir::Cache "var/cache/apt";',
    ]
    assert mirror.from_apt(TARGETS, config).options == tuple(config[:2])


def test_machine_without_debian_is_refused() -> None:
    with pytest.raises(GongbangError) as caught:
        mirror.from_apt(["http://archive.test/ubuntu/|Ubuntu|Ubuntu"], [])
    assert "archive.test" in caught.value.seen
