"""Fetch Debian packages with everything that they depend on, and their contents where images need them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from gongbang import proc
from gongbang.bundle import debian_facts, mirror, store
from gongbang.bundle.recipes import DebianRelease, Layer
from gongbang.bundle.toolchain import architecture

FORMAT = 1
"""Raise it when the way packages are fetched changes."""


def key(release: DebianRelease, refreshed: str) -> str:
    """The cache key: what is asked for, and when the answer was last thrown away."""
    return store.key_of(FORMAT, release.release, release.sets, sorted(release.provided.items()), refreshed)


def fetch(release: DebianRelease, into: Path) -> None:
    """Download every set with its dependencies into a folder; apt checks signatures and checksums."""
    root = into / "apt"
    options = _isolated(root, release)
    proc.run(["apt-get", *options, "--quiet", "--error-on=any", "update"], timeout=600)
    for packages in release.sets:
        _download(options, packages)
    for path in sorted((root / "archives").glob("*.deb")):
        path.rename(into / _without_epoch(path.name))
    shutil.rmtree(root)
    debian_facts.of(into)


def root_file_system(layer: Layer, target: Path) -> None:
    """Write the root file system of a layer as a tar archive, made by mmdebstrap."""
    proc.run(
        [
            "mmdebstrap",
            "--variant=essential",
            f"--architectures={architecture()}",
            f"--include={','.join(layer.packages)}",
            "--dpkgopt=path-exclude=/usr/share/doc/*",
            "--dpkgopt=path-exclude=/usr/share/man/*",
            "--dpkgopt=path-exclude=/usr/share/locale/*",
            layer.release,
            target,
            *mirror.sources(layer.release),
        ],
        env={"SOURCE_DATE_EPOCH": "1767225600", "TMPDIR": str(target.parent)},
        timeout=900,
    )


def certificates(debs: Path, work: Path) -> str:
    """Debian's CA certificates as one PEM text, from a folder of packages."""
    proc.run(["dpkg-deb", "-x", *sorted(debs.glob("ca-certificates_*.deb"))[:1], work])
    found = sorted((work / "usr/share/ca-certificates/mozilla").glob("*.crt"))
    return "".join(path.read_text(encoding="ascii") for path in found)


def _isolated(root: Path, release: DebianRelease) -> list[str]:
    """Options that let apt work below `root`, with nothing installed and our sources alone."""
    for name in ("lists/partial", "archives/partial"):
        (root / name).mkdir(parents=True)
    (root / "sources.list").write_text("\n".join(mirror.sources(release.release)) + "\n")
    (root / "status").write_text(_status(release.provided))
    settings = {
        "Dir::Etc::SourceList": root / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State::Lists": root / "lists",
        "Dir::State::Status": root / "status",
        "Dir::State::Extended_States": root / "extended_states",
        "Dir::Cache": root,
        "Dir::Cache::Archives": root / "archives",
        "APT::Architecture": architecture(),
        "APT::Architectures": architecture(),
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Acquire::Check-Valid-Until": "true",
        "Acquire::AllowInsecureRepositories": "false",
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def _status(provided: Mapping[str, str]) -> str:
    """A dpkg status file in which our own packages stand as installed, and nothing else."""
    stanzas = [
        f"Package: {name}\nStatus: install ok installed\nVersion: 1\nArchitecture: {architecture()}\n"
        f"Maintainer: none\nDescription: ours\nProvides: {provides}\n"
        for name, provides in provided.items()
    ]
    return "\n".join(stanzas)


def _download(options: Sequence[str], packages: Sequence[str]) -> None:
    argv = ["apt-get", *options, "--quiet", "--yes", "--download-only", "install", *packages]
    proc.run(argv, timeout=1800)


def _without_epoch(name: str) -> str:
    """`a_1%3a2.0_amd64.deb` as `a_2.0_amd64.deb`: a percent sign in a URL is asking for trouble."""
    package, version, rest = name.split("_", 2)
    return f"{package}_{version.rpartition('%3a')[2]}_{rest}"


def remove(folder: Path) -> None:
    """Take a work folder away."""
    shutil.rmtree(folder)
