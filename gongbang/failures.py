"""From how a playbook ended to the one failure that is shown: host, task, place, message, next command."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from gongbang import hints, hostkeys, ssh
from gongbang.errors import ExitCode, GongbangError
from gongbang.events import Event, Kind
from gongbang.outcome import Outcome, counts_the_nodes, needs_sudo
from gongbang.paths import shown
from gongbang.summary import Failure

REFUSED_KEY = "Permission denied ("


def diagnose(outcome: Outcome, command: str, inventory: Path) -> Failure | None:
    """The failure to show; None when the run was a success."""
    if outcome.code is ExitCode.DONE:
        return None
    again = hints.command(command, inventory)
    if outcome.interrupted:
        running = "; ".join(f"{event.host}: {event.task}" for event in outcome.running)
        message = "interrupted" + (f"; may still run on nodes: {running}" if running else "")
        return Failure(None, None, None, message, again)
    wanted = Kind.UNREACHABLE if outcome.code is ExitCode.UNREACHABLE else Kind.FAILED
    told = outcome.of_kind(wanted)
    found = last_task([event for event in told if not counts_the_nodes(event)] or told)
    if found:
        return of_event(found[0], found, again, inventory)
    return without_event(outcome, again)


def last_task(found: list[Event]) -> list[Event]:
    """Of all failures those of the last failed task: what failed before it was rescued."""
    return [event for event in found if event.where == found[-1].where]


def of_event(event: Event, all_of_them: list[Event], again: str, inventory: Path) -> Failure:
    """The failure that a task or a connection reports, with what it reports of other hosts."""
    message, fix = told(event, again, inventory)
    others = {
        other.host: told(other, again, inventory)[0] for other in all_of_them if other.host != event.host
    }
    same = sorted(host for host, text in others.items() if text == message)
    more = [f"(also on {', '.join(same)})"] if same else []
    more += [f"{host}: {text}" for host, text in sorted(others.items()) if text != message]
    return Failure(event.host, event.task or None, event.where or None, "\n".join([message, *more]), fix)


def told(event: Event, again: str, inventory: Path) -> tuple[str, str]:
    """The message and the one command that helps most: the message's own fix, else what fits its kind."""
    key = hostkeys.explain(event.message, lambda: known_hosts(event.host, inventory))
    if key:
        return key.message, key.fix
    own = re.findall(r"^\s*fix: +(.+)$", event.message, re.MULTILINE)
    if len(own) > 1:
        return event.message, f"mend what is listed, then: {again}"
    return event.message, own[0] if own else advice(event, again, inventory)


def known_hosts(host: str, path: Path) -> str:
    """The file of known host keys that the inventory gives a host, else SSH's own."""
    from gongbang import inventory  # with its templates: wanted for this one failure

    with suppress(GongbangError):
        return next(
            (ssh.known_hosts(node) for node in inventory.load(path).nodes if node.name == host),
            ssh.KNOWN_HOSTS,
        )
    return ssh.KNOWN_HOSTS


def advice(event: Event, again: str, inventory: Path) -> str:
    """The command that fits the kind of the failure."""
    if REFUSED_KEY in event.message:
        return f"check ansible_user and ansible_ssh_private_key_file of {event.host} in {shown(inventory)}"
    if needs_sudo(event):
        return f"give the user of {event.host} sudo without a password, or set ansible_become_password (with ansible-vault)"
    if event.kind is Kind.UNREACHABLE:
        return f"ansible -i {shown(inventory)} {event.host} -m ansible.builtin.ping -vvv"
    return again


def without_event(outcome: Outcome, again: str) -> Failure:
    """The failure of a run in which no task reported one."""
    complaints = [event.message for event in outcome.events if event.kind is Kind.ERROR]
    said = "\n".join(complaints) or outcome.output
    if outcome.rc is None:
        return Failure(None, None, None, f"ansible-playbook ended without a result\n{said}".strip(), again)
    if outcome.rc == 0:
        names = ", ".join(sorted(outcome.missing)).replace("*", "no host at all was matched")
        message = f"the run ended without having worked on: {names}"
        return Failure(None, None, None, message, "check the inventory's groups: ansible-inventory --graph")
    return Failure(None, None, None, f"ansible-playbook ended with {outcome.rc}\n{said}".strip(), again)
