"""Sends a module's Python to the node compiled as well: a node's Python keeps nothing of what it compiles out of a zip."""

from __future__ import annotations

import functools
import importlib.util
import marshal
import zipfile
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
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
  - Nothing depends on it; where Ansible packs its modules in another way, it does nothing.
"""

SITE = Path(ansible.__file__).parents[1]
"""Where the names in a module's zip begin."""
UNCHECKED = (1).to_bytes(4, "little")
"""A compiled file's flags (PEP 552): it goes with its source by hash, and nobody has to look."""
PACK = "_add_module_to_zip"
"""What Ansible calls last for a module's zip, with the zip as its first argument."""


class CallbackModule(CallbackBase):
    """Nothing to tell: packing is what it is loaded for."""

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
    def packed(archive: zipfile.ZipFile, *args: Any, **kwargs: Any) -> None:
        pack(archive, *args, **kwargs)
        for entry in archive.infolist():
            if entry.filename.endswith(".py"):
                beside = zipfile.ZipInfo(f"{entry.filename}c", entry.date_time)
                beside.compress_type = entry.compress_type
                archive.writestr(beside, compiled(entry.filename, archive.read(entry)))

    return packed


def compiled(name: str, source: bytes) -> bytes:
    """A compiled file (PEP 552) of a zip's file `name`."""
    head = importlib.util.MAGIC_NUMBER + UNCHECKED + importlib.util.source_hash(source)
    return head + marshal.dumps(code(name, source))


def code(name: str, source: bytes) -> Any:
    """The code of `source`: what Python has kept of it for the controller, when the controller has the same file."""
    there = SITE / name
    if there.is_file() and there.read_bytes() == source:
        return SourceFileLoader(name, str(there)).get_code(name)
    return compile(source, name, "exec", dont_inherit=True)
