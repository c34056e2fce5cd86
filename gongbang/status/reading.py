"""The parts of the status that this machine reads by itself: certificates that nodes sent, the newest record."""

from __future__ import annotations

from datetime import UTC, datetime

from gongbang.errors import ExitCode
from gongbang.paths import shown
from gongbang.runs import folders, found
from gongbang.status.report import CertificateStatus, RunStatus
from gongbang.status.tables import Answers


def certificates(answers: Answers) -> tuple[CertificateStatus, ...]:
    """The days left of every certificate that a node sent, the one that ends first at the beginning."""
    from cryptography import x509

    now = datetime.now(UTC)
    seen = []
    for name, answer in answers.items():
        for path, pem in (answer.get("certificates") or {}).items():
            end = x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc
            seen.append(CertificateStatus(name, path, (end - now).days))
    return tuple(sorted(seen, key=lambda one: one.days_left))


def last_run(cluster: str) -> RunStatus | None:
    """The newest record of a cluster that is not a refused second operator's; None when there is none."""
    for folder in reversed(folders.of_cluster(cluster)):
        run = found.read(folder)
        if run.status != ExitCode.LOCKED.name.lower():
            return RunStatus(
                str(run.summary.get("command", "")), run.status, str(run.summary.get("started", "")),
                run.seconds, run.changed, shown(folder),
            )  # fmt: skip
    return None
