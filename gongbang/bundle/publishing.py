"""Put finished artefacts where they are served from; the record of it is written last."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from gongbang.bundle import apt, keys, manifest, published, registry, steps
from gongbang.bundle.published import Published
from gongbang.bundle.store import place, sync_tree


def publish(
    plan: steps.Plan,
    folders: Mapping[steps.Id, Path],
    wanted: tuple[str, ...],
    stamp: str,
    before: Collection[str],
) -> Published:
    """Fill the registry's storage, sign the repositories, write manifest and record.

    `before` are the images of the bundle that this one follows: those that it lacks are taken away.
    """
    root = published.root()
    images = tuple(sorted(f"{name}:{tag}" for name, tag in plan.images))
    files = {
        file
        for (name, tag), step in plan.images.items()
        for file in registry.put(root / "registry", name, tag, folders[step])
    }
    place(folders["program", "registry"] / "registry", root / "services" / "registry")
    sync_tree(root / "registry")
    repositories = {name: [folders[step] for step in sorted(ids)] for name, ids in plan.repositories.items()}
    apt.publish(root, repositories)
    manifest.write(plan, folders, root / published.MANIFEST)
    result = Published(
        key=plan.key(),
        versions=wanted,
        go=plan.toolchain.version,
        c_compiler=plan.toolchain.c_compiler,
        refreshed=stamp,
        fingerprint=keys.fingerprint(),
        imported=False,
        images=images,
        files=published.look(files),
    )
    published.write(result)
    for gone in set(before) - set(images):
        registry.forget(root / "registry", *gone.rsplit(":", 1))
    registry.sweep(root / "registry")
    return result
