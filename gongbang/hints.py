"""The command lines that we tell people to give: they name the inventory, so that they mean the same cluster. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gongbang.errors import GongbangError
from gongbang.paths import INVENTORY, shown

OURS = re.compile(r"(\./inv (?:cluster|charts|lab|runs|verify)\.[a-z]+)\b(?! --inventory)")


def command(name: str, inventory: Path) -> str:
    """The command line that runs `name` on this inventory's cluster."""
    return f"./inv {name}" + option(inventory)


def option(inventory: Path) -> str:
    """What to add to a command line; nothing for the default inventory."""
    return "" if inventory == INVENTORY else f" --inventory {shown(inventory)}"


def meant_for(text: str, inventory: Path) -> str:
    """The text, its `./inv ...` commands with the inventory; those that name one are left alone."""
    return OURS.sub(lambda found: found[1] + option(inventory), text)


@contextmanager
def aimed(inventory: Path) -> Iterator[None]:
    """An error that leaves the block tells commands for this inventory."""
    try:
        yield
    except GongbangError as error:
        error.fix = meant_for(error.fix, inventory)
        raise
