"""The status as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from gongbang.lock.holder import who
from gongbang.status.report import ControlPlaneStatus, RunStatus, Status

UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
HEADS = {
    "ready": "ready",
    "degraded": "not well",
    "unreachable": "not all of it answers",
    "absent": "not there",
}


def text(status: Status, now: datetime) -> str:
    """All of it, the verdict first, what to do last."""
    lines = [
        f"{status.cluster}, Kubernetes {status.kubernetes_version}: {HEADS[status.state]}",
        *nodes(status),
    ]
    lines += [line for plane in status.control_planes for line in control_plane(plane)]
    lines += [*releases(status), *certificates(status)]
    if status.holder:
        lines.append(row("working now", who(status.holder)))
    if status.last_run:
        lines.append(row("last run", last_run(status.last_run, now)))
    for one in status.problems:
        lines += [f"! {one.problem}", f"  fix: {one.fix}"]
    return "\n".join(lines) + "\n"


def row(name: str, value: str) -> str:
    """A line with a name in front."""
    return f"{name:<16}{value}"


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows with columns as wide as they must be, two blanks apart."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for cells in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def nodes(status: Status) -> Iterator[str]:
    """One line per node."""
    if status.nodes:
        rows = [
            (one.name, one.role or "-", one.version or "-", one.state, ago(one.age_s)) for one in status.nodes
        ]
        yield from table([("NODE", "ROLE", "VERSION", "STATE", "AGE"), *rows])


def control_plane(plane: ControlPlaneStatus) -> Iterator[str]:
    """The components of one control plane on one line."""
    said = ", ".join(
        f"{part} {'ok' if text == 'ok' else 'NOT OK'}" for part, text in plane.components.items()
    )
    if plane.etcd_mib is not None:
        members = f"{plane.etcd_members} member{'s' if plane.etcd_members != 1 else ''}"
        said += f" ({plane.etcd_mib:g} MiB, {'leader' if plane.etcd_leader else 'follower'} of {members})"
    yield row(plane.name, said)


def releases(status: Status) -> Iterator[str]:
    """One line per Helm release."""
    if status.releases:
        rows = [
            (one.name, one.namespace, str(one.revision or "-"), one.status, one.chart or "-")
            for one in status.releases
        ]
        yield from table([("RELEASE", "NAMESPACE", "REV", "STATUS", "CHART"), *rows])


def certificates(status: Status) -> Iterator[str]:
    """The certificate that ends first."""
    for first in status.certificates[:1]:
        yield row("certificates", f"{first.days_left} days left ({first.file} on {first.node} ends first)")


def last_run(run: RunStatus, now: datetime) -> str:
    """When the newest run was and how it ended."""
    since = ago(int((now - datetime.fromisoformat(run.started)).total_seconds()))
    return (
        f"{run.command} {run.status}, {since} ago, {run.duration_s:g} s, changed={run.changed}; {run.record}"
    )


def ago(seconds: int | None) -> str:
    """A time span in its largest unit that says something: 90 s as `90s`, 130 s as `2m`."""
    if seconds is None:
        return "-"
    for unit, length in UNITS:
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{max(seconds, 0)}s"


def utc_now() -> datetime:
    """Now."""
    return datetime.now(UTC)
