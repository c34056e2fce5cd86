"""What differs between two fingerprints, as readable lines."""

from collections.abc import Iterator
from typing import Any

ABSENT = object()


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """One line per differing leaf, `path: old -> new`, sorted; equal captures give an empty list."""
    return sorted(_walk(before, after, ""))


def _walk(before: object, after: object, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before.keys() | after.keys():
            yield from _walk(
                before.get(key, ABSENT), after.get(key, ABSENT), f"{path} > {key}" if path else key
            )
    elif before != after:
        yield f"{path}: {_shown(before)} -> {_shown(after)}"


def _shown(value: object) -> str:
    if value is ABSENT:
        return "absent"
    if isinstance(value, dict):
        return "present"
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
