"""A record on a disk of its own (a small tmpfs in a mount namespace) that is full, or gets full in the middle."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gongbang.errors import ExitCode
from gongbang.paths import ROOT

RUN = """
import json, sys
from pathlib import Path
from gongbang import runner, session
from gongbang.errors import GongbangError
code = None
try:
    with session.opened("try", "lab") as opened:
        runner.run("tests/unit/playbooks/fill.yml", Path({inventory!r}), command="try",
                   extra_vars={{"disk": {disk!r}, "mark": {mark!r}}})
except GongbangError as error:
    code = int(error.code)
    print(error)
base = Path({disk!r}) / "lab"
for path in sorted(base.rglob("*")) if base.exists() else ():
    if path.is_file():
        text = path.read_text()
        print("FILE", path.relative_to(base), len(text), text.endswith("\\n"))
        if path.name == "summary.json":
            print("SUMMARY", json.dumps(json.loads(text)))
        if path.suffix == ".jsonl":
            [json.loads(line) for line in text.splitlines()]
sys.exit(code)
"""


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk"
    path.mkdir()
    return path


def run_on(disk: Path, size: str, script: str) -> subprocess.CompletedProcess[str]:
    mount = f'mount -t tmpfs -o size={size} none "$1" && exec "$2" -c "$3"'
    return subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", mount, "sh", str(disk), sys.executable, script],
        cwd=ROOT, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "GONGBANG_ARTIFACTS": str(disk), "HOME": str(disk.parent)},
        text=True, capture_output=True, timeout=120, check=False,
    )  # fmt: skip


def script(disk: Path, inventory: Path, mark: Path) -> str:
    return RUN.format(inventory=str(inventory), disk=str(disk), mark=str(mark))


def test_a_full_disk_is_refused_before_anything_is_done(
    disk: Path, local_inventory: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    done = run_on(disk, "512k", script(disk, local_inventory, mark))
    assert done.returncode == ExitCode.BAD_INPUT, done.stdout + done.stderr
    assert f"{disk}/lab: 0 MiB free" in done.stdout
    assert "GONGBANG_ARTIFACTS" in done.stdout
    assert "FILE" not in done.stdout


def test_a_disk_that_gets_full_ends_the_run_with_that_reason_and_no_torn_file(
    disk: Path, local_inventory: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    done = run_on(disk, "40m", script(disk, local_inventory, mark))
    said = done.stdout + done.stderr
    assert done.returncode == ExitCode.FAILED, said
    assert "No space left on device" in done.stdout
    assert not mark.exists(), "it went on with a record that nobody can read"
    line = next(line for line in done.stdout.splitlines() if line.startswith("SUMMARY"))
    summary = json.loads(line.removeprefix("SUMMARY "))
    assert summary["status"] == "failed"
    assert "No space left on device" in summary["failure"]["message"]
    files = [line.split() for line in done.stdout.splitlines() if line.startswith("FILE")]
    assert {"journal.jsonl"} <= {name for _, name, _, _ in files}
    assert [name for _, name, _, whole in files if whole != "True" and not name.endswith("owner.json")] == []
    assert not [name for _, name, _, _ in files if "/." in name], "temporary files are left"
