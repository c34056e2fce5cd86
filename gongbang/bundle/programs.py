"""Build one Go module's programs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from gongbang import proc
from gongbang.bundle import store
from gongbang.bundle.recipes import Program
from gongbang.bundle.toolchain import Toolchain, architecture

FLAGS = "-buildvcs=false -trimpath -mod=readonly"
"""Go's flags for every build: the same bytes wherever the sources lie."""


def key(program: Program, version: str, c_compiler: str) -> str:
    """The cache key: recipe, module files, sources, Go and (with cgo) C compiler, flags."""
    sources = {
        str(path.relative_to(program.folder)): store.sha256(path)
        for path in store.files_below(program.folder)
        if path.suffix not in (".yml", ".md")
    }
    compiler = c_compiler if program.cgo else ""
    return store.key_of(_inputs(program), sources, version, compiler, architecture(), FLAGS)


def build(program: Program, toolchain: Toolchain, processors: int, into: Path) -> None:
    """Build all programs of a module into a folder, under the names that the recipe gives them."""
    packages = dict(program.programs)
    proc.run(
        [
            *_mannered(),
            toolchain.go,
            "build",
            "-tags",
            ",".join(program.tags),
            "-ldflags",
            _linker_flags(program),
            "-o",
            f"{into}{os.sep}",
            *packages.values(),
        ],
        cwd=program.folder,
        env=environment(program, processors),
    )
    for name, package in packages.items():
        (into / go_name(package)).rename(into / name)


def go_name(package: str) -> str:
    """What `go build` calls the program of a package: the last part that is not a major version."""
    *_, parent, last = ["", *package.split("/")]
    return parent if last.startswith("v") and last[1:].isdigit() else last


def environment(program: Program, processors: int) -> dict[str, str]:
    """What Go is told by its environment: this machine's architecture, our flags, no other toolchain."""
    return {
        "CGO_ENABLED": "1" if program.cgo else "0",
        "GOFLAGS": FLAGS,
        "GOMAXPROCS": str(processors),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GOARCH": architecture(),
        "GOOS": "linux",
    }


def _inputs(program: Program) -> list[object]:
    return [
        program.version,
        program.module,
        sorted(program.programs.items()),
        program.cgo,
        program.tags,
        sorted(program.variables.items()),
    ]


def _linker_flags(program: Program) -> str:
    flags = ["-s", "-w"]
    flags += [f"-X {name}={value.format(**program.facts)}" for name, value in program.variables.items()]
    if program.cgo:
        flags.append("-extldflags=-static")
    return " ".join(flags)


def _mannered() -> list[str]:
    """What to put before a build: it gives way to others, and ends when we are killed."""
    if shutil.which("setpriv"):
        return ["setpriv", "--pdeathsig", "TERM", "nice", "-n", "5"]
    return ["nice", "-n", "5"]
