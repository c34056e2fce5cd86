from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gongbang.bundle import charts, images, registry
from gongbang.bundle.recipes import Image

IMAGE = Image(
    "registry.k8s.io/tool", "v{version}", "tool", {"/tool": "tool/tool"},
    entrypoint=("/tool",), environment={"A": "b"}, user="1000",
)  # fmt: skip


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "tool").write_bytes(b"tool")
    (folder / "tool").chmod(0o755)
    return folder


def build(program: Path, into: Path) -> str:
    into.mkdir()
    images.build(IMAGE, {"version": "1.0"}, {"tool": program}, [], into)
    digest: str = json.loads((into / "index.json").read_text())["manifests"][0]["digest"]
    return digest


def read(storage: Path, digest: str) -> dict[str, object]:
    return dict(json.loads(registry.blob(storage, digest).read_text()))


def test_the_same_program_gives_the_same_digest(program: Path, tmp_path: Path) -> None:
    first = build(program, tmp_path / "1")
    os.utime(program / "tool", (1, 1))
    assert build(program, tmp_path / "2") == first


def test_an_image_in_the_storage_is_whole_and_says_how_to_run(program: Path, tmp_path: Path) -> None:
    digest = build(program, tmp_path / "1")
    storage = tmp_path / "registry"
    files = registry.put(storage, IMAGE.name, "v1.0", tmp_path / "1")
    assert all(path.is_file() for path in files)
    assert list(registry.tags(storage)) == [(IMAGE.name, "v1.0", digest)]
    manifest, config, layer = registry.blobs(storage, digest)
    assert manifest == digest
    run = read(storage, config)["config"]
    assert isinstance(run, dict)
    assert run["Entrypoint"] == ["/tool"]
    assert run["User"] == "1000"
    assert "A=b" in run["Env"]
    assert registry.blob(storage, layer).stat().st_size > 0


def test_sweeping_spares_used_and_young_blobs(program: Path, tmp_path: Path) -> None:
    digest = build(program, tmp_path / "1")
    storage = tmp_path / "registry"
    registry.put(storage, IMAGE.name, "v1.0", tmp_path / "1")
    stray = registry.blob(storage, "sha256:" + "0" * 64)
    stray.parent.mkdir(parents=True)
    stray.write_text("stray")
    registry.sweep(storage)
    assert stray.exists()
    registry.sweep(storage, older_s=-1)
    assert not stray.exists()
    assert all(registry.blob(storage, part).exists() for part in registry.blobs(storage, digest))


def test_a_forgotten_name_goes_with_its_repository(program: Path, tmp_path: Path) -> None:
    build(program, tmp_path / "1")
    storage = tmp_path / "registry"
    for tag in ("v1.0", "v1.1"):
        registry.put(storage, IMAGE.name, tag, tmp_path / "1")
    registry.forget(storage, IMAGE.name, "v1.0")
    assert [tag for _, tag, _ in registry.tags(storage)] == ["v1.1"]
    registry.forget(storage, IMAGE.name, "v1.1")
    assert not list(registry.tags(storage))


def test_charts_are_packed_as_helm_packs_them(tmp_path: Path) -> None:
    folder = next(charts.folders())
    layouts = []
    for number in ("1", "2"):
        (tmp_path / number).mkdir()
        charts.build(folder, tmp_path / number)
        layouts.append((tmp_path / number / "index.json").read_text())
    assert layouts[0] == layouts[1]
    registry.put(tmp_path / "registry", "charts/x", "1", tmp_path / "1")
    ((_, _, digest),) = registry.tags(tmp_path / "registry")
    manifest = read(tmp_path / "registry", digest)
    assert isinstance(manifest["config"], dict)
    assert manifest["config"]["mediaType"] == charts.CONFIG_TYPE
