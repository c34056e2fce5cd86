"""Put our own charts into OCI layouts, as `helm push` would, with the same bytes every time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from gongbang import paths
from gongbang.bundle import images, layers, store

FORMAT = 1
"""Raise it when the way charts are packed changes."""
CONFIG_TYPE = "application/vnd.cncf.helm.config.v1+json"
CONTENT_TYPE = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


def folders() -> Iterator[Path]:
    """The folders of our own charts."""
    return (path.parent for path in sorted((paths.ROOT / "charts").glob("*/Chart.yaml")))


def description(folder: Path) -> dict[str, Any]:
    """What Chart.yaml says."""
    text = (folder / "Chart.yaml").read_text(encoding="utf-8")
    return dict(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def key(folder: Path) -> str:
    """The cache key: all files of the chart."""
    return store.key_of(FORMAT, store.checksums(folder))


def build(folder: Path, into: Path) -> None:
    """Write a chart's layout: its description as configuration, its files as the one layer."""
    chart = description(folder)
    work = into / "work"
    work.mkdir()
    files = {f"/{chart['name']}/{path.relative_to(folder)}": path for path in store.files_below(folder)}
    layers.from_files(files, work)
    content = images.put_bytes(into, (work / layers.BLOB).read_bytes(), CONTENT_TYPE)
    (work / layers.BLOB).unlink()
    (work / layers.RECORD).unlink()
    work.rmdir()
    config = images.put_bytes(into, json.dumps(chart, sort_keys=True).encode(), CONFIG_TYPE)
    images.write_layout(into, config, [content])
