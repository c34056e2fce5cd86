"""Runs the testinfra suite over a cluster and turns what fails into the run's failure."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from gongbang import checks, hints, proc, session
from gongbang.errors import ExitCode, GongbangError
from gongbang.model import Cluster
from gongbang.paths import ROOT
from gongbang.session import RunFailedError
from gongbang.summary import Failure

SUITE = ROOT / "tests/cluster"
SHOWN = 10
"""How many failed checks are named on the screen; the log has all."""


def run(cluster: Cluster, *, only: str = "", slow: bool = False) -> ExitCode:
    """Run the suite; DONE when every check passed, else VERIFICATION with the failed checks named.

    `slow` adds the checks that change something for a minute: an update under load.
    """
    if not SUITE.is_dir():
        raise GongbangError("the verification suite is not there", str(SUITE), "use a complete checkout")
    current = session.current()
    with tempfile.TemporaryDirectory(prefix="gb-verify-") as private:
        report = Path(private) / "verify.xml"
        done = proc.run(
            command(cluster, report, only, slow), cwd=ROOT, check=False,
            env={"PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        if current:
            current.record.log(done.stdout + done.stderr)
            report = checks.keep(report, current.record.folder, current.record.clean)
        return conclude(cluster, report, done.returncode, done.stdout + done.stderr)


def command(cluster: Cluster, report: Path, only: str, slow: bool) -> list[str]:
    """The command line of pytest."""
    words = [sys.executable, "-m", "pytest", str(SUITE), "--inventory", str(cluster.inventory)]
    words += ["-q", "--tb=short", "--color=no", "-p", "no:cacheprovider", f"--junit-xml={report}"]
    return [*words, *(["-k", only] if only else []), *(["--slow"] if slow else [])]


def conclude(cluster: Cluster, report: Path, returncode: int, output: str) -> ExitCode:
    """Say how many checks passed, and why others were skipped; a failure raises RunFailedError with the failed ones."""
    passed, failed, seconds = counted(report)
    if returncode == 0 and passed:
        reasons = skipped(report)
        more = f", {reasons.total()} skipped" if reasons else ""
        session.say(f"{'verify':<22} {passed} checks passed{more} in {seconds:.0f}s")
        for reason, number in reasons.items():
            session.say(f"  skipped {number:>3}: {reason}")
        return ExitCode.DONE
    listed = "\n".join(f"{name}: {why}" for name, why in failed[:SHOWN])
    more = f"\nand {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
    message = f"{len(failed)} of {passed + len(failed)} checks failed\n{listed}{more}"
    if not failed:
        message = "the suite did not run\n" + "\n".join(output.strip().splitlines()[-15:])
    again = hints.command("cluster.verify", cluster.inventory)
    current = session.current()
    if current:
        current.fail(Failure(None, "verify", None, message, again), ExitCode.VERIFICATION)
    raise RunFailedError("verification failed", message, again, ExitCode.VERIFICATION)


def skipped(report: Path) -> Counter[str]:
    """From pytest's report: why checks were skipped, and how many for each reason."""
    return Counter(check.message for check in checks.read(report)[0] if check.result == checks.SKIPPED)


def counted(report: Path) -> tuple[int, list[tuple[str, str]], float]:
    """From pytest's report: how many passed, which failed with the first line of why, how long it took."""
    found, seconds = checks.read(report)
    failed = [(check.name, check.message) for check in found if check.result == checks.FAILED]
    return sum(check.result == checks.PASSED for check in found), failed, seconds
