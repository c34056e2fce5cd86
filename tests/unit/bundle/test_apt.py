from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from gongbang import paths
from gongbang.bundle import apt, debian, keys, verify
from gongbang.errors import GongbangError

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("gpg", "apt-ftparchive", "dpkg-deb"))),
    reason="needs gnupg, apt-utils and dpkg",
)
CONTROL = "Package: tool\nVersion: 1\nArchitecture: all\nMaintainer: none\nDescription: tool\n"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    (tmp_path / "tree/DEBIAN").mkdir(parents=True)
    (tmp_path / "tree/DEBIAN/control").write_text(CONTROL)
    folder = tmp_path / "packages"
    folder.mkdir()
    subprocess.run(
        ["dpkg-deb", "-b", tmp_path / "tree", folder / "tool_1_all.deb"], check=True, capture_output=True
    )
    return folder


def test_repositories_are_signed_and_switched(packages: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    first = apt.publish(root, {"helm": [packages]})
    release = root / "apt/helm/InRelease"
    fingerprint = (paths.data_dir() / "apt.fingerprint").read_text().strip()
    assert verify._signed(release) == fingerprint == keys.fingerprint()
    assert "Filename: ./tool_1_all.deb" in (root / "apt/helm/Packages").read_text()
    assert "BEGIN PGP PUBLIC KEY" in (root / "apt/key.asc").read_text()
    second = apt.publish(root, {"helm": [packages]})
    assert (root / "apt").resolve() == second.resolve()
    assert not first.exists()
    tampered = tmp_path / "InRelease"
    tampered.write_text(release.read_text().replace("Origin: gongbang", "Origin: somebody"))
    with pytest.raises(GongbangError, match="signature"):
        verify._signed(tampered)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("a_1%3a2.0-1_amd64.deb", "a_2.0-1_amd64.deb"), ("b_2.0+dfsg_all.deb", "b_2.0+dfsg_all.deb")],
)
def test_epochs_leave_file_names(name: str, wanted: str) -> None:
    assert debian._without_epoch(name) == wanted
