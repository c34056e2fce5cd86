"""Run steps in parallel, the longest first, and tell what is being made and how much is left."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from gongbang import processes
from gongbang.bundle.steps import Id, Step
from gongbang.bundle.store import Store

PATIENCE_S = 5.0

type Say = Callable[[str], None]


def run(steps: Mapping[Id, Step], store: Store, workers: int, say: Say) -> dict[Id, Path]:
    """Make what the store lacks; return the folder of every step. The first failure ends the run."""
    done = {step.id: store.path(*step.id, step.key) for step in steps.values() if _there(step, store)}
    waiting = {step.id: step for step in steps.values() if step.id not in done}
    urgency = {id_: _urgency(id_, steps) for id_ in waiting}
    progress = Progress(waiting, workers, say)
    running: dict[Future[Path], Step] = {}
    with ThreadPoolExecutor(workers) as pool:
        try:
            while waiting or running:
                for step in _ready(waiting, done, urgency)[: workers - len(running)]:
                    del waiting[step.id]
                    progress.started(step)
                    running[pool.submit(_make, step, store, done)] = step
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    step = running.pop(future)
                    done[step.id] = future.result()
                    progress.ended(step)
        except BaseException:
            _interrupt_children()
            raise
    return done


def _interrupt_children() -> None:
    """End the programs that our threads wait for: asked first, then made to after some seconds."""
    end = time.monotonic() + PATIENCE_S
    for pid in _children():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
    while _children() and time.monotonic() < end:
        time.sleep(0.1)
    for pid in _children():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def _children() -> list[int]:
    """Our child processes; not the services that we started, which left our group."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        fields = processes.stat(int(folder.name))
        if len(fields) > 2 and fields[1:3] == [str(os.getpid()), str(os.getpgrp())]:
            found.append(int(folder.name))
    return found


def _there(step: Step, store: Store) -> bool:
    return store.has(*step.id, step.key)


def _make(step: Step, store: Store, done: Mapping[Id, Path]) -> Path:
    return store.make(*step.id, step.key, lambda into: step.make(into, done))


def _ready(waiting: Mapping[Id, Step], done: Mapping[Id, Path], urgency: Mapping[Id, float]) -> list[Step]:
    """What can start now, the one with the most work behind it first."""
    ready = [step for step in waiting.values() if all(need in done for need in step.needs)]
    return sorted(ready, key=lambda step: (-urgency[step.id], step.id))


def _urgency(id_: Id, steps: Mapping[Id, Step]) -> float:
    """Seconds of the longest chain that begins with this step."""
    after = (_urgency(step.id, steps) for step in steps.values() if id_ in step.needs)
    return steps[id_].seconds + max(after, default=0.0)


class Progress:
    """Says what starts and ends, with an estimate from the recipes' weights and this machine's pace."""

    def __init__(self, steps: Mapping[Id, Step], workers: int, say: Say) -> None:
        self._total = len(steps)
        self._left = {id_: step.seconds for id_, step in steps.items()}
        self._workers = workers
        self._say = say
        self._began: dict[Id, float] = {}
        self._ended = 0
        self._start = time.monotonic()
        self._lock = threading.Lock()
        self._weight_done = 0.0

    def started(self, step: Step) -> None:
        """Say that a step begins."""
        with self._lock:
            self._began[step.id] = time.monotonic()
            number = self._ended + len(self._began)
            self._say(f"[{number:3}/{self._total}] making {_title(step)}   {self._estimate()}")

    def ended(self, step: Step) -> None:
        """Say that a step is done when it took long enough to wonder."""
        with self._lock:
            took = time.monotonic() - self._began.pop(step.id)
            self._ended += 1
            self._weight_done += self._left.pop(step.id)
            if took > 10:
                self._say(f"          made {_title(step)} in {took:.0f} s")

    def _estimate(self) -> str:
        """Time left: the weights left at the pace seen so far (a weight is seconds on two cores)."""
        elapsed = time.monotonic() - self._start
        now = time.monotonic()
        pace = elapsed / self._weight_done if self._weight_done > 60 else 1.0
        partly = sum(
            min(now - began, self._left[id_] * 0.9) / self._workers for id_, began in self._began.items()
        )
        left = max(sum(self._left.values()) * pace - partly, 0)
        return f"about {left / 60:.0f} min left" if left >= 60 else "less than a minute left"


def _title(step: Step) -> str:
    kind, name = step.id
    return f"{kind} {name}" + (f" ({step.version})" if step.version and step.version not in name else "")
