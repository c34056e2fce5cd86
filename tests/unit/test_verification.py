"""What the suite's own report comes to: passed, skipped with the reasons, failed by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gongbang import verification
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
