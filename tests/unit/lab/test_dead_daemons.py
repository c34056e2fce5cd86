from pathlib import Path

import pytest

from gongbang import engine


@pytest.mark.parametrize(("program", "kept"), [("dockerd", True), ("bash", False), (None, False)])
def test_a_pid_file_is_kept_only_while_its_daemon_runs(
    program: str | None, kept: bool, tmp_path: Path
) -> None:
    file = tmp_path / "docker.pid"
    file.write_text("123\n")
    if program:
        (tmp_path / "proc" / "123").mkdir(parents=True)
        (tmp_path / "proc" / "123" / "comm").write_text(f"{program}\n")
    engine.forget_dead_daemons({file: "dockerd"}, tmp_path / "proc")
    assert file.exists() == kept
