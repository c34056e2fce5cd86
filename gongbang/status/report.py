"""The status of a cluster as data: what `--json` prints and the table shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from gongbang.errors import ExitCode

State = Literal["ready", "degraded", "unreachable", "absent"]
CODES: dict[State, ExitCode] = {
    "ready": ExitCode.DONE,
    "degraded": ExitCode.VERIFICATION,
    "unreachable": ExitCode.UNREACHABLE,
    "absent": ExitCode.CHANGES,
}
"""absent: there is no cluster on these nodes, or there are no nodes; unreachable: a node did not answer."""


@dataclass(frozen=True)
class Problem:
    """What is wrong, and the command that helps."""

    problem: str
    fix: str


@dataclass(frozen=True)
class NodeStatus:
    """One machine: `state` is Ready, NotReady, Unknown, not joined, silent or not in inventory; `age_s` seconds."""

    name: str
    role: str
    version: str
    state: str
    age_s: int | None = None


@dataclass(frozen=True)
class ControlPlaneStatus:
    """One control plane: for each component `ok`, or what it said; etcd's size in MiB, and what it may have (None: no limit)."""

    name: str
    components: dict[str, str]
    etcd_mib: float | None = None
    etcd_quota_mib: float | None = None
    etcd_members: int | None = None
    etcd_leader: bool = False


@dataclass(frozen=True)
class ReleaseStatus:
    """One Helm release; `status` is Helm's own, or `missing` for one that is declared and not there."""

    name: str
    namespace: str
    status: str
    revision: int = 0
    chart: str = ""


@dataclass(frozen=True)
class CertificateStatus:
    """A certificate and its days left."""

    node: str
    file: str
    days_left: int


@dataclass(frozen=True)
class RunStatus:
    """The newest record: `status` as `runs.list` tells it."""

    command: str
    status: str
    started: str
    duration_s: float
    changed: int
    record: str


@dataclass(frozen=True)
class Status:
    """All of it. `nodes` is empty for a lab that has none; `certificates` begins with the one that ends first."""

    cluster: str
    kubernetes_version: str
    state: State
    nodes: tuple[NodeStatus, ...] = ()
    control_planes: tuple[ControlPlaneStatus, ...] = ()
    releases: tuple[ReleaseStatus, ...] = ()
    certificates: tuple[CertificateStatus, ...] = ()
    holder: dict[str, Any] | None = None
    """Who works on the cluster now, if anybody."""
    last_run: RunStatus | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def code(self) -> ExitCode:
        """The command's exit code."""
        return CODES[self.state]

    def as_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return asdict(self)
