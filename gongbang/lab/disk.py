"""Files put into an ext4 disk image without mounting it."""

from __future__ import annotations

import io
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from gongbang import proc, system
from gongbang.errors import ExitCode, GongbangError
from gongbang.lab.keys import File

REGULAR = 0o100000


def put(disk: Path, files: Iterable[File]) -> None:
    """Write the files into the disk image, replacing those that are there; a folder is made when its parent exists."""
    wanted = list(files)
    with tempfile.TemporaryDirectory(dir=disk.parent, prefix="put-") as scratch:
        sources = [Path(scratch) / str(number) for number in range(len(wanted))]
        for source, file in zip(sources, wanted, strict=True):
            source.write_bytes(file.content)
        script = [line for pair in zip(sources, wanted, strict=True) for line in _commands(*pair)]
        program = shutil.which("debugfs", path=system.SEARCH) or "debugfs"
        proc.run([program, "-w", "-f", "/dev/stdin", disk], input="\n".join(script) + "\n", timeout=120)
        _check(program, disk, wanted)


def unpacked(archive: bytes) -> list[File]:
    """The regular files of a tar."""
    found = []
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for entry in tar.getmembers():
            content = tar.extractfile(entry)
            if content is not None:
                found.append(File(entry.name, content.read(), entry.mode, entry.uid))
    return found


def _commands(source: Path, file: File) -> Sequence[str]:
    parent, name = PurePosixPath("/" + file.path).parent, PurePosixPath(file.path).name
    return (
        f"mkdir {parent}",
        f"cd {parent}",
        f"rm {name}",
        f"write {source} {name}",
        f"set_inode_field {name} mode 0{REGULAR | file.mode:o}",
        f"set_inode_field {name} uid {file.owner}",
        f"set_inode_field {name} gid {file.owner}",
    )


def _check(program: str, disk: Path, files: Iterable[File]) -> None:
    """Read back what debugfs wrote: it ends with 0 whatever happened."""
    for file in files:
        content = proc.run([program, "-R", f"cat /{file.path}", disk], timeout=60).stdout
        status = proc.run([program, "-R", f"stat /{file.path}", disk], timeout=60).stdout
        if content.encode() != file.content or not is_described(status, file):
            raise GongbangError(
                "a file could not be put into a virtual machine's disk",
                f"/{file.path} in {disk}",
                "is there room on this machine's disk? remove the file and run lab.up again",
                ExitCode.FAILED,
            )


def is_described(status: str, file: File) -> bool:
    """Tell whether debugfs' `stat` shows a regular file with the file's mode and owner."""
    wanted = rf"Type: regular +Mode: +{file.mode:04o} .*User: +{file.owner} +Group: +{file.owner} "
    return re.search(wanted, status, re.DOTALL) is not None
