"""A controller that lacks what it needs, seen by a user who may not install it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from gongbang.errors import ExitCode
from gongbang.paths import ROOT
from tests.nodes.refused.conftest import BASE

NOBODY = "65534"
HIDE = 'for file in $(which -a dockerd docker sudo); do mount --bind /dev/null "$file"; done; exec "$@"'
"""In a mount namespace of its own: the machine's files stay as they are."""
READS = "+dac_read_search,+dac_override"
"""Not root, but able to read a checkout that lies in root's home."""


def test_docker_missing_without_the_right_to_install_it(tmp_path: Path) -> None:
    folders = {
        name: str(tmp_path / name)
        for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "GONGBANG_ARTIFACTS")
    }
    user = [
        "setpriv",
        f"--reuid={NOBODY}",
        "--clear-groups",
        f"--inh-caps={READS}",
        f"--ambient-caps={READS}",
    ]
    command = [str(ROOT / "inv"), "lab.up", "--inventory", str(BASE)]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", HIDE, "sh", *user, *command], cwd=ROOT, env=os.environ | folders,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == ExitCode.BAD_INPUT, said
    assert "this machine lacks programs that are needed for: engine" in said
    assert "docker.io" in said
    assert "sudo apt-get install --yes --no-install-recommends docker.io" in said
