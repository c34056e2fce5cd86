"""ansible-runner's dicts become typed events; failures say what happened."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from gongbang import events, failures, hostkeys
from gongbang.errors import ExitCode
from gongbang.events import Event, Kind
from gongbang.outcome import Outcome
from gongbang.paths import INVENTORY, ROOT

LAB = INVENTORY


def raw(event: str, **data: Any) -> dict[str, Any]:
    return {"event": event, "created": "2026-11-21T08:00:00+00:00", "event_data": data}


def test_what_says_nothing_to_us_is_none() -> None:
    assert events.parse(raw("playbook_on_include")) is None
    assert events.parse({}) is None


def test_a_failed_task() -> None:
    event = events.parse(
        raw(
            "runner_on_failed",
            host="cp1",
            role="ns.name.host",
            task="host | Do",
            duration=1.23456,
            task_path=f"{ROOT}/roles/host/tasks/main.yml:7",
            res={"msg": "non-zero return code", "stderr": "bad\nworse"},
        )
    )
    assert event
    assert (event.kind, event.role, event.where) == (Kind.FAILED, "host", "roles/host/tasks/main.yml:7")
    assert (event.message, event.duration_s) == ("non-zero return code\nbad\nworse", 1.235)


def test_a_failed_loop_names_the_items() -> None:
    result = {
        "msg": "One or more items failed",
        "results": [{"item": "a"}, {"item": "b", "failed": True, "msg": "no b"}],
    }
    assert events.explain(result) == "b: no b"


@pytest.mark.parametrize("result", [{}, {"msg": None}, {"results": "odd"}, {"msg": ["a", "b"]}])
def test_odd_results_do_not_raise(result: dict[str, Any]) -> None:
    assert events.explain(result)


def outcome(**more: Any) -> Outcome:
    values: dict[str, Any] = {
        "rc": 2, "interrupted": False, "processed": frozenset({"cp1"}), "expected": frozenset({"cp1"}), "events": (),
    }  # fmt: skip
    return Outcome(**(values | more))


FAILED = Event(Kind.FAILED, 1.0, host="cp1", task="Do", where="a.yml:1", message="no")
LOOKED = Event(Kind.FAILED, 1.0, play="Look", host="cp1", task="Refuse", where="a.yml:1", message="too small")
REFUSED = Event(
    Kind.FAILED, 1.0, play="Do", host="cp1", task="check | Refuse charts", where="a.yml:1", message="no"
)
NO_SUDO = Event(
    Kind.FAILED, 1.0, host="cp1", task="Do", where="a.yml:1", message="sudo: a password is required"
)
AWAY = Event(Kind.UNREACHABLE, 1.0, host="w1", message="timed out")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"rc": 0}, ExitCode.DONE),
        ({"rc": 0, "processed": frozenset()}, ExitCode.FAILED),
        ({"rc": 0, "processed": frozenset(), "expected": None}, ExitCode.FAILED),
        ({"rc": None}, ExitCode.FAILED),
        ({"events": (AWAY,)}, ExitCode.UNREACHABLE),
        ({"events": (AWAY, FAILED)}, ExitCode.FAILED),
        ({"events": (FAILED,), "looking": frozenset({"Look"})}, ExitCode.FAILED),
        ({"events": (LOOKED,), "looking": frozenset({"Look"})}, ExitCode.BAD_INPUT),
        ({"events": (LOOKED, FAILED), "looking": frozenset({"Look"})}, ExitCode.FAILED),
        ({"events": (REFUSED,)}, ExitCode.BAD_INPUT),
        ({"events": (REFUSED, FAILED)}, ExitCode.FAILED),
        ({"events": (NO_SUDO,)}, ExitCode.BAD_INPUT),
        ({"interrupted": True, "events": (FAILED,)}, ExitCode.INTERRUPTED),
    ],
)
def test_exit_code(more: dict[str, Any], code: ExitCode) -> None:
    assert outcome(**more).code is code
    assert (failures.diagnose(outcome(**more), "cluster.up", LAB) is None) == (code is ExitCode.DONE)


CHANGED = """Failed to connect to the host via ssh: @ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @
The fingerprint for the ED25519 key sent by the remote host is
SHA256:newnewnewnewnewnewnewnewnewnewnewnewnewnewn.
Offending ED25519 key in /tmp/known:1
Host key for 10.0.0.9 has changed and you have requested strict checking."""


def test_a_changed_host_key_shows_both_fingerprints(tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.write_text(
        "10.0.0.9 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHR5cGVzIG9mIGtleXMgYXJlIGFsbCBvZiB0aGVz\n"
    )
    key = hostkeys.explain(CHANGED.replace("/tmp/known", str(known)))
    assert key
    assert len(set(re.findall(r"SHA256:[\w+/]{43}", key.message))) == 2


def test_hosts_that_fail_in_other_ways_are_told_too() -> None:
    events_ = (LOOKED, LOOKED.__class__(**vars(LOOKED) | {"host": "w1", "message": "too old"}))
    failure = failures.diagnose(outcome(events=events_), "x", LAB)
    assert failure
    assert failure.message == "too small\nw1: too old"


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        (CHANGED, "ssh-keygen -R 10.0.0.9 -f /tmp/known"),
        (CHANGED.replace("10.0.0.9", "[10.0.0.9]:22022"), "ssh-keygen -R '[10.0.0.9]:22022' -f /tmp/known"),
        (
            "No ED25519 host key is known for 10.0.0.9 and you have requested strict checking.",
            "ssh-keyscan 10.0.0.9 >> ",
        ),
        ("ops@10.0.0.1: Permission denied (publickey).", "ansible_ssh_private_key_file"),
        ("sudo: a password is required", "ansible_become_password"),
        ("too old\n  seen: 1\n  fix:  ./inv lab.down", "./inv lab.down"),
        ("timed out", "ansible -i inventories/lab w1 -m ansible.builtin.ping"),
    ],
)
def test_the_next_command_fits_the_failure(message: str, advice: str) -> None:
    event = Event(Kind.UNREACHABLE, 1.0, host="w1", message=message)
    failure = failures.diagnose(outcome(events=(event,)), "cluster.up", LAB)
    assert failure
    assert advice in (failure.next or "")


def test_a_key_that_is_not_known_goes_into_the_inventorys_own_file(tmp_path: Path) -> None:
    path = tmp_path / "hosts.ini"
    options = "-o UserKnownHostsFile={{ keys }}/known"
    path.write_text(f'[workers]\nw1 ansible_port=2222 keys=/keys ansible_ssh_extra_args="{options}"\n')
    message = "No ED25519 host key is known for [fd00::9]:2222 and you have requested strict checking."
    event = Event(Kind.UNREACHABLE, 1.0, host="w1", message=message)
    failure = failures.diagnose(outcome(events=(event,)), "cluster.up", path)
    assert failure
    assert failure.next == "compare the key, then: ssh-keyscan -p 2222 fd00::9 >> /keys/known"


def test_a_rescued_failure_is_not_the_one_that_is_shown() -> None:
    rescued = Event(Kind.FAILED, 1.0, host="cp1", task="Try", where="a.yml:1", message="first")
    failure = failures.diagnose(
        outcome(events=(rescued, FAILED.__class__(**vars(FAILED) | {"where": "b.yml:2"}))), "x", LAB
    )
    assert failure
    assert failure.where == "b.yml:2"


def test_a_task_that_only_counts_the_nodes_is_not_the_one_that_is_shown() -> None:
    counting = Event(
        Kind.FAILED,
        1.0,
        host="w1",
        task="Need an answer of every node",
        where="b.yml:2",
        message="cp1 does not answer",
    )
    failure = failures.diagnose(outcome(events=(LOOKED, counting), looking=frozenset({"Look"})), "x", LAB)
    assert failure
    assert failure.message == "too small"
    alone = failures.diagnose(outcome(events=(counting,)), "x", LAB)
    assert alone
    assert alone.message == "cp1 does not answer"


def test_a_node_that_is_lost_while_it_joins_is_unreachable_and_shown() -> None:
    lost = Event(
        Kind.UNREACHABLE, 1.0, host="w1", task="join | Join the cluster", where="a.yml:1", message="timed out"
    )
    counting = Event(
        Kind.FAILED, 2.0, host="w2", task="Need an answer of every node", where="b.yml:2", message="w1"
    )
    ended = outcome(events=(lost, counting))
    failure = failures.diagnose(ended, "cluster.up", LAB)
    assert ended.code is ExitCode.UNREACHABLE
    assert failure
    assert (failure.host, failure.message) == ("w1", "timed out")
