"""The machine's own kernel settings: noted before the first lab, put back after the last."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import yaml

from gongbang import paths, proc, system
from gongbang.files import write_atomically

LIST = paths.ROOT / "lab" / "machine_sysctls.yml"
KERNEL = Path("/proc/sys")


def prepare() -> None:
    """Note the machine's values unless a lab that is still there did; raise those that nodes need larger."""
    wanted = yaml.safe_load(LIST.read_text(encoding="utf-8"))
    least: dict[str, int] = wanted["at_least"]
    record([*wanted["noted"], *least])
    write({name: str(least[name]) for name, now in read(least).items() if int(now) < least[name]})


def record(names: Iterable[str]) -> None:
    """Note the machine's values, unless a lab that is still there has noted them before."""
    if noted().exists():
        return
    noted().parent.mkdir(parents=True, exist_ok=True)
    write_atomically(noted(), json.dumps(read(names), indent=1) + "\n")


def put_back(*, but: frozenset[str] = frozenset()) -> dict[str, str]:
    """Set every noted value that is another now, `but` aside; forget the note; return what was set."""
    if not noted().exists():
        return {}
    before: dict[str, str] = json.loads(noted().read_text(encoding="utf-8"))
    changed = {name: old for name, old in differing(before, read(before)).items() if name not in but}
    write(changed)
    noted().unlink()
    return changed


def write(values: dict[str, str]) -> None:
    """Set settings of the running kernel."""
    if values:
        assignments = [f"{name}={value}" for name, value in sorted(values.items())]
        proc.run([*(system.privilege() or []), "sysctl", "-q", "-w", *assignments])


def differing(before: dict[str, str], now: dict[str, str]) -> dict[str, str]:
    """Those of the values before that are there now with another value."""
    return {name: value for name, value in before.items() if now.get(name, value) != value}


def read(names: Iterable[str], kernel: Path = KERNEL) -> dict[str, str]:
    """The present values of the settings that this kernel has."""
    files = {name: kernel / name.replace(".", "/") for name in names}
    return {name: _value(file) for name, file in files.items() if file.is_file()}


def noted() -> Path:
    """Where the machine's values are noted."""
    return paths.state_dir() / "machine_sysctls.json"


def _value(file: Path) -> str:
    return " ".join(file.read_text(encoding="utf-8").split())
