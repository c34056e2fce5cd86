"""Puts a record's report together and writes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gongbang import checks
from gongbang.cli import secrets
from gongbang.errors import MEANING, ExitCode
from gongbang.files import write_atomically
from gongbang.model import CONTROL_PLANE, Cluster
from gongbang.paths import shown
from gongbang.redact import redact, redact_all
from gongbang.report import gantt, timeline, topology
from gongbang.runs import changes, folders, found
from gongbang.runs.found import DIED, Run
from gongbang.summary import COUNTS, RUNNING

HERE = Path(__file__).parent
NAME = "report.html"
EVIDENCE_LINES = 40
"""How many of the log's last lines stand below a failure."""
MOSTLY = 0.9
"""When the tasks on hosts took less than this share of a run, the report says so."""
BAD = frozenset({"failed", "unreachable"})
MEANT = {
    RUNNING: "it goes on while this is written",
    DIED: "it was killed: it could not write its own end",
    **{code.name.lower(): text for code, text in MEANING.items()},
}


def report(cluster: Cluster, word: str = "", to: str = "") -> ExitCode:
    """Write a run's report into its record (or to the file `to`) and print where it is."""
    run = found.named(cluster.name, word)
    path = Path(to).expanduser() if to else run.folder / NAME
    write_atomically(path, page(run, secrets(cluster)))
    print(shown(path.resolve()))
    return ExitCode.DONE


def page(run: Run, hidden: Iterable[str] = ()) -> str:
    """The report as HTML; `hidden` are values that must not stand in it."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    data = content(run, tuple(hidden))
    return environment.get_template("page.html.j2").render(style=(HERE / "style.css").read_text(), **data)


def content(run: Run, hidden: tuple[str, ...]) -> dict[str, Any]:
    """What the page shows, as plain data and pictures; everything is cleaned before it is used."""
    summary, about = redact_all(dict(run.summary), hidden), redact_all(dict(run.about), hidden)
    seen = redact_all(list(found.events(run.folder)), hidden)
    nodes = about.get("nodes", [])
    times = timeline.of(seen, [node["name"] for node in nodes])
    planes = frozenset(node["name"] for node in nodes if node["role"] == CONTROL_PLANE)
    rows, seconds = checks.read(run.folder / "verify.xml")
    return {
        "run": {
            "name": run.name,
            "status": run.status,
            "changed": run.changed,
            "seconds": gantt.clock(run.seconds),
        },
        "meant": MEANT.get(run.status, ""),
        "summary": summary,
        "about": about,
        "failure": summary.get("failure") or {},
        "evidence": evidence(seen, log_tail(run, hidden)) if run.failure else {},
        "topology": topology.draw(about, summary.get("hosts", {})),
        "gantt": gantt.draw(times, planes) if times.rows else None,
        "times": times,
        "on_hosts": gantt.clock(times.seconds) if times.seconds < run.seconds * MOSTLY else "",
        "longest": times.longest(),
        "columns": COUNTS,
        "changes": [change.as_dict() for change in changes.of(seen)],
        "checks": [redact_all(vars(check), hidden) for check in rows],
        "counts": Counter(check.result for check in rows),
        "checks_seconds": seconds,
    }


def evidence(seen: list[dict[str, Any]], log: str) -> dict[str, Any]:
    """What the record tells of a failure: each failed task's own words, and the log's last lines."""
    failed = [event for event in seen if event.get("kind") in BAD and not event.get("ignored")]
    return {"events": failed[-5:], "log": log}


def log_tail(run: Run, hidden: tuple[str, ...]) -> str:
    """The log's last lines; "" when there is no log."""
    try:
        text = redact((run.folder / folders.LOG).read_text(errors="replace"), hidden)
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-EVIDENCE_LINES:])
