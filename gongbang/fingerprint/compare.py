"""What differs between two fingerprints, as readable lines."""

from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

ABSENT = object()
LIMIT = 80
"""Characters that are shown of a value."""


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """One line per differing leaf, `path: old -> new`, sorted; equal captures give an empty list."""
    return sorted(_walk(before, after, ""))


def _walk(before: object, after: object, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before.keys() | after.keys():
            inner = f"{path} > {key}" if path else str(key)
            yield from _walk(before.get(key, ABSENT), after.get(key, ABSENT), inner)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _walk(old, new, f"{path}[{index}]")
    elif isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        yield from (f"{path}: {_cut(line)}" for line in _lines(before, after))
    elif before != after:
        yield f"{path}: {_shown(before)} -> {_shown(after)}"


def _lines(before: str, after: str) -> list[str]:
    """The lines of a text that are gone (`-`) or new (`+`)."""
    found = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in found if not line.startswith(("---", "+++", "@@"))]


def _shown(value: object) -> str:
    if value is ABSENT:
        return "absent"
    return "present" if isinstance(value, dict) else _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= LIMIT else f"{text[: LIMIT - 3]}..."
