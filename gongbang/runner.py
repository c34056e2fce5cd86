"""Runs a playbook through ansible-runner; the only module that imports it.

Its traps are known and answered here: settings and variables stick to a private data directory (so each run
has a fresh one), a run that matched no host counts as successful there (not here), its signal handlers swallow
Ctrl-C (ours are installed), it turns host key checking off and hands the whole environment on (we don't), it writes
the environment beside its events (here into memory: a killed run would leave a proxy's password behind).
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gongbang import outline, processes, session
from gongbang.events import Event, Kind, parse, plain
from gongbang.failures import diagnose
from gongbang.files import in_memory
from gongbang.outcome import Outcome
from gongbang.paths import ROOT, private_dir
from gongbang.results import RunResult
from gongbang.session import Session
from gongbang.signals import handled
from gongbang.surroundings import command_line, environment

__all__ = ["RunResult", "run"]

SAVE_EVERY_S = 2.0
"""How old the summary of a running playbook may be; its events are written at once."""

STOP_LIMIT_S = 30.0
"""How long the running task may go on after the first Ctrl-C."""

TERM_LIMIT_S = 5.0
"""How long ansible-playbook has to clean up after SIGTERM before everything of the run is killed."""


def run(
    playbook: str,
    inventory: Path,
    *,
    command: str,
    extra_vars: Mapping[str, Any] | None = None,
    limit: str | None = None,
    tags: Iterable[str] = (),
    check: bool = False,
    diff: bool = False,
    hosts_expected: frozenset[str] | None = None,
    cluster: str = "",
) -> RunResult:
    """Run a playbook (path relative to the repository) to its end and say how it ended.

    It joins the record of the session that is open, else opens one called `command` for `cluster`.
    `hosts_expected` are the hosts that must have been processed; None asks for at least one.
    """
    with session.opened(command, cluster or inventory.stem) as current:
        current.record.only_looks = check
        folder = private_dir(current.record.folder / f".run-{time.monotonic_ns()}")
        try:
            job = Job(folder, current, diff=diff)
            arguments = command_line(folder, extra_vars, tags, check=check, diff=diff)
            outcome = job.execute(playbook, inventory, arguments, limit, hosts_expected)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        current.record.require()
        failure = diagnose(outcome, current.record.summary.command, inventory)
        if failure:
            current.fail(failure, outcome.code)
        summary = current.record.as_dict()
        return RunResult(outcome.code, current.record.folder, summary, outcome.processed, tuple(job.told))


class Job:
    """One ansible-playbook: its events, its stop, its end."""

    def __init__(self, folder: Path, current: Session, *, diff: bool = False) -> None:
        self.folder = folder
        self.record = current.record
        self.display = current.display
        self.diff = diff
        self.events: list[Event] = []
        self.told: list[Event] = []
        self.output: list[str] = []
        self.active: dict[str, Event] = {}
        self.processed: frozenset[str] = frozenset()
        self.signals = 0
        self.stopped_at = 0.0
        self.termed_at = 0.0
        self.saved_at = 0.0

    def execute(
        self,
        playbook: str,
        inventory: Path,
        arguments: str,
        limit: str | None,
        expected: frozenset[str] | None,
    ) -> Outcome:
        """Run it and say how it ended."""
        self.display.outline = outline.read(ROOT / playbook)
        runner = self._prepare(playbook, inventory, arguments, limit)
        command = Path(runner.config.artifact_dir) / "command"
        with handled(self._asked_to_stop), self.record.noting_errors(), in_memory(command):
            runner.run()
        if self.signals or runner.rc is None or runner.status not in ("successful", "failed"):
            processes.end(self._tag())
        self.display.close()
        return Outcome(
            rc=runner.rc,
            interrupted=self.signals > 0,
            processed=self.processed,
            expected=expected,
            events=tuple(self.events),
            running=tuple(self.active.values()),
            output="\n".join(self.output[-20:]),
            looking=self.display.outline.looking(),
        )

    def _prepare(self, playbook: str, inventory: Path, arguments: str, limit: str | None) -> Any:
        import ansible_runner

        env = environment(self.folder, self.record.folder)
        runner = ansible_runner.interface.init_runner(
            private_data_dir=str(self.folder),
            project_dir=str(ROOT),
            playbook=str(ROOT / playbook),
            inventory=str(inventory),
            limit=limit,
            cmdline=arguments or None,
            settings={"pexpect_timeout": 1, "suppress_output_file": True},
            fact_cache_type="memory",
            quiet=True,
            event_handler=self._event,
            cancel_callback=self._cancel,
            status_handler=self._status,
        )
        theirs = runner.config.env
        added = {name: value for name, value in theirs.items() if os.environ.get(name) != value}
        runner.config.env = added | env | {
            "ANSIBLE_CALLBACK_PLUGINS": f"{env['ANSIBLE_CALLBACK_PLUGINS']}{os.pathsep}{theirs['ANSIBLE_CALLBACK_PLUGINS']}",
            "ANSIBLE_STDOUT_CALLBACK": theirs["ANSIBLE_STDOUT_CALLBACK"],
        }  # fmt: skip
        return runner

    def _status(self, told: Mapping[str, Any], runner_config: Any) -> None:
        """When it runs, the environment was written: its place in memory is no longer to be found."""
        if told["status"] == "running":
            (Path(runner_config.artifact_dir) / "command").unlink(missing_ok=True)

    def _tag(self) -> str:
        return str(self.record.folder)

    def _event(self, raw: Mapping[str, Any]) -> bool:
        """Take one event; False tells ansible-runner to keep no copy of its own."""
        text = plain(str(raw.get("stdout") or ""))
        self.record.log(text)
        if raw.get("event") in ("verbose", "error", "warning") and text.strip():
            self.output.append(text.strip())
        event = parse(raw, diff=self.diff)
        if event:
            self._note(event)
            self.record.event(event)
            self.display.event(event)
        return False

    def _note(self, event: Event) -> None:
        if event.kind in (Kind.FAILED, Kind.UNREACHABLE, Kind.ERROR):
            self.events.append(event)
        if event.changes or event.notes:
            self.told.append(event)
        if event.kind is Kind.HOST:
            self.active[event.host] = event
        elif event.host and event.kind is not Kind.RETRY:
            self.active.pop(event.host, None)
        if event.kind is Kind.STATS and event.stats:
            self.processed |= frozenset(event.stats.get("processed", {}))
        if event.kind is Kind.TASK and time.monotonic() - self.saved_at > SAVE_EVERY_S:
            self.saved_at = time.monotonic()
            self.record.save()

    def _asked_to_stop(self) -> None:
        """First signal: no new task. Second: at once."""
        self.signals += 1
        self.stopped_at = self.stopped_at or time.monotonic()
        (self.folder / "stop").touch()
        if self.signals == 1:
            running = ", ".join(f"{host}: {event.task}" for host, event in self.active.items())
            self.display.say(
                f"stopping after the running task (at most {STOP_LIMIT_S:.0f} s; again: at once)  {running}"
            )
        else:
            self._terminate()

    def _cancel(self) -> bool:
        """Called about once a second; True lets ansible-runner kill what is left."""
        self.display.tick()
        if self.record.broken and not self.stopped_at:
            self._asked_to_stop()
        if self.stopped_at and not self.termed_at and time.monotonic() - self.stopped_at > STOP_LIMIT_S:
            self._terminate()
        return bool(self.termed_at) and time.monotonic() - self.termed_at > TERM_LIMIT_S

    def _terminate(self) -> None:
        """Ask ansible-playbook itself to end: it cleans up its workers, which a kill would leave behind."""
        self.termed_at = self.termed_at or time.monotonic()
        me = os.getpid()
        ours = [pid for pid in processes.of_run(self._tag()) if processes.parent(pid) == me]
        processes.send(ours, signal.SIGTERM)
