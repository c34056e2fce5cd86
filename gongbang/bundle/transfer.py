"""Carry the published bundle, with the controller's Python wheels, into a closed network as one archive."""

from __future__ import annotations

import sys
import tarfile
import tempfile
from dataclasses import replace
from pathlib import Path

from gongbang import files, paths, proc
from gongbang.bundle import apt, keys, published, store
from gongbang.bundle.published import Published
from gongbang.bundle.schedule import Say
from gongbang.errors import GongbangError
from gongbang.locks import exclusive

LOCK = paths.ROOT / "requirements.txt"
KEY = "apt.key.asc"


def export(target: Path, tell: Say) -> Path:
    """Write the archive; it is seen under its name only when it is whole."""
    current = published.read()
    if current is None:
        raise GongbangError("there is no bundle to export", str(published.root()), "run: ./inv bundle.build")
    published.check(current, published.touched(current))
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=target.parent) as name:
        work = Path(name)
        tell("fetching the controller's Python wheels")
        wheels(work / "wheels")
        tell(f"writing {len(current.files)} files")
        with tarfile.open(work / "archive", "w") as archive:
            archive.add(published.root() / published.RECORD, f"bundle/{published.RECORD}")
            archive.add(paths.data_dir() / KEY, f"bundle/{KEY}")
            for file in sorted(current.files):
                archive.add((published.root() / file).resolve(), f"bundle/{file}")
            archive.add(work / "wheels", "wheels")
        files.sync(work / "archive")
        (work / "archive").replace(target)
    return target


def wheels(folder: Path) -> None:
    """Fetch the controller's locked Python packages for this interpreter, checksums checked."""
    folder.mkdir()
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    proc.run([*pip, "--require-hashes", "--requirement", str(LOCK), "--dest", str(folder)], timeout=1800)


def import_(source: Path, tell: Say) -> Published:
    """Unpack an archive, check every file, and publish it here; nothing is published before all is checked."""
    if not source.is_file():
        raise GongbangError("there is no such archive", str(source), "name a file that bundle.export wrote")
    root = published.root()
    root.mkdir(parents=True, exist_ok=True)
    with exclusive(root / "build.lock"), tempfile.TemporaryDirectory(prefix=".import-", dir=root) as name:
        work = Path(name)
        tell(f"unpacking {source}")
        _unpack(source, work)
        carried = _record(work / "bundle")
        tell(f"checking {len(carried.files)} files")
        _check(work / "bundle", carried)
        _put(work / "bundle", root)
        keys.remember(carried.fingerprint, (work / "bundle" / KEY).read_text())
        result = replace(carried, imported=True, files=_as_here(carried))
        published.write(result)
    return result


def _unpack(source: Path, work: Path) -> None:
    try:
        with tarfile.open(source) as archive:
            archive.extractall(work, filter="data")
    except (tarfile.TarError, EOFError) as error:
        raise GongbangError(
            "the archive cannot be read", f"{source}: {error}", "copy it again and compare its SHA-256"
        ) from error


def _record(folder: Path) -> Published:
    found = published.read(folder)
    if found is None:
        raise GongbangError(
            "the archive holds no bundle",
            f"no {published.RECORD} in it",
            "name a file that bundle.export wrote",
        )
    return found


def _check(folder: Path, carried: Published) -> None:
    for file, (_, _, wanted) in carried.files.items():
        problem = f"an artefact in the archive has a wrong checksum: {file}"
        store.compare(folder / file, wanted, problem, "copy the archive again, or export it again")


def _put(bundle: Path, root: Path) -> None:
    """Move the unpacked parts to their places: the registry file by file, apt in one step."""
    for file in [*store.files_below(bundle / "registry"), *store.files_below(bundle / "services")]:
        store.place(file, root / file.relative_to(bundle))
    store.place(bundle / published.MANIFEST, root / published.MANIFEST)
    target = Path(tempfile.mkdtemp(prefix="apt-", dir=root))
    (bundle / "apt").replace(target)
    target.chmod(0o755)
    store.sync_tree(target)
    apt.switch(root, target)


def _as_here(carried: Published) -> dict[str, published.Seen]:
    """The files with this machine's times; their checksums were compared just now."""
    files = {}
    for name, (size, _, digest) in carried.files.items():
        files[name] = (size, (published.root() / name).stat().st_mtime_ns, digest)
    return files
