from __future__ import annotations

from pathlib import Path

import pytest

from gongbang.bundle import published, store
from gongbang.bundle.published import Published
from gongbang.errors import ExitCode, GongbangError
from gongbang.files import write_atomically


@pytest.fixture
def current() -> Published:
    root = published.root()
    (root / "apt-1/helm").mkdir(parents=True)
    (root / "apt").symlink_to("apt-1")
    (root / "services").mkdir()
    (root / "services/registry").write_text("program")
    (root / "apt/helm/helm.deb").write_text("package")
    (root / "registry").mkdir()
    (root / "registry/blob").write_text("blob")
    (root / "registry/pushed-by-somebody").write_text("not ours")
    write_atomically(root / published.MANIFEST, "{}", 0o644)
    files = published.look([root / "registry/blob"])
    made = Published("key", ("1.36.3",), "go1", "cc", "", "F", False, ("a:1",), files)
    published.write(made)
    return made


def test_the_record_is_read_as_it_was_written(current: Published) -> None:
    assert published.read() == current
    assert set(current.files) == {
        "apt/helm/helm.deb", "services/registry", "registry/blob", published.MANIFEST,
    }  # fmt: skip


def test_a_record_of_another_form_counts_as_none(current: Published) -> None:
    (published.root() / published.RECORD).write_text('{"key": 1}')
    assert published.read() is None


def test_what_is_as_it_was_is_not_looked_at(current: Published) -> None:
    assert published.touched(current) == []


@pytest.mark.parametrize("name", ["apt/helm/helm.deb", "registry/blob"])
def test_a_changed_file_is_found_and_named_with_both_checksums(current: Published, name: str) -> None:
    path = published.root() / name
    path.write_text("changed")
    assert published.touched(current) == [name]
    with pytest.raises(GongbangError) as caught:
        published.check(current, [name])
    assert caught.value.code == ExitCode.BAD_INPUT
    assert str(path) in caught.value.problem
    assert store.sha256(path) in caught.value.seen
    assert current.files[name][2] in caught.value.seen
    assert "bundle.build --repair" in caught.value.fix


def test_a_file_with_another_time_and_the_same_content_is_right(current: Published) -> None:
    (published.root() / "registry/blob").touch()
    names = published.touched(current)
    assert names == ["registry/blob"]
    published.check(current, names)


def test_a_file_that_is_gone_is_named(current: Published) -> None:
    Path(published.root() / "registry/blob").unlink()
    with pytest.raises(GongbangError) as caught:
        published.check(current, published.touched(current))
    assert "gone" in caught.value.seen
