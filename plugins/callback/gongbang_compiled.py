"""Sends a module's Python to the node compiled as well: a node's Python keeps nothing of what it compiles out of a zip."""

from __future__ import annotations

import functools
import importlib.util
import marshal
import zipfile
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

import ansible
from ansible.executor import module_common
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: gongbang_compiled
type: aggregate
short_description: spares nodes the compiling of Ansible's own Python
description:
  - Ansible sends each module as a zip of some sixty Python files, which the node compiles again for every task; that takes most of a short module's time.
  - With this, a compiled file lies beside each. A node with the controller's minor version of Python takes it, any other the source as before.
  - Nothing depends on it; where Ansible packs its modules in another way, or a file cannot be compiled, the node gets what Ansible sends.
"""

SITE = Path(ansible.__file__).parents[1]
"""Where the names in a module's zip begin."""
HASHED = (1).to_bytes(4, "little")
"""The flags of a compiled file (PEP 552) that goes with its source by hash, and is not compared with it."""
PACK = "_add_module_to_zip"
"""What Ansible calls last for a module's zip, with the zip as its first argument."""


class CallbackModule(CallbackBase):
    """Takes no part in a run: it is there to be loaded."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "gongbang_compiled"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pack = getattr(module_common, PACK, None)
        if pack and not hasattr(pack, "__wrapped__"):
            setattr(module_common, PACK, with_compiled(pack))


def with_compiled(pack: Callable[..., None]) -> Callable[..., None]:
    """`pack`, and then a compiled file beside each Python file in the zip."""

    @functools.wraps(pack)
    def packed(*args: Any, **kwargs: Any) -> None:
        pack(*args, **kwargs)
        archive = args[0] if args else None
        if isinstance(archive, zipfile.ZipFile):
            for entry in list(archive.infolist()):
                if entry.filename.endswith(".py"):
                    add_compiled(archive, entry)

    return packed


def add_compiled(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Put a compiled file (PEP 552) beside a Python file of the zip, unless it cannot be compiled."""
    source = archive.read(entry)
    try:
        code = placed(compiled(entry.filename, source), f"/{entry.filename}")
    except (SyntaxError, ValueError):
        return
    beside = zipfile.ZipInfo(f"{entry.filename}c", entry.date_time)
    beside.compress_type = entry.compress_type
    head = importlib.util.MAGIC_NUMBER + HASHED + importlib.util.source_hash(source)
    archive.writestr(beside, head + marshal.dumps(code))


def compiled(name: str, source: bytes) -> CodeType:
    """The code of a zip's file; Python's own cache has it where the controller has the same file."""
    there = SITE / name
    if there.is_file() and there.read_bytes() == source:
        found = SourceFileLoader(name, str(there)).get_code(name)
        if found:
            return found
    return compile(source, name, "exec", dont_inherit=True)


def placed(code: CodeType, name: str) -> CodeType:
    """The code as if compiled from a file `name`: a node is told no path of the controller."""
    parts = tuple(placed(part, name) if isinstance(part, CodeType) else part for part in code.co_consts)
    return code.replace(co_filename=name, co_consts=parts)
