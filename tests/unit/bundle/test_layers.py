from __future__ import annotations

import os
import tarfile
from pathlib import Path

from gongbang.bundle import layers


def files(folder: Path, time: int) -> dict[str, Path]:
    folder.mkdir()
    program, text = folder / "program", folder / "text"
    program.write_bytes(b"\x7fELF" * 1000)
    program.chmod(0o755)
    text.write_text("text")
    for path in (program, text):
        os.utime(path, (time, time))
    return {"/usr/local/bin/program": program, "/etc/text": text}


def test_the_same_files_give_the_same_layer_whenever_they_were_made(tmp_path: Path) -> None:
    blobs = []
    for number in (1, 2):
        into = tmp_path / f"layer{number}"
        into.mkdir()
        blobs.append(layers.from_files(files(tmp_path / str(number), number * 1000), into))
    assert blobs[0] == blobs[1]
    assert layers.read(tmp_path / "layer1") == blobs[0]


def test_a_layer_holds_folders_modes_and_contents(tmp_path: Path) -> None:
    layers.from_files(files(tmp_path / "in", 1), tmp_path)
    with tarfile.open(tmp_path / layers.BLOB) as archive:
        modes = {member.name: (member.isdir(), member.mode, member.mtime) for member in archive}
    assert modes["usr/local/bin/program"][:2] == (False, 0o755)
    assert modes["etc/text"][:2] == (False, 0o644)
    assert modes["usr/local"][:2] == (True, 0o755)
    assert len({time for _, _, time in modes.values()}) == 1


def archive(path: Path, time: int) -> Path:
    with tarfile.open(path, "w") as written:
        for name, kind in (
            ("./usr", tarfile.DIRTYPE),
            ("./dev/null", tarfile.CHRTYPE),
            ("./usr/lib", tarfile.SYMTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.mtime, info.linkname = kind, time, "bin" if kind == tarfile.SYMTYPE else ""
            written.addfile(info)
        for name in ("./var/log/dpkg.log", "./usr/share/doc/x/copyright", "./usr/tool"):
            info = tarfile.TarInfo(name)
            info.mtime = time
            written.addfile(info)
    return path


def test_a_root_file_system_loses_times_devices_logs_and_documents(tmp_path: Path) -> None:
    blobs = []
    for number in (1, 2):
        into = tmp_path / str(number)
        into.mkdir()
        blobs.append(layers.from_archive(archive(tmp_path / f"{number}.tar", number * 1000), into))
    assert blobs[0] == blobs[1]
    with tarfile.open(tmp_path / "1" / layers.BLOB) as written:
        assert written.getnames() == ["./usr", "./usr/lib", "./usr/tool"]
