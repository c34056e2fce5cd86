from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from gongbang import paths
from gongbang.bundle import published, transfer
from gongbang.bundle.published import Published
from gongbang.errors import GongbangError
from gongbang.files import write_atomically


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive of a small bundle, exported by a machine whose folders are gone now."""
    monkeypatch.setattr(transfer, "wheels", _wheel)
    root = published.root()
    write_atomically(root / "apt-1/helm/helm.deb", "package", 0o644)
    (root / "apt").symlink_to("apt-1")
    write_atomically(root / "services/registry", "program", 0o755)
    write_atomically(root / "registry/blob", "blob", 0o644)
    write_atomically(root / published.MANIFEST, "{}", 0o644)
    write_atomically(paths.data_dir() / transfer.KEY, "public key", 0o644)
    files = published.look([root / "registry/blob"])
    published.write(Published("key", ("1.36.3",), "go1", "cc", "", "F1", False, ("a:1",), files))
    target = transfer.export(tmp_path / "bundle.tar", lambda _: None)
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "closed" / name.lower()))
    return target


def _wheel(folder: Path) -> None:
    folder.mkdir()
    (folder / "a-1-py3-none-any.whl").write_text("wheel")


def test_an_imported_bundle_is_published_with_its_key(archive: Path) -> None:
    result = transfer.import_(archive, lambda _: None)
    assert result == published.read()
    assert result.imported
    assert (published.root() / "apt/helm/helm.deb").read_text() == "package"
    assert (published.root() / "services/registry").stat().st_mode & 0o111
    assert (paths.data_dir() / "apt.fingerprint").read_text().strip() == "F1"
    with tarfile.open(archive) as packed:
        assert "wheels/a-1-py3-none-any.whl" in packed.getnames()
    assert not (paths.cache_dir() / "wheels").exists(), "nobody reads them there"
    assert published.touched(result) == []
    assert not (paths.data_dir() / "ca.key").exists()


def test_importing_twice_is_the_same(archive: Path) -> None:
    first = transfer.import_(archive, lambda _: None)
    second = transfer.import_(archive, lambda _: None)
    assert first.key == second.key
    assert len(list(published.root().glob("apt-*"))) == 1


def test_a_damaged_archive_publishes_nothing(archive: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    with tarfile.open(archive) as packed:
        packed.extractall(work, filter="data")
    (work / "bundle/apt/helm/helm.deb").write_text("Package")
    with tarfile.open(archive, "w") as packed:
        packed.add(work, ".")
    with pytest.raises(GongbangError, match="wrong checksum") as caught:
        transfer.import_(archive, lambda _: None)
    assert "helm.deb" in caught.value.problem
    assert published.read() is None
    assert [path.name for path in published.root().iterdir()] == ["build.lock"]


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    path.write_text(json.dumps({}))
    with pytest.raises(GongbangError, match="cannot be read"):
        transfer.import_(path, lambda _: None)
    with pytest.raises(GongbangError, match="no such archive"):
        transfer.import_(tmp_path / "missing", lambda _: None)
