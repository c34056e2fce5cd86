"""Make one Debian package with nfpm from finished programs and files of ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from gongbang import proc
from gongbang.bundle import store
from gongbang.bundle.recipes import Package
from gongbang.bundle.toolchain import architecture

EPOCH = 1767225600
"""The time (2026-01-01) that stands for every file's: the same inputs give the same bytes."""
FORMAT = 2
"""Raise it when the way packages are made changes."""


def key(package: Package, facts: Mapping[str, str], inputs: Mapping[str, str]) -> str:
    """The cache key: recipe, files of ours, and the keys of the programs that go in."""
    ours = store.checksums(package.folder)
    return store.key_of(FORMAT, ours, sorted(facts.items()), sorted(inputs.items()), EPOCH)


def build(
    package: Package, facts: Mapping[str, str], programs: Mapping[str, Path], nfpm: Path, into: Path
) -> None:
    """Write `<name>_<version>_<architecture>.deb` into a folder; `programs` are folders by program name."""
    config = into / "nfpm.yml"
    config.write_text(yaml.safe_dump(description(package, facts, programs)))
    version = package.version.format(**facts)
    target = into / f"{package.name}_{version}_{architecture()}.deb"
    proc.run(
        [nfpm, "package", "--config", config, "--packager", "deb", "--target", target],
        cwd=package.folder,
        env={"SOURCE_DATE_EPOCH": str(EPOCH)},
    )
    config.unlink()


def description(package: Package, facts: Mapping[str, str], programs: Mapping[str, Path]) -> dict[str, Any]:
    """The package as nfpm wants it told."""
    return {
        "name": package.name,
        "arch": architecture(),
        "platform": "linux",
        "version": package.version.format(**facts),
        "version_schema": "none",
        "section": "admin",
        "priority": "optional",
        "maintainer": "gongbang bundle <bundle@gongbang.internal>",
        "description": package.description,
        "mtime": _timestamp(),
        "depends": list(package.depends),
        "provides": [text.format(**facts) for text in package.provides],
        "conflicts": list(package.conflicts),
        "replaces": list(package.replaces),
        "contents": [*_directories(package), *(_content(item, programs) for item in package.files)],
        "scripts": {when: f"./{name}" for when, name in package.scripts.items()},
        "deb": {"compression": "zstd"},
    }


def _directories(package: Package) -> list[dict[str, Any]]:
    info = {"mode": 0o755, "mtime": _timestamp()}
    return [{"dst": path, "type": "dir", "file_info": info} for path in package.directories]


def _content(item: Mapping[str, str], programs: Mapping[str, Path]) -> dict[str, Any]:
    program = item.get("program")
    info = {"mode": 0o755 if program else 0o644, "mtime": _timestamp(), "owner": "root", "group": "root"}
    source = str(programs[program] / item["file"]) if program else f"./{item['source']}"
    content: dict[str, Any] = {"src": source, "dst": item["to"], "file_info": info}
    if item.get("kind") == "config":
        content["type"] = "config|noreplace"
    return content


def _timestamp() -> str:
    return "2026-01-01T00:00:00Z"
