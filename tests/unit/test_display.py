"""The display: a line per role, detail on failure, never an exception."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gongbang import outline
from gongbang.display import Display
from gongbang.events import Event, Kind
from gongbang.summary import Failure


def play(display: Display) -> None:
    display.event(Event(Kind.PLAY, 0.0, play="Prepare"))
    for number, host in enumerate(("cp1", "w1")):
        display.event(
            Event(
                Kind.TASK,
                1.0 + number,
                play="Prepare",
                role="host",
                task="a",
                where="roles/host/tasks/main.yml:1",
            )
        )
        display.event(Event(Kind.OK, 5.0, role="host", task="a", host=host, changed=True))
    display.event(Event(Kind.TASK, 42.0, play="Prepare", role="docker", task="b"))
    display.event(Event(Kind.SKIPPED, 43.0, role="docker", task="b", host="cp1"))
    display.close()


def test_one_line_for_each_role_that_did_something() -> None:
    stream = io.StringIO()
    play(Display(stream))
    assert stream.getvalue().splitlines() == [f"{'host':<22}   2 hosts    41s   2 changes"]


PLAYBOOK = """
- hosts: all
  name: Look
  tasks:
    - ansible.builtin.import_role: {name: host, tasks_from: preflight.yml}
    - ansible.builtin.import_role: {name: kubeadm, tasks_from: preflight.yml}
- import_playbook: inner.yml
"""
INNER = """
- hosts: all
  name: Prepare
  roles: [packages, {role: host, tags: [host]}, kubeadm, worker, packages, end]
"""


def test_what_a_role_includes_counts_for_the_role_that_the_playbook_lists(tmp_path: Path) -> None:
    (tmp_path / "site.yml").write_text(PLAYBOOK)
    (tmp_path / "inner.yml").write_text(INNER)
    stream = io.StringIO()
    display = Display(stream)
    display.outline = outline.read(tmp_path / "site.yml")
    ran = [("Look", "host"), ("Look", "helm"), ("Look", "kubeadm")]
    ran += [
        ("Prepare", role) for role in ("packages", "host", "packages", "kubeadm", "packages", "worker", "end")
    ]
    for play_name, role in ran:
        display.event(Event(Kind.TASK, 1.0, play=play_name, role=role, task="a"))
        display.event(Event(Kind.OK, 2.0, play=play_name, role=role, task="a", host="cp1"))
    display.close()
    shown = [line.split()[0] for line in stream.getvalue().splitlines()]
    assert shown == ["preflight", "packages", "host", "kubeadm", "worker"]


def test_a_playbook_that_cannot_be_read_has_an_empty_outline(tmp_path: Path) -> None:
    assert outline.read(tmp_path / "none.yml").label("Play", "role") == "role"


def test_failure_shows_place_message_next_and_log(capsys: pytest.CaptureFixture[str]) -> None:
    Display(io.StringIO()).failure(
        Failure("cp1", "Do it", "roles/x/tasks/main.yml:3", "no\nreally", "./inv x"), "log.txt"
    )
    assert capsys.readouterr().err.splitlines() == [
        "FAILED  cp1  Do it",
        "  at:   roles/x/tasks/main.yml:3",
        "  no",
        "  really",
        "  next: ./inv x",
        "  log:  log.txt",
    ]


class Broken(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError

    def isatty(self) -> bool:
        return True


def test_a_broken_terminal_does_not_end_the_run() -> None:
    play(Display(Broken()))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_moving_line_and_the_same_lines() -> None:
    stream = Terminal()
    display = Display(stream)
    display.event(Event(Kind.TASK, 1.0, role="host", task="Install things"))
    display.tick()
    play(display)
    assert "Install things" in stream.getvalue()
    assert f"{'host':<22}   2 hosts" in stream.getvalue()
