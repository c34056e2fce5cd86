"""The frame of every command that touches a cluster: read, open the record, do, print, exit."""

from __future__ import annotations

import json as json_module
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from types import TracebackType
from typing import NoReturn

from gongbang import about, hints, lock, remains, session
from gongbang.errors import ExitCode, GongbangError
from gongbang.model import Cluster
from gongbang.redact import secrets_in, spellings
from gongbang.session import RunFailedError, Session
from gongbang.signals import as_interrupt
from gongbang.summary import Failure, Summary

Body = Callable[[Cluster], ExitCode | None]


def on_cluster(
    command: str, given: str, body: Body, *, json: bool = False, record: bool = True, changes: bool = False
) -> NoReturn:
    """Load the inventory, do `body` inside a session called `command` and exit with its code.

    With `json` the summary is the only thing on standard output. Without `record` nothing is
    written: for commands that only look. With `changes` one operator at a time may do it.
    """
    from gongbang import inventory  # with its templates: nothing that `--list` needs

    with as_interrupt():
        try:
            cluster = inventory.load(inventory.path_of(given))
        except GongbangError as error:
            leave(refused(command, error, json=json))
        except KeyboardInterrupt:
            leave(ExitCode.INTERRUPTED)
        leave(
            recorded(command, cluster, body, json=json, changes=changes)
            if record
            else guarded(
                partial(hints.aimed(cluster.inventory)(body), cluster), partial(refused, command, json=json)
            )
        )


def recorded(command: str, cluster: Cluster, body: Body, *, json: bool, changes: bool = False) -> ExitCode:
    """Do the body inside a session; the exit code. Failures were shown when they happened."""
    opened: Session | None = None
    try:
        with (
            session.opened(
                command, cluster.name, json=json, secrets=secrets(cluster), about=about.of(cluster)
            ) as opened,
            hints.aimed(cluster.inventory),
            lock.held(cluster, command) if changes else nullcontext(),
            remains.told(cluster, changes=changes),
        ):
            opened.code = body(cluster) or opened.code
        code = opened.code
    except RunFailedError as error:
        code = error.code
    except GongbangError as error:  # the record itself could not be made
        return refused(command, error, json=json)
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    if json and opened:
        data = opened.record.as_dict()
        guarded(lambda: print_json(data))
    return code


def secrets(cluster: Cluster) -> frozenset[str]:
    """The values of all secret variables of all nodes and of the inventory's vaults, in all their spellings."""
    named = frozenset(value for node in cluster.nodes for value in secrets_in(node.vars))
    return frozenset(spelled for value in named | cluster.secrets for spelled in spellings(value))


def guarded(
    body: Callable[[], ExitCode | None], tell: Callable[[GongbangError], object] | None = None
) -> ExitCode:
    """Do something that leaves no record; errors are shown, or given to `tell`, their code returned."""
    try:
        with as_interrupt():
            return body() or ExitCode.DONE
    except RunFailedError as error:
        return error.code
    except GongbangError as error:
        (tell or show)(error)
        return error.code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        forget_output()
        return ExitCode.DONE


def run(body: Callable[[], ExitCode | None], command: str = "", *, json: bool = False) -> NoReturn:
    """Do something that needs no inventory and exit with its code; with `json` a failure is JSON too."""
    leave(guarded(body, partial(refused, command, json=json)))


def refused(command: str, error: GongbangError, *, json: bool) -> ExitCode:
    """Show an error that has no record; with `json` its summary is what standard output holds."""
    show(error)
    if json:
        summary = Summary(command, time.time(), failure=Failure.of(error))
        summary.finish(error.code, time.time())
        print_json(summary.as_dict())
    return error.code


def show(error: GongbangError) -> None:
    """The three parts of an error, on standard error."""
    sys.stderr.write(f"{error}\n")


def print_json(data: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json_module.dumps(data, indent=2, ensure_ascii=False) + "\n")


def leave(code: ExitCode) -> NoReturn:
    """End the process with a code."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        forget_output()
    raise SystemExit(int(code))


def forget_output() -> None:
    """Whoever read standard output (`| head`) has gone: what is still to be written goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What the interpreter does with an error that nobody caught: a closed pipe is not worth a traceback."""
    if issubclass(kind, BrokenPipeError):
        forget_output()
    else:
        sys.__excepthook__(kind, error, trace)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Say how long a step took that is not a playbook, when it took a second or more."""
    begun = time.monotonic()
    yield
    seconds = time.monotonic() - begun
    if seconds >= 1:
        session.say(f"{text:<22} {'':>9} {seconds:>5.0f}s")
