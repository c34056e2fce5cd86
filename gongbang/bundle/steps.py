"""What has to be made: steps with keys, and where their results go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gongbang.bundle import store
from gongbang.bundle.toolchain import Toolchain

type Id = tuple[str, str]
type Folders = Mapping[Id, Path]
"""The finished artefacts that a step builds on."""


@dataclass(frozen=True)
class Step:
    """One artefact to make: kind and name, cache key, weight in seconds, what it needs, how it is made."""

    id: Id
    key: str
    seconds: float
    needs: tuple[Id, ...]
    make: Callable[[Path, Folders], None]
    version: str = ""
    source: str = ""
    """What it is made from, as a package URL."""
    licence: str = ""
    """Its SPDX identifier; "" where Debian's packages tell it."""
    packages: tuple[str, ...] = ()
    """The Debian packages that went in, for a layer."""


@dataclass
class Plan:
    """All steps, and what is published: packages by repository, images and charts by name and tag."""

    toolchain: Toolchain
    processors: int = 1
    steps: dict[Id, Step] = field(default_factory=dict)
    repositories: dict[str, set[Id]] = field(default_factory=dict)
    images: dict[tuple[str, str], Id] = field(default_factory=dict)

    def key(self) -> str:
        """One key for all that is published."""
        keys = sorted((step.id, step.key) for step in self.steps.values())
        places = sorted((name, sorted(ids)) for name, ids in self.repositories.items())
        return store.key_of(keys, places, sorted(self.images.items()))

    def add(self, step: Step) -> Id:
        """Add a step once."""
        self.steps.setdefault(step.id, step)
        return step.id
