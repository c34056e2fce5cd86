"""What happens in a run, typed: made once from ansible-runner's dicts, read by display and records."""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from gongbang import changes
from gongbang.paths import ROOT

MESSAGE_LIMIT = 40_000
"""How many characters of a failure's message are kept in its event (preflight lists every problem); the log has all."""


class Kind(StrEnum):
    """What an event says."""

    PLAY = "play"
    TASK = "task"
    HOST = "host"
    """A task starts on a host."""
    OK = "ok"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    SKIPPED = "skipped"
    RETRY = "retry"
    STATS = "stats"
    ERROR = "error"
    """Ansible itself complains: a syntax error, a missing file."""


KINDS = {
    "playbook_on_play_start": Kind.PLAY,
    "playbook_on_task_start": Kind.TASK,
    "playbook_on_handler_task_start": Kind.TASK,
    "runner_on_start": Kind.HOST,
    "runner_on_ok": Kind.OK,
    "runner_on_failed": Kind.FAILED,
    "runner_on_async_failed": Kind.FAILED,
    "runner_on_unreachable": Kind.UNREACHABLE,
    "runner_on_skipped": Kind.SKIPPED,
    "runner_retry": Kind.RETRY,
    "playbook_on_stats": Kind.STATS,
    "error": Kind.ERROR,
}


@dataclass(frozen=True)
class Event:
    """One thing that happened; `time` in seconds since the epoch, `duration_s` in seconds."""

    kind: Kind
    time: float
    play: str = ""
    role: str = ""
    task: str = ""
    where: str = ""
    """`path:line`, the path relative to the repository."""
    host: str = ""
    changed: bool = False
    ignored: bool = False
    duration_s: float = 0.0
    message: str = ""
    changes: tuple[str, ...] = ()
    """What changed, in plain words; in check mode what would."""
    notes: tuple[str, ...] = ()
    """What the user should know and nobody changes."""
    diff: str = ""
    """Unified differences of files, when they were asked for."""
    stats: Mapping[str, Mapping[str, int]] | None = None
    """With STATS: ok, changed, failures, dark, skipped, processed -> host -> count."""

    def as_dict(self) -> dict[str, Any]:
        """The event without its empty fields, as it is written to the record."""
        return {key: value for key, value in asdict(self).items() if value not in ("", False, None, 0.0, ())}

    def unchanged(self) -> Event:
        """The same of a run that changes nothing; what would change stays in `changes`."""
        return replace(self, changed=False, stats=self.stats and {**self.stats, "changed": {}})


def parse(raw: Mapping[str, Any], *, diff: bool = False) -> Event | None:
    """The typed event of one of ansible-runner's dicts; None for those that say nothing to us.

    `diff` keeps the differences of files too.
    """
    kind = KINDS.get(str(raw.get("event", "")))
    if kind is None:
        return None
    data: Mapping[str, Any] = raw.get("event_data") or {}
    result: Mapping[str, Any] = data.get("res") if isinstance(data.get("res"), Mapping) else {}  # type: ignore[assignment]
    task, action = str(data.get("task") or ""), str(data.get("task_action") or "")
    changed = kind is Kind.OK and bool(result.get("changed"))
    return Event(
        kind=kind,
        time=_time(raw.get("created")),
        play=str(data.get("play") or data.get("name") or ""),
        role=_role(data),
        task=task,
        where=relative(str(data.get("task_path") or "")),
        host=str(data.get("host") or ""),
        changed=bool(result.get("changed")),
        ignored=bool(data.get("ignore_errors")),
        duration_s=round(float(data.get("duration") or 0.0), 3),
        message=_message(kind, raw, result),
        changes=changes.words(task, action, result) if changed else (),
        notes=_notes(kind, action, result),
        diff=changes.differences(result) if diff and changed else "",
        stats=_stats(data) if kind is Kind.STATS else None,
    )


def _notes(kind: Kind, action: str, result: Mapping[str, Any]) -> tuple[str, ...]:
    """A debug task that changes nothing tells the user something."""
    told = kind is Kind.OK and action.rpartition(".")[2] == "debug" and not result.get("changed")
    return changes.said(result) if told else ()


def _time(created: object) -> float:
    try:
        return datetime.datetime.fromisoformat(str(created)).timestamp()
    except ValueError:
        return time.time()


def _role(data: Mapping[str, Any]) -> str:
    return re.split(r"[./]", str(data.get("role") or ""))[-1]


def relative(where: str) -> str:
    """`path:line` with the path relative to the repository when it is inside."""
    prefix = f"{ROOT}/"
    return where.removeprefix(prefix)


def _stats(data: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    names = ("ok", "changed", "failures", "dark", "skipped", "processed", "rescued")
    return {name: dict(data.get(name) or {}) for name in names}


def _message(kind: Kind, raw: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    if kind is Kind.ERROR:
        return plain(str(raw.get("stdout") or ""))[:MESSAGE_LIMIT]
    if kind not in (Kind.FAILED, Kind.UNREACHABLE, Kind.RETRY):
        return ""
    return explain(result)[:MESSAGE_LIMIT]


def explain(result: Mapping[str, Any]) -> str:
    """What a failed result says: the message, the failed items of a loop, the last lines of output."""
    items = [item for item in result.get("results") or [] if isinstance(item, Mapping) and item.get("failed")]
    if items:
        return "\n".join(f"{_label(item)}{explain(item)}" for item in items[:3])
    parts = [plain(_text(result.get("msg"))).strip()]
    for name in ("stderr", "module_stderr", "stdout", "module_stdout"):
        text = plain(_text(result.get(name))).strip()
        if text and text not in parts[0]:
            parts.append("\n".join(text.splitlines()[-12:]))
            break
    return "\n".join(part for part in parts if part) or "no message"


def _label(item: Mapping[str, Any]) -> str:
    label = item.get("_ansible_item_label", item.get("item", ""))
    return f"{label}: " if isinstance(label, str | int) and label != "" else ""


def _text(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(str(item) for item in value)
    return "" if value is None else str(value)


COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def plain(text: str) -> str:
    """The text without terminal codes and carriage returns."""
    return COLOURS.sub("", text).replace("\r", "")
