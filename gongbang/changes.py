"""What a changed result says in plain words: file by file, unit by unit, as a plan and a record show it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

DIFF_LIMIT = 8000
"""How many characters of one result's differences are kept; the log has all."""


def words(task: str, action: str, result: Mapping[str, Any]) -> tuple[str, ...]:
    """One text for each change that a result tells; the task's name where the module tells no more."""
    items = [item for item in listed(result.get("results")) if item.get("changed")]
    if items:
        return tuple(text for item in items for text in words(task, action, item))
    module = action.rpartition(".")[2]
    if module == "owned_files":
        return tuple(str(text) for text in result.get("words") or []) or (named(task),)
    if module == "file":
        return (guarded(result) or named(task),)
    if module == "debug":
        return said(result)
    return unit(result) if module == "systemd_service" else (named(task),)


def said(result: Mapping[str, Any]) -> tuple[str, ...]:
    """The lines of a debug task: what check mode would change, or what the user should know."""
    message = result.get("msg")
    return tuple(str(text) for text in (message if isinstance(message, list) else [message]) if text)


def named(task: str) -> str:
    """A task's name without its file, as a change."""
    name = task.rpartition(" | ")[2]
    return name[:1].lower() + name[1:]


def guarded(result: Mapping[str, Any]) -> str:
    """A file whose mode or owner changes; empty when the result names none."""
    path = result.get("path") or result.get("dest") or result.get("item")
    return f"file {path}: other mode or owner -> as declared" if path else ""


def unit(result: Mapping[str, Any]) -> tuple[str, ...]:
    """How a unit changes: what it is and what it becomes. What runs already and changes is restarted."""
    before: Mapping[str, Any] = result.get("status") or {}
    name = str(result.get("name") or "systemd").removesuffix(".service")
    found = []
    file, active = before.get("UnitFileState"), before.get("ActiveState")
    if "enabled" in result and file and (file == "enabled") != result["enabled"]:
        found.append(f"{file} -> {'enabled' if result['enabled'] else 'disabled'}")
    if result.get("state") == "started" and active == "active":
        found += [] if found else ["restart"]
    elif result.get("state"):
        found.append(f"{active or 'unknown'} -> {result['state']}")
    return (f"service {name}: {', '.join(found) or 'read its files again'}",)


def differences(result: Mapping[str, Any]) -> str:
    """What changes in files, as unified differences; empty when the result tells none."""
    found = list(texts(result))
    for item in listed(result.get("results")):
        found += texts(item)
    return "".join(found)[:DIFF_LIMIT]


def texts(result: Mapping[str, Any]) -> Iterator[str]:
    """The differences of one result."""
    diff = result.get("diff")
    for entry in listed(diff if isinstance(diff, list) else [diff]):
        if entry.get("prepared"):
            yield str(entry["prepared"])
        elif isinstance(entry.get("before"), str) and isinstance(entry.get("after"), str):
            before, after = (entry[name].splitlines(keepends=True) for name in ("before", "after"))
            header = str(entry.get("before_header") or entry.get("after_header") or "")
            lines = difflib.unified_diff(before, after, header, header, n=2)
            yield "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def listed(value: object) -> list[Mapping[str, Any]]:
    """The mappings in a list; none when it is something else."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
