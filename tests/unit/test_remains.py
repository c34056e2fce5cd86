"""What an interrupted run leaves is named, also where sudo wants a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from gongbang import remains

REFUSES = "#!/bin/sh\necho 'a password is required' >&2\nexit 1\n"
TELLS = "#!/bin/sh\necho 'gongbang-kubeadm.service loaded active running kubeadm'\n"
RUNS = '#!/bin/sh\nshift\nROOT=1 exec "$@"\n'
ROOT_ONLY = '#!/bin/sh\n[ "${ROOT-}" ] || exit 1\necho gongbang-helm.service loaded active running helm\n'
SSH = '#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n'


@pytest.mark.parametrize(
    ("systemctl", "sudo", "found"),
    [
        (TELLS, REFUSES, ["gongbang-kubeadm.service"]),
        (ROOT_ONLY, RUNS, ["gongbang-helm.service"]),
        (ROOT_ONLY, REFUSES, []),
    ],
    ids=["sudo wants a password", "no system bus", "neither"],
)
def test_units_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, systemctl: str, sudo: str, found: list[str]
) -> None:
    for name, text in (("ssh", SSH), ("systemctl", systemctl), ("sudo", sudo)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr("gongbang.proc.TOOLS", tmp_path)  # first on PATH
    assert remains.units_on(tmp_path / "config", "cp1") == found
