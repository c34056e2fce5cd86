"""What the suite's own report comes to: passed, skipped with the reasons, failed by name."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from gongbang import session, verification
from gongbang.errors import ExitCode
from gongbang.model import Cluster
from gongbang.session import RunFailedError

SUITE = """
import pytest

def test_one(): pass

@pytest.mark.parametrize("node", ["cp1", "w1"])
def test_swap(node): pytest.skip("a container shares its machine's swap")

@pytest.mark.skip(reason="no image for probes")
def test_pods(): pass
"""


def reported(folder: Path, text: str) -> tuple[Path, int]:
    (folder / "test_suite.py").write_text(text)
    report = folder / "verify.xml"
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--junit-xml={report}",
        str(folder),
    ]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return report, done.returncode


def test_what_was_skipped_is_told_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, code = reported(tmp_path, SUITE)
    cluster = Cluster("lab", (), Path("inventories/lab"))
    assert verification.conclude(cluster, report, code, "") is ExitCode.DONE
    said = capsys.readouterr().err.splitlines()
    assert "1 checks passed, 3 skipped in" in said[0]
    assert said[1:] == [
        "  skipped   2: a container shares its machine's swap",
        "  skipped   1: no image for probes",
    ]


def test_a_suite_of_which_all_was_skipped_has_verified_nothing(tmp_path: Path) -> None:
    report, code = reported(tmp_path, SUITE.replace("def test_one", "def no_test"))
    with pytest.raises(RunFailedError) as caught:
        verification.conclude(Cluster("lab", (), Path("inventories/lab")), report, code, "")
    assert "the suite did not run" in caught.value.seen


WRITES = """
import sys
from pathlib import Path
report, record, told, text = sys.argv[1:]
Path(report).write_text(text)
mode = Path(report).parent.stat().st_mode & 0o777
Path(told).write_text(f"{mode:o} {[path.name for path in Path(record).rglob('*.xml')]}")
"""
WHOLE = (
    "<testsuites><testsuite time='1'><testcase classname='a' name='canary-word'/></testsuite></testsuites>"
)


@pytest.mark.parametrize("text", [WHOLE, "<testsuites>canary-word"], ids=["whole", "torn"])
def test_only_a_whole_and_cleaned_report_is_ever_in_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    told = tmp_path / "told"
    reports: list[Path] = []

    def command(_cluster: Cluster, report: Path, *_: object) -> list[str]:
        reports.append(report)
        return [sys.executable, "-c", WRITES, str(report), str(folder), str(told), text]

    monkeypatch.setattr(verification, "command", command)
    with session.opened("cluster.verify", "lab", secrets=frozenset({"canary-word"})) as current:
        folder = current.record.folder
        with suppress(RunFailedError):
            verification.run(Cluster("lab", (), Path("inventories/lab")))
    assert told.read_text() == "700 []", "while the suite runs"
    assert not reports[0].exists()
    found = {path.name: path.stat().st_mode & 0o777 for path in folder.glob("*.xml")}
    assert found == ({"verify.xml": 0o600} if text is WHOLE else {})
    assert not [path for path in folder.glob("*.xml") if "canary-word" in path.read_text()]
