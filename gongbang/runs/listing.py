"""Records as text: the list of all, and one in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gongbang.cli import print_json
from gongbang.display import counted
from gongbang.errors import ExitCode
from gongbang.model import Cluster
from gongbang.paths import shown
from gongbang.runs import changes, found
from gongbang.runs.found import Run
from gongbang.summary import COUNTS


def show_all(cluster: Cluster, *, json: bool = False) -> ExitCode:
    """Print the cluster's runs, newest first."""
    runs = found.all_of(cluster.name)[::-1]
    if json:
        print_json([{"run": run.name} | dict(run.summary) for run in runs])
        return ExitCode.DONE
    width = max([len(run.name) for run in runs], default=3)
    print(f"{'RUN':<{width}}  {'RESULT':<12} {'CHANGED':>7} {'TIME':>9}  WHERE")
    for run in runs:
        print(f"{run.name:<{width}}  {run.status:<12} {run.changed:>7} {took(run):>9}  {run.where}".rstrip())
    return ExitCode.DONE


def took(run: Run) -> str:
    """How long it took; nothing for a run that goes on."""
    return "-" if run.status == "running" else f"{run.seconds:.1f}s"


def show(cluster: Cluster, word: str = "", *, json: bool = False) -> ExitCode:
    """Print one run in full; `word` as found.named() takes it."""
    run = found.named(cluster.name, word)
    changed = changes.of(found.events(run.folder))
    if json:
        rows = [change.as_dict() for change in changed]
        print_json({"run": run.name} | dict(run.summary) | {"about": run.about, "changes": rows})
    else:
        print("\n".join(full(run, changed)))
    return ExitCode.DONE


def full(run: Run, changed: Iterable[changes.Change]) -> Iterator[str]:
    """The lines of one run."""
    yield f"{run.name}: {run.status}, {counted(run.changed, 'change')}, {took(run)}"
    yield from (f"  {name:<16} {text}" for name, text in origin(run) if text)
    if run.failure:
        yield f"failed  {run.where}".rstrip()
        where, message = run.failure.get("where"), str(run.failure.get("message") or "")
        yield from (f"  {line}" for line in [*([f"at: {where}"] if where else []), *message.splitlines()])
        yield from [f"  next: {run.failure['next']}"] if run.failure.get("next") else []
    yield from table(
        ("HOST", *(name.upper() for name in COUNTS)),
        [(name, *(row[key] for key in COUNTS)) for name, row in run.summary.get("hosts", {}).items()],
    )
    yield from table(
        ("ROLE", "HOSTS", "SECONDS", "CHANGED"),
        [(r["name"], r["hosts"], r["duration_s"], r["changed"]) for r in run.summary.get("roles", [])],
    )
    yield from (f"changed  {c.role or '-'}: {c.task}  ({', '.join(c.hosts)})" for c in changed)
    yield from (f"planned  {p['role']}: {p['change']}  ({p['host']})" for p in run.summary.get("plan", []))
    yield f"files    {shown(run.folder)}"


def origin(run: Run) -> Iterator[tuple[str, str]]:
    """When, from what and with which versions it ran."""
    about = run.about
    yield "started", str(run.summary.get("started", ""))
    yield "revision", str(about.get("revision", ""))
    yield "inventory", f"{about.get('inventory', '')} {str(about.get('inventory_hash', ''))[:12]}".strip()
    yield "versions", ", ".join(f"{name} {value}" for name, value in about.get("versions", {}).items())
    nodes = [f"{node['name']} ({node['role']})" for node in about.get("nodes", [])]
    yield "nodes", ", ".join(nodes)


def table(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Iterator[str]:
    """A table with its first column to the left; nothing without rows."""
    if not rows:
        return
    width = max(len(str(row[0])) for row in [header, *rows])
    for row in [header, *rows]:
        yield f"{row[0]!s:<{width}}" + "".join(f" {cell!s:>11}" for cell in row[1:])
