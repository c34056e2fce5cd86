"""The shapes of what the bundle holds; `reading` fills them from the data folder `bundle/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gongbang import paths
from gongbang.errors import GongbangError

DATA = paths.ROOT / "bundle"
"""The data folder in the repository."""


@dataclass(frozen=True)
class Program:
    """One Go module of ours that pins upstream's; `seconds` is what a cold build takes on 2 cores."""

    folder: Path
    name: str
    version: str
    module: str
    licence: str
    seconds: float
    programs: Mapping[str, str]
    kubernetes: tuple[str, ...] = ()
    cgo: bool = False
    tags: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, str]:
        """The words that recipes may use in braces."""
        major, minor, *_ = [*self.version.split("."), "0"]
        return {
            "version": self.version,
            "major": major,
            "minor": f"{major}.{minor}",
            "minor_number": minor,
        }

    def serves(self, kubernetes: str) -> bool:
        """Tell whether this program goes with that version of Kubernetes."""
        return not self.kubernetes or kubernetes in self.kubernetes


@dataclass(frozen=True)
class Package:
    """One Debian package that is made from programs and files of ours."""

    folder: Path
    name: str
    program: str
    version: str
    repository: str
    description: str
    files: tuple[Mapping[str, str], ...]
    depends: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    scripts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Image:
    """One container image: layers by name, then one layer with the files of programs."""

    name: str
    tag: str
    program: str
    files: Mapping[str, str]
    layers: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""


@dataclass(frozen=True)
class Layer:
    """One image layer that is made of Debian packages: a root file system, or their CA certificates."""

    name: str
    kind: str
    release: str
    packages: tuple[str, ...]


@dataclass(frozen=True)
class DebianRelease:
    """What one Debian release's repository holds: sets that are resolved one by one."""

    release: str
    sets: tuple[tuple[str, ...], ...]
    provided: Mapping[str, str]


@dataclass(frozen=True)
class Recipes:
    """All of the data folder."""

    programs: tuple[Program, ...]
    packages: tuple[Package, ...]
    images: tuple[Image, ...]
    layers: tuple[Layer, ...]
    debian: tuple[DebianRelease, ...]

    def kubernetes_versions(self) -> tuple[str, ...]:
        """The versions of Kubernetes for which there is a recipe, oldest first."""
        found = [program.version for program in self.programs if program.name == "kubernetes"]
        return tuple(sorted(found, key=lambda version: [int(part) for part in version.split(".")]))

    def program(self, name: str, kubernetes: str) -> Program:
        """The program called `name` that goes with a version of Kubernetes; GongbangError if none does."""
        for program in self.programs:
            if program.name == name and program.serves(kubernetes):
                return program
        there = ", ".join(program.folder.name for program in self.programs if program.name == name)
        raise GongbangError(
            f"the bundle has no recipe of {name} for Kubernetes {kubernetes}",
            f"recipes of {name}: {there or 'none'}",
            f"add {kubernetes} to `kubernetes:` of a recipe under bundle/programs/{name}*",
        )
