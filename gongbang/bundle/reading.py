"""Read the data folder `bundle/`; what does not fit is refused with file and key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from gongbang import paths
from gongbang.bundle.recipes import DATA, DebianRelease, Image, Layer, Package, Program, Recipes
from gongbang.errors import GongbangError


def load(data: Path = DATA) -> Recipes:
    """Read the whole data folder; GongbangError names the file and the key that do not fit."""
    debian = _yaml(data / "debian.yml")
    return Recipes(
        programs=tuple(_program(path) for path in sorted(data.glob("programs/*/recipe.yml"))),
        packages=tuple(_package(path) for path in sorted(data.glob("packages/*/package.yml"))),
        images=tuple(_make(Image, item, data / "images.yml") for item in _yaml(data / "images.yml")),
        layers=tuple(_make(Layer, item, data / "layers.yml") for item in _yaml(data / "layers.yml")),
        debian=tuple(_debian(release, debian) for release in debian["releases"]),
    )


def _program(path: Path) -> Program:
    return _make(Program, {**_yaml(path), "folder": path.parent}, path)


def _package(path: Path) -> Package:
    return _make(Package, {**_yaml(path), "folder": path.parent, "name": path.parent.name}, path)


def _debian(release: str, raw: Mapping[str, Any]) -> DebianRelease:
    wanted = [_chosen(packages, release) for packages in raw["sets"].values()]
    return DebianRelease(release, tuple(packages for packages in wanted if packages), raw["provided"])


def _chosen(packages: Iterable[str | Mapping[str, list[str]]], release: str) -> tuple[str, ...]:
    """Names of a set; `{name: [releases]}` is for these releases only."""
    names = []
    for item in packages:
        name, releases = (item, [release]) if isinstance(item, str) else next(iter(item.items()))
        if release in releases:
            names.append(name)
    return tuple(names)


def _make[T](shape: type[T], raw: Mapping[str, Any], path: Path) -> T:
    known = {item.name for item in fields(shape)}  # type: ignore[arg-type]
    unknown = sorted(set(raw) - known)
    try:
        if unknown:
            raise TypeError(f"unknown key {unknown[0]}")
        return shape(**{key: tuple(v) if isinstance(v, list) else v for key, v in raw.items()})
    except TypeError as error:
        raise GongbangError(
            f"the recipe {paths.shown(path)} does not fit",
            f"{error} in {json.dumps(raw, default=str)[:160]}",
            f"known keys: {', '.join(sorted(known))}",
        ) from error


def _yaml(path: Path) -> Any:
    try:
        return yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, yaml.YAMLError) as error:
        raise GongbangError(
            f"the recipe {paths.shown(path)} cannot be read", str(error), "mend the file"
        ) from error
