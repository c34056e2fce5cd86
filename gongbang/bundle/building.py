"""Build what is missing and publish it: one build at a time, and never anything half-written."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from gongbang import paths, system
from gongbang.bundle import manifest, planning, published, reading, schedule, toolchain
from gongbang.bundle.published import Published
from gongbang.bundle.publishing import publish
from gongbang.bundle.recipes import Recipes
from gongbang.bundle.schedule import Say
from gongbang.bundle.store import Store
from gongbang.bundle.toolchain import Toolchain
from gongbang.errors import GongbangError
from gongbang.files import write_atomically

WORKERS = 2


def say(line: str) -> None:
    """Tell progress where it does not disturb what a command prints."""
    print(line, file=sys.stderr, flush=True)


def ensure(versions: Collection[str] = (), tell: Say = say) -> Published:
    """The published bundle with these versions of Kubernetes (none: what there is, else all recipes).

    Quick when nothing has to be done; builds and publishes otherwise. GongbangError for a version
    without recipe, and for an artefact whose checksum is wrong.
    """
    found = reading.load()
    wanted = choose(versions, found)
    current = published.read()
    if current and is_current(current, wanted, found):
        return current
    if current and current.imported:
        raise GongbangError(
            "the bundle here was imported, and this revision of the project wants another one",
            f"imported: Kubernetes {', '.join(current.versions)}; wanted: {', '.join(wanted)}",
            "import the archive of this revision, or build here: ./inv bundle.build",
        )
    return build(wanted, tell)


def choose(versions: Collection[str], found: Recipes) -> tuple[str, ...]:
    """The wanted versions and those already published, as far as there are recipes."""
    available = found.kubernetes_versions()
    for version in versions:
        if version not in available:
            raise GongbangError(
                "the bundle has no recipe for this version of Kubernetes",
                version,
                f"set cluster_kubernetes_version to one of: {', '.join(available)}",
            )
    current = published.read()
    kept = [version for version in (current.versions if current else ()) if version in available]
    return tuple(sorted({*versions, *kept} or available))


def is_current(current: Published, wanted: Collection[str], found: Recipes) -> bool:
    """Tell whether what is published is what the recipes say now, and all there.

    GongbangError when a file was changed behind our back.
    """
    remembered = paths.data_dir() / "apt.fingerprint"
    if not remembered.exists() or remembered.read_text().strip() != current.fingerprint:
        return False
    recorded = Toolchain(Path("go"), current.go, current.c_compiler)
    tools = recorded if current.imported else toolchain.present(_newest(found)) or recorded
    if planning.plan(found, wanted, tools, current.refreshed).key() != current.key:
        return False
    touched = published.touched(current)
    if any(not (published.root() / name).exists() for name in touched):
        return False
    published.check(current, touched)
    return current.imported or manifest.is_of_this_form(published.root() / published.MANIFEST)


def build(
    versions: Collection[str] = (), tell: Say = say, *, refresh: bool = False, repair: bool = False
) -> Published:
    """Build what the store lacks and publish all; `refresh` asks Debian's mirror again for its packages."""
    found = reading.load()
    wanted = choose(versions, found)
    with waiting(published.root() / "build.lock", tell):
        current = published.read()
        if current and not (refresh or repair) and is_current(current, wanted, found):
            return current
        if current and current.imported:
            tell("the bundle here was imported; building it anew from the recipes")
        system.ensure("bundle")
        store = Store(published.root() / "store")
        store.root.mkdir(parents=True, exist_ok=True)
        store.sweep()
        if repair:
            tell(f"{store.remove_damaged()} damaged artefacts taken away")
        stamp = _refreshed(refresh)
        processors = max(1, (os.cpu_count() or 1) // WORKERS)
        plan = planning.plan(found, wanted, toolchain.find(_newest(found)), stamp, processors)
        folders = schedule.run(plan.steps, store, WORKERS, tell)
        result = publish(plan, folders, wanted, stamp, current.images if current else ())
        store.prune(set(folders.values()))
        return result


def _refreshed(now: bool) -> str:
    """When Debian's mirror was last asked anew ("" never); kept so that a killed build goes on with it."""
    path = published.root() / "refreshed"
    if now:
        write_atomically(path, str(int(time.time())), 0o644)
    return path.read_text() if path.exists() else ""


def _newest(found: Recipes) -> str:
    return toolchain.newest_needed(program.folder / "go.mod" for program in found.programs)


@contextmanager
def waiting(lock: Path, tell: Say) -> Iterator[None]:
    """Hold the build lock; say so when another build has it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("another build of the bundle is running; waiting for it to end")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
