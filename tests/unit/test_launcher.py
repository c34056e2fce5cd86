"""The launcher: which Python, when an environment is made, and how fast it is when it is made."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from gongbang.paths import ROOT

FAKE_PYTHON = """#!/bin/sh
# plays a Python: answers the version question, makes a venv whose own python says what it was asked
case "$1$2" in
-c*) exit {verdict} ;;
--version*) echo "Python fake" ;;
-mvenv)
    mkdir -p "$4/bin"
    printf '#!/bin/sh\\n[ "$2" = pip ] && {{ echo made >>"{made}"; exit {pip}; }}\\necho "invoke $*"\\n' >"$4/bin/python"
    chmod +x "$4/bin/python" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    shutil.copy(ROOT / "inv", folder / "inv")
    (folder / "requirements.txt").write_text("one==1\n")
    return folder


def python(folder: Path, name: str, *, verdict: int = 0, pip: int = 0) -> None:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(FAKE_PYTHON.format(verdict=verdict, made=folder / "made", pip=pip))
    file.chmod(0o755)


def inv(checkout: Path, bin_folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": f"{bin_folder}:/usr/bin:/bin", "HOME": str(checkout)}
    return subprocess.run([checkout / "inv", *words], env=env, capture_output=True, text=True, check=False)


def makings(folder: Path) -> int:
    made = folder / "made"
    return len(made.read_text().splitlines()) if made.exists() else 0


def test_made_once_and_again_only_when_the_lock_changed(checkout: Path, tmp_path: Path) -> None:
    bins = tmp_path / "bin"
    python(bins, "python3.13")
    assert inv(checkout, bins, "cluster.up", "--json").stdout.strip() == (
        f"invoke -m invoke --search-root {checkout} cluster.up --json"
    )
    inv(checkout, bins)
    assert makings(bins) == 1
    (checkout / "requirements.txt").write_text("one==2\n")
    inv(checkout, bins)
    assert makings(bins) == 2


def test_a_killed_making_is_done_again(checkout: Path, tmp_path: Path) -> None:
    bins = tmp_path / "bin"
    python(bins, "python3.13", pip=1)
    assert inv(checkout, bins).returncode == 2
    python(bins, "python3.13")
    assert inv(checkout, bins).returncode == 0
    assert makings(bins) == 2


def test_a_moved_checkout_gets_its_own_environment(checkout: Path, tmp_path: Path) -> None:
    bins = tmp_path / "bin"
    python(bins, "python3.13")
    inv(checkout, bins)
    moved = checkout.rename(tmp_path / "moved")
    inv(moved, bins)
    assert makings(bins) == 2


def test_a_shim_that_does_not_run_is_passed_over(checkout: Path, tmp_path: Path) -> None:
    bins = tmp_path / "bin"
    python(bins, "python3.13", verdict=127)
    python(bins, "python3.12")
    assert inv(checkout, bins).returncode == 0
    assert makings(bins) == 1


def test_pyenv_versions_are_found_without_a_shim(checkout: Path, tmp_path: Path) -> None:
    python(tmp_path / "bin", "nothing")
    folder = checkout / ".pyenv/versions/3.13.0/bin"
    folder.mkdir(parents=True)
    python(folder, "python")
    assert inv(checkout, tmp_path / "bin").returncode == 0


def test_no_python_is_one_clear_message(checkout: Path, tmp_path: Path) -> None:
    bins = tmp_path / "bin"
    for name in ("python3", "python3.12", "python3.13", "python3.14"):
        python(bins, name, verdict=1)
    done = inv(checkout, bins)
    assert done.returncode == 2
    assert "no Python that this project can use" in done.stderr
    assert "fix:" in done.stderr


def test_two_first_uses_at_once_make_it_once(checkout: Path, tmp_path: Path) -> None:
    bins = tmp_path / "bin"
    python(bins, "python3.13")
    env = {"PATH": f"{bins}:/usr/bin:/bin", "HOME": str(checkout)}
    children = [subprocess.Popen([checkout / "inv"], env=env, stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [child.wait(30) for child in children] == [0] * 4
    assert makings(bins) == 1


def test_its_own_cost_is_below_a_fifth_of_a_second(checkout: Path, tmp_path: Path) -> None:
    bins = tmp_path / "bin"
    python(bins, "python3.13")
    inv(checkout, bins)
    begun = time.monotonic()
    for _ in range(5):
        inv(checkout, bins)
    assert (time.monotonic() - begun) / 5 < 0.2


def test_it_works_from_another_folder_and_through_a_link(checkout: Path, tmp_path: Path) -> None:
    bins = tmp_path / "bin"
    python(bins, "python3.13")
    env = {**os.environ, "PATH": f"{bins}:/usr/bin:/bin"}
    done = subprocess.run(
        ["../checkout/inv", "x"], cwd=bins, env=env, capture_output=True, text=True, check=True
    )
    assert f"--search-root {checkout} x" in done.stdout
