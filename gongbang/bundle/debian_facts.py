"""What Debian packages say of themselves: version, source package and licences, read once after they are fetched."""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from gongbang import proc
from gongbang.files import write_atomically

FILE = "debian.json"
"""Beside the packages; where an older build fetched them it is written when it is first asked for."""
WORKERS = 2
DOCS = "./usr/share/doc/"


@dataclass(frozen=True)
class Facts:
    """Name, version with its epoch, source package, and licences as the copyright file names them (none: free text)."""

    name: str
    version: str
    source: str
    licences: tuple[str, ...] = ()
    same_as: str = ""
    """The package whose copyright file stands for this one's, as long as that is not looked up."""


def of(folder: Path) -> dict[str, Facts]:
    """The facts of all packages in a folder, by file name."""
    path = folder / FILE
    if not path.exists():
        found = {name: asdict(facts) for name, facts in _read(folder).items()}
        write_atomically(path, json.dumps(found, indent=1, sort_keys=True), 0o644)
    return {
        name: Facts(**{**raw, "licences": tuple(raw["licences"])})
        for name, raw in json.loads(path.read_text()).items()
    }


def licences_in(text: str) -> tuple[str, ...]:
    """The licences that the files of a machine-readable copyright file are under; none when it is free text."""
    if not text.lstrip().startswith(("Format:", "Format-Specification:")):
        return ()
    paragraphs = re.split(r"\n[ \t]*\n", text)
    about_files = [part for part in paragraphs if re.search(r"(?mi)^(Files|Format):", part)]
    found = {
        " ".join(name.split())
        for part in about_files
        for name in re.findall(r"(?mi)^License:[ \t]*(\S.*)$", part)
    }
    return tuple(sorted(found))


def _read(folder: Path) -> dict[str, Facts]:
    debs = sorted(folder.glob("*.deb"))
    with ThreadPoolExecutor(WORKERS) as pool:
        found = dict(zip((deb.name for deb in debs), pool.map(_one, debs), strict=True))
    by_name = {facts.name: facts for facts in found.values()}
    return {file: _resolved(facts, by_name) for file, facts in found.items()}


def _resolved(facts: Facts, by_name: Mapping[str, Facts]) -> Facts:
    """The facts with the licences of the package that they point to, which may point on."""
    end, seen = facts, set[str]()
    while end.same_as in by_name and end.name not in seen:
        seen.add(end.name)
        end = by_name[end.same_as]
    return replace(facts, licences=end.licences, same_as="")


def _one(deb: Path) -> Facts:
    text = proc.run(["dpkg-deb", "--field", deb, "Package", "Version", "Source"]).stdout
    fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    name = fields["Package"]
    source = fields.get("Source", name).split()[0]
    licences, same_as = _copyright(deb, name)
    return Facts(name, fields["Version"], source, licences, same_as)


def _copyright(deb: Path, name: str) -> tuple[tuple[str, ...], str]:
    """The licences of a package, or the name of the package whose documentation its own is a link to."""
    argv = ["dpkg-deb", "--fsys-tarfile", str(deb)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as unpacked:
        assert unpacked.stdout
        try:
            return _found(unpacked.stdout, name)
        finally:
            unpacked.kill()


def _found(stream: IO[bytes], name: str) -> tuple[tuple[str, ...], str]:
    wanted = (f"{DOCS}{name}", f"{DOCS}{name}/copyright")
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            if member.name not in wanted or member.isdir():
                continue
            if member.issym():
                return (), Path(member.linkname.removesuffix("/copyright")).name
            content = archive.extractfile(member) if member.isreg() else None
            return (licences_in(content.read().decode(errors="replace")) if content else ()), ""
    return (), ""
