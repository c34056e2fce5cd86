"""Write image layers whose bytes depend on their contents alone."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from gongbang.bundle import store
from gongbang.bundle.packages import EPOCH

BLOB = "layer.tar.gz"
RECORD = "layer.json"
LEVEL = 5
SKIPPED = (
    "./dev/", "./proc/", "./sys/", "./var/cache/", "./var/log/", "./var/lib/apt/lists/",
    "./usr/share/doc/", "./usr/share/man/", "./usr/share/locale/", "./usr/share/info/",
)  # fmt: skip
"""What a base layer does not need; the folders themselves stay."""


@dataclass(frozen=True)
class Blob:
    """One compressed layer: digest of the blob, digest of what is in it, size in bytes."""

    digest: str
    diff_id: str
    size: int


def from_files(files: Mapping[str, Path], into: Path) -> Blob:
    """A layer that holds files under absolute paths, and the folders above them."""

    def fill(archive: tarfile.TarFile) -> None:
        for folder in _folders(files):
            archive.addfile(_info(folder, tarfile.DIRTYPE, 0o755))
        for name in sorted(files):
            info = _info(name.lstrip("/"), tarfile.REGTYPE, 0o755 if _is_program(files[name]) else 0o644)
            info.size = files[name].stat().st_size
            with files[name].open("rb") as content:
                archive.addfile(info, content)

    return _write(fill, into)


def from_text(texts: Mapping[str, str], into: Path) -> Blob:
    """A layer that holds text files under absolute paths."""

    def fill(archive: tarfile.TarFile) -> None:
        for folder in _folders(texts):
            archive.addfile(_info(folder, tarfile.DIRTYPE, 0o755))
        for name in sorted(texts):
            data = texts[name].encode()
            info = _info(name.lstrip("/"), tarfile.REGTYPE, 0o644)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))

    return _write(fill, into)


def from_archive(source: Path, into: Path) -> Blob:
    """A layer from the archive of a root file system, without times and what an image does not need."""

    def fill(archive: tarfile.TarFile) -> None:
        with tarfile.open(source) as root:
            for member in root:
                if member.isdev() or any(_below(member.name, skipped) for skipped in SKIPPED):
                    continue
                member.mtime = EPOCH
                member.pax_headers = {}
                content = root.extractfile(member) if member.isreg() else None
                archive.addfile(member, content)

    return _write(fill, into)


def read(folder: Path) -> Blob:
    """The layer that an earlier call wrote into a folder."""
    return Blob(**json.loads((folder / RECORD).read_text()))


def _below(name: str, folder: str) -> bool:
    return f"./{name.removeprefix('./')}".startswith(folder)


def _write(fill: Callable[[tarfile.TarFile], None], into: Path) -> Blob:
    target = into / BLOB
    with target.open("wb") as raw, gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as packed:
        plain = _Counted(packed)
        with tarfile.open(fileobj=plain, mode="w|", format=tarfile.GNU_FORMAT) as archive:  # type: ignore[call-overload]
            fill(archive)
    blob = Blob(f"sha256:{store.sha256(target)}", f"sha256:{plain.hash.hexdigest()}", target.stat().st_size)
    (into / RECORD).write_text(json.dumps(asdict(blob), sort_keys=True))
    return blob


class _Sink(Protocol):
    def write(self, data: bytes, /) -> int: ...


class _Counted:
    """A stream that hashes what goes through."""

    def __init__(self, under: _Sink) -> None:
        self._under = under
        self.hash = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.hash.update(data)
        return self._under.write(data)


def _folders(names: Iterable[str]) -> list[str]:
    found = {str(parent).lstrip("/") for name in names for parent in Path(name).parents}
    return sorted(found - {""})


def _is_program(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o111)


def _info(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.mtime = kind, mode, EPOCH
    return info
